import { openSenderDirectory } from '../channels/drop/sender-directory.ts';
import type { Config } from '../config/load.ts';
import { messageOf } from '../engine/core/errors.ts';
import { type Check, createCheck } from '../engine/core/health.ts';

const WITHIN_MS = 10_000;
const TOLD = 3; // directories that one reason names

/**
 * DEGRADED while the directory of a sender cannot be used: nothing is taken from it nor put in it then. Undefined when
 * there are no drop folders; only for a process that serves them, for they need not be there on other machines.
 */
export function dropCheck(drop: Config['channels']['drop']): Check | undefined {
  const directories = Object.values(drop.directories);
  if (!drop.enabled || directories.length === 0) return undefined;
  return createCheck({
    ...{ name: 'drop folders', failing: 'DEGRADED', withinMs: WITHIN_MS },
    async probe() {
      const reasons: string[] = [];
      for (const path of directories) {
        await openSenderDirectory(path).then(
          (directory) => directory.close(),
          (error: unknown) => void reasons.push(messageOf(error)),
        );
      }
      return reasons.length === 0 ? undefined : told(reasons);
    },
  });
}

function told(reasons: readonly string[]): string {
  const more = reasons.length - TOLD;
  return [...reasons.slice(0, TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
