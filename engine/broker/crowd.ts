import type { Clock } from '../core/clock.ts';

/** Remembers whether several senders had work lately. */
export interface Crowd {
  /** These have work now. */
  saw(senders: Iterable<string>): void;
  /** Whether more than one had any within the last minute. */
  isThere(): boolean;
}

interface Seen {
  readonly sender: string;
  readonly at: number;
}

const LATELY_MS = 60_000;

/** Creates a crowd of nobody. However many senders there are, it remembers the last two. */
export function createCrowd(clock: Clock): Crowd {
  let last: Seen | undefined;
  let lastButOne: Seen | undefined;

  return {
    saw(senders) {
      const at = clock().getTime();
      for (const sender of senders) {
        if (last && last.sender !== sender) lastButOne = last;
        last = { sender, at };
      }
    },
    isThere: () => lastButOne !== undefined && clock().getTime() - lastButOne.at <= LATELY_MS,
  };
}
