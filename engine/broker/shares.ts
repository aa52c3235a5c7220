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
