import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import type { OutboxEntry } from './outbox-entries.ts';

const CHUNK = 200; // rows a statement: well under the limits on terms and variables of both databases

type Leased = Pick<OutboxEntry, 'id' | 'lease'>;

/**
 * Keeps messages in hand until `until`, as the lease of each that is returned. Leaves alone what is no longer under the
 * very lease that is named: it was settled, waits for its next attempt, or somebody else took it over.
 */
export async function renewLeases<E extends Leased>(db: Db, entries: readonly E[], until: Date): Promise<E[]> {
  const leased_until = until.toISOString();
  const kept = await changeLeased(db, entries, 'leased_until = ?', leased_until);
  return entries.filter(({ id }) => kept.has(id));
}

/**
 * Gives messages back that nobody had in hand: anyone may take them from `from` on. They stay due since when they were
 * (their age tells of a broker that is away) and do not count as handed over. What is under another lease stays.
 */
export async function releaseLeases(db: Db, entries: readonly Leased[], from: Date): Promise<void> {
  await changeLeased(db, entries, 'leased_until = ?, handed = handed - 1', from.toISOString());
}

/** Gives back what a dead process held; only for the one process that relays from this store. */
export async function releaseAllLeases(db: Db): Promise<void> {
  await db('outbox').whereNotNull('leased_until').update({ leased_until: null });
}

/** Changes the rows that are under the leases named, and tells which they are. */
async function changeLeased(db: Db, entries: readonly Leased[], set: string, until: string): Promise<Set<number>> {
  const changed = new Set<number>();
  for (let at = 0; at < entries.length; at += CHUNK) {
    const part = entries.slice(at, at + CHUNK);
    const named = part.map(() => '(cast(? as bigint), cast(? as text))').join(', ');
    const update = `update outbox set ${set} where (id, leased_until) in (values ${named}) returning id`;
    const bindings = part.flatMap(({ id, lease }) => [id, lease]);
    const rows = await rowsOf<{ id: string | number }>(db, update, [until, ...bindings]);
    for (const { id } of rows) changed.add(Number(id));
  }
  return changed;
}
