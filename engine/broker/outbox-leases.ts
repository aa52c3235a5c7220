import { type Db, isSqlite } from '../store/database.ts';
import { type Binding, rowsOf } from '../store/sql.ts';
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
 * Keeps messages from being published again until `until`, as `renewLeases` does, but waits for nobody: those that
 * somebody is just settling are given back, unmarked. What is no longer there, or under another lease, is left alone.
 */
export async function markLeases<E extends Leased>(db: Db, entries: readonly E[], until: Date): Promise<E[]> {
  const left: E[] = [];
  for (let at = 0; at < entries.length; at += CHUNK) {
    const part = entries.slice(at, at + CHUNK);
    const found = await idsOf(db, `select id from outbox where ${underTheLeasesOf(part)}`, boundOf(part));
    const there = part.filter(({ id }) => found.has(id));
    if (there.length === 0) continue;
    const free = `select id from outbox where ${underTheLeasesOf(there)}${isSqlite(db) ? '' : ' for update skip locked'}`;
    const mark = `update outbox set leased_until = ? where id in (${free}) returning id`;
    const marked = await idsOf(db, mark, [until.toISOString(), ...boundOf(there)]);
    left.push(...there.filter(({ id }) => !marked.has(id)));
  }
  return left;
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
    const update = `update outbox set ${set} where ${underTheLeasesOf(part)} returning id`;
    for (const id of await idsOf(db, update, [until, ...boundOf(part)])) changed.add(id);
  }
  return changed;
}

const underTheLeasesOf = (part: readonly Leased[]) =>
  `(id, leased_until) in (values ${part.map(() => '(cast(? as bigint), cast(? as text))').join(', ')})`;

const boundOf = (part: readonly Leased[]) => part.flatMap(({ id, lease }) => [id, lease]);

async function idsOf(db: Db, sql: string, bindings: readonly Binding[]): Promise<Set<number>> {
  const rows = await rowsOf<{ id: string | number }>(db, sql, bindings);
  return new Set(rows.map(({ id }) => Number(id)));
}
