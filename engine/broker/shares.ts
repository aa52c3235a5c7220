import type { QueueName } from '../../schemas/messages.ts';

/** A message that waits: its row, whose it is. */
export interface Candidate {
  readonly id: number;
  readonly sender: string;
}

/** How many messages may be taken, and how many of whom. */
export interface Shares {
  /** Places that are free for anyone. */
  readonly room: number;
  /** How many more of one sender may be taken; at most 0 when none. */
  roomOf(sender: string): number;
  /** How many it has in hand. */
  inHandOf(sender: string): number;
}

/** How much may be in hand, of all relays together. */
export interface Limits {
  /** Most messages of the queue that are taken at once. */
  readonly limit: number;
  /** Most messages of the queue. */
  readonly inAll: number;
  /** Of these of one sender. */
  readonly perSender: number;
  /** Most messages of one sender, of all queues together; its first one of a queue is taken all the same. */
  readonly perSenderInAll: number;
}

/** So many messages of a sender are in hand in a queue. */
export interface HeldCount {
  readonly queue: string;
  readonly sender: string;
  readonly rows: string | number;
}

/**
 * Chooses what is taken in hand: one after the other from the sender that has the least in hand by then, the longest
 * waiting among equals. Pure. `candidates` are in the order in which they wait.
 */
export function share<C extends Candidate>(candidates: readonly C[], { room, roomOf, inHandOf }: Shares): C[] {
  const lines = new Map<string, C[]>();
  for (const candidate of candidates) {
    const line = lines.get(candidate.sender) ?? [];
    lines.set(candidate.sender, line);
    if (line.length < roomOf(candidate.sender)) line.push(candidate);
  }
  const rounds = [...lines].flatMap(([sender, line]) =>
    line.map((candidate, index) => ({ candidate, inHand: inHandOf(sender) + index })),
  );
  rounds.sort((one, other) => one.inHand - other.inHand); // stable: among equals the order in which they wait stays
  return rounds.slice(0, Math.max(0, room)).map(({ candidate }) => candidate);
}

const ENDLESS = Number.POSITIVE_INFINITY;

/** What is left to take from a queue within the limits. Pure. `open` tells of whom nothing is taken in hand before when. */
export function sharesFrom(
  held: readonly HeldCount[],
  open: ReadonlyMap<string, Date>,
  queue: QueueName,
  within: Partial<Limits> & { readonly now: Date; readonly limit: number },
): Shares {
  const { now, limit, inAll = ENDLESS, perSender = ENDLESS, perSenderInAll = ENDLESS } = within;
  const here = held.filter((row) => row.queue === queue);
  const [inHand, inHandInAll] = [bySender(here), bySender(held)];
  const inHandOf = (sender: string) => inHand.get(sender) ?? 0;
  const inAllOf = (sender: string) => inHandInAll.get(sender) ?? 0;

  function roomOf(sender: string): number {
    const until = open.get(sender);
    if (until) return until > now ? 0 : 1 - inAllOf(sender); // tried with one
    if (inHandOf(sender) > perSender * 0.75) return 0; // taking every place as it comes free would cost a transaction each
    const first = inHandOf(sender) === 0 ? 1 : 0; // no queue waits until a sender's other queues are empty
    return Math.min(perSender - inHandOf(sender), Math.max(first, perSenderInAll - inAllOf(sender)));
  }
  const allHere = [...inHand.values()].reduce((sum, rows) => sum + rows, 0);
  return { room: Math.min(limit, inAll - allHere), inHandOf, roomOf };
}

function bySender(held: readonly HeldCount[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { sender, rows } of held) counts.set(sender, (counts.get(sender) ?? 0) + Number(rows));
  return counts;
}
