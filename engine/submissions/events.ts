import type { Db } from '../store/database.ts';
import { addRow, rowsOf } from '../store/sql.ts';

/** What can happen to a submission, in the order it usually does. */
export type EventName =
  | 'received'
  | 'refused'
  | 'cancelled'
  | 'repeated'
  | 'too late to cancel'
  | 'signature checked'
  | 'quarantined'
  | 'accepted'
  | 'forms checked'
  | 'receipt placed'
  | 'notification placed'
  | 'form delivered'
  | 'form not delivered'
  | 'form corrected'
  | 'attempt failed'
  | 'given up'
  | 'dead letter replayed'
  | 'dead letter discarded';

/** Adds a line to a submission's story; commits with what it tells. */
export async function addEvent(
  tx: Db,
  ticket: string,
  at: Date,
  what: EventName,
  facts: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await addRow(tx, 'events', { ticket, at: at.toISOString(), what, facts: JSON.stringify(facts) });
}

/** Names the last thing that happened to a submission: whatever changes with it, changes this. */
export async function lastEventOf(db: Db, ticket: string): Promise<string> {
  const [row] = await rowsOf<{ last: string | number | null }>(
    db,
    'select max(id) as last from events where ticket = ?',
    [ticket],
  );
  return String(row?.last);
}
