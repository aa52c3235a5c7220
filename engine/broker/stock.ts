import type { OutboxEntry } from './outbox-entries.ts';

/** A leased message; its lease moves on when it is renewed. */
export interface Held extends Omit<OutboxEntry, 'lease'> {
  lease: string;
}

/** How many messages of a queue may be with the broker at once, and how many of these of one sender. */
export interface Places {
  readonly inAll: number;
  readonly perSender: number;
}

/** The leased messages of one queue: each waits here until its sender has a free place, then it is out. */
export interface Stock {
  add(entry: Held): void;
  /** Takes out the next one: of the sender that has the fewest out, the first of its own; undefined when none may go. */
  next(places: Places): Held | undefined;
  /** Gives the place of one that is out to another. */
  done(entry: Held): void;
  /** Takes out those that no longer count, or all. */
  drop(which?: (entry: Held) => boolean): Held[];
  /** In stock and out. */
  all(): Held[];
}

/** Creates an empty stock. */
export function createStock(): Stock {
  const lines = new Map<string, Held[]>();
  const out = new Map<string, Set<Held>>();
  const outOf = (sender: string) => out.get(sender)?.size ?? 0;
  const allOut = () => [...out.values()].flatMap((entries) => [...entries]);
  const waiting = () => [...lines.values()].flat();

  function shift(sender: string): Held | undefined {
    const line = lines.get(sender);
    const entry = line?.shift();
    if (line?.length === 0) lines.delete(sender);
    if (entry) out.set(sender, (out.get(sender) ?? new Set()).add(entry));
    return entry;
  }

  return {
    add(entry) {
      lines.set(entry.sender, [...(lines.get(entry.sender) ?? []), entry]);
    },
    next({ inAll, perSender }) {
      if (allOut().length >= inAll) return undefined;
      const senders = [...lines.keys()].filter((sender) => outOf(sender) < perSender);
      const [first] = senders.sort((one, other) => outOf(one) - outOf(other));
      return first === undefined ? undefined : shift(first);
    },
    done(entry) {
      const entries = out.get(entry.sender);
      entries?.delete(entry);
      if (entries?.size === 0) out.delete(entry.sender);
    },
    drop(which = () => true) {
      const dropped = waiting().filter(which);
      for (const { sender } of dropped) {
        const rest = (lines.get(sender) ?? []).filter((entry) => !which(entry));
        if (rest.length > 0) lines.set(sender, rest);
        else lines.delete(sender);
      }
      return dropped;
    },
    all: () => [...waiting(), ...allOut()],
  };
}
