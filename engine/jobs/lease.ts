import type { Db } from '../store/database.ts';

/** A lease as the store knows it. */
export interface LeaseRow {
  /** '' when it was given back. */
  readonly holder: string;
  readonly until: Date;
  /** How often it was taken from a holder that had let it run out. */
  readonly takeovers: number;
}

export interface LeaseClaim {
  readonly name: string;
  /** Different for each holder there ever is: a process that starts again is another one. */
  readonly holder: string;
  readonly now: Date;
  readonly until: Date;
  /** True takes it whoever holds it; only for the one process that there is on this store. */
  readonly force?: boolean;
}

/**
 * Takes a lease that is free, has run out, or is one's own already: one statement, so that one of any number gets it.
 *
 * @returns undefined when somebody else holds it; else from whom it was taken, '' when it was free or one's own.
 */
export async function acquireLease(db: Db, claim: LeaseClaim): Promise<{ readonly from: string } | undefined> {
  const { name, holder, now, until, force = false } = claim;
  const rows: { previous: string }[] = await db('leases')
    .insert({ name, holder, until: until.toISOString(), takeovers: 0, previous: '' })
    .onConflict('name')
    .merge({
      previous: db.raw("case when leases.holder = excluded.holder then '' else leases.holder end"),
      takeovers: db.raw("leases.takeovers + case when leases.holder in ('', excluded.holder) then 0 else 1 end"),
      holder: db.raw('excluded.holder'),
      until: db.raw('excluded.until'),
    })
    .where((mine) => {
      if (force) mine.whereRaw('1 = 1');
      else mine.where('leases.holder', holder).orWhere('leases.until', '<=', now.toISOString());
    })
    .returning('previous');
  return rows[0] && { from: rows[0].previous };
}

/** Holds a lease for longer; false when it is somebody else's by now. */
export async function renewLease(db: Db, { name, holder, until }: Omit<LeaseClaim, 'now' | 'force'>): Promise<boolean> {
  return (await db('leases').where({ name, holder }).update({ until: until.toISOString() })) > 0;
}

/** Gives a lease back: anyone may take it from `now` on. One that is somebody else's stays his. */
export async function releaseLease(db: Db, name: string, holder: string, now: Date): Promise<void> {
  await db('leases').where({ name, holder }).update({ holder: '', until: now.toISOString() });
}

/** The lease, or undefined when nobody has ever held it. */
export async function leaseOf(db: Db, name: string): Promise<LeaseRow | undefined> {
  const row = await db('leases').select('holder', 'until', 'takeovers').where({ name }).first();
  return row && { holder: row.holder, until: new Date(row.until), takeovers: Number(row.takeovers) };
}

/** Removes the leases whose names begin with `prefix` and that have run out before an instant, or all of them. */
export async function forgetLeases(db: Db, prefix: string, before?: Date): Promise<void> {
  const query = db('leases').whereBetween('name', [prefix, `${prefix}\u{10FFFF}`]);
  if (before) query.where('until', '<', before.toISOString());
  await query.delete();
}
