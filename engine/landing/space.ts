import type { Logger } from '../core/logger.ts';
import type { FreeBytes } from '../store/free-space.ts';
import { noSpace } from '../store/no-space.ts';

/** Keeps room on the disk for what the engine itself must write. */
export interface Space {
  /** Throws limit_exceeded when less than the threshold would be left after `bytes` more; what is known may be a second old. */
  admit(bytes?: number): Promise<void>;
}

export interface SpaceOptions {
  readonly freeBytes: FreeBytes;
  /** 0 refuses nothing. */
  readonly minFreeBytes: number;
  readonly log: Logger;
}

/** A guard that all sessions share; says once in the log when it begins to refuse, and once when it ends. */
export function createSpace({ freeBytes, minFreeBytes, log }: SpaceOptions): Space {
  let refusing = false;

  function note(short: boolean, free: number): void {
    if (short === refusing) return;
    refusing = short;
    if (short) log.error({ freeBytes: free, minFreeBytes }, 'disk nearly full: uploads refused');
    else log.warn({ freeBytes: free, minFreeBytes }, 'enough free space again: uploads taken');
  }

  return {
    async admit(bytes = 0) {
      if (minFreeBytes === 0) return;
      const free = await freeBytes();
      note(free < minFreeBytes, free);
      if (free - bytes < minFreeBytes) throw noSpace();
    },
  };
}
