import type { Db } from '../store/database.ts';

/** An alert: it stands from `raisedAt` to `clearedAt`. */
export interface Alert {
  readonly id: number;
  readonly name: string;
  /** What it is about; '' when there is only one of its name. */
  readonly subject: string;
  readonly detail: string;
  readonly raisedAt: Date;
  /** Since when its condition has been gone; null while it is there. */
  readonly goneSince: Date | null;
  /** null while it stands. */
  readonly clearedAt: Date | null;
}

interface AlertRow {
  readonly id: string | number;
  readonly name: string;
  readonly subject: string;
  readonly detail: string;
  readonly raised_at: string;
  readonly gone_since: string | null;
  readonly cleared_at: string | null;
}

export interface NewAlert {
  readonly name: string;
  readonly subject: string;
  readonly detail: string;
}

const COLUMNS = ['id', 'name', 'subject', 'detail', 'raised_at', 'gone_since', 'cleared_at'] as const;

/** Alerts, newest first: those that stand, or all of them; at most `limit`. */
export async function listAlerts(
  db: Db,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<Alert[]> {
  const query = db('alerts')
    .select(...COLUMNS)
    .orderBy('id', 'desc')
    .limit(limit);
  if (!all) query.whereNull('cleared_at');
  const rows: AlertRow[] = await query;
  return rows.map(fromRow);
}

/** The alerts of one name that stand. */
export async function standingAlerts(db: Db, name: string): Promise<Alert[]> {
  const rows: AlertRow[] = await db('alerts')
    .select(...COLUMNS)
    .where({ name })
    .whereNull('cleared_at');
  return rows.map(fromRow);
}

/** Raises an alert; undefined when it stands already, also when another process has just raised it. */
export async function raiseAlert(tx: Db, { name, subject, detail }: NewAlert, now: Date): Promise<number | undefined> {
  const rows: { id: string | number }[] = await tx('alerts')
    .insert({ name, subject, detail, raised_at: now.toISOString(), told: 0, refused: 0 })
    .onConflict()
    .ignore()
    .returning('id');
  return rows[0] && Number(rows[0].id);
}

/** Notes what a standing alert is about now, and since when it has been gone (null: it is there). */
export async function noteAlert(tx: Db, id: number, detail: string, goneSince: Date | null): Promise<void> {
  await tx('alerts')
    .where({ id })
    .whereNull('cleared_at')
    .update({ detail, gone_since: goneSince === null ? null : goneSince.toISOString() });
}

/** Clears an alert; false when it is cleared already, or its condition has come back. */
export async function clearAlert(tx: Db, id: number, now: Date): Promise<boolean> {
  const changed = await tx('alerts')
    .where({ id })
    .whereNull('cleared_at')
    .whereNotNull('gone_since')
    .update({ cleared_at: now.toISOString() });
  return changed > 0;
}

export type Transition = 'raised' | 'cleared';

/** A transition that the operator's program has not been told yet. */
export interface Untold {
  readonly alert: Alert;
  readonly transition: Transition;
  /** How often the program was told and failed. */
  readonly refused: number;
}

const TOLD = { raised: 1, cleared: 2 } as const satisfies Record<Transition, number>;

/** The oldest transitions that were not told yet, at most `limit`. */
export async function untoldTransitions(db: Db, limit: number): Promise<Untold[]> {
  const rows: (AlertRow & { told: number; refused: number })[] = await db('alerts')
    .select(...COLUMNS, 'told', 'refused')
    .where({ told: 0 })
    .orWhere((cleared) => cleared.where({ told: 1 }).whereNotNull('cleared_at'))
    .orderBy('id')
    .limit(limit);
  return rows.map((row) => ({
    alert: fromRow(row),
    transition: row.told === 0 ? 'raised' : 'cleared',
    refused: row.refused,
  }));
}

/** Records that a transition was told. */
export async function markTold(db: Db, { alert, transition }: Untold): Promise<void> {
  await db('alerts').where({ id: alert.id }).update({ told: TOLD[transition], refused: 0 });
}

/** Records that the program failed to take a transition. */
export async function markRefused(db: Db, { alert, refused }: Untold): Promise<void> {
  await db('alerts')
    .where({ id: alert.id })
    .update({ refused: refused + 1 });
}

/** Lets every transition so far count as told: without a program there is nobody to tell, also not later. */
export async function tellNobody(db: Db): Promise<void> {
  if ((await untoldTransitions(db, 1)).length === 0) return;
  await db('alerts').where({ told: 0 }).update({ told: TOLD.raised });
  await db('alerts').where({ told: 1 }).whereNotNull('cleared_at').update({ told: TOLD.cleared });
}

const fromRow = (row: AlertRow): Alert => ({
  id: Number(row.id),
  name: row.name,
  subject: row.subject,
  detail: row.detail,
  raisedAt: new Date(row.raised_at),
  goneSince: row.gone_since === null ? null : new Date(row.gone_since),
  clearedAt: row.cleared_at === null ? null : new Date(row.cleared_at),
});
