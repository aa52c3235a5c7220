import { byRecipient } from '../mailboxes/deliver.ts';
import { lockMailbox } from '../mailboxes/mailboxes.ts';
import { findMessages, type Message } from '../mailboxes/messages.ts';
import { type PlacedRow, placedOf } from '../mailboxes/placed.ts';
import type { Db } from '../store/database.ts';
import { type Binding, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Due } from './due.ts';
import { NOT_HELD } from './holds.ts';

/** A message in a mailbox of which something may have to be told. */
export interface Candidate extends Due {
  readonly message: Message;
  /** Of the last warning; absent: none yet. */
  readonly warnedDays?: number;
}

/** Which messages are looked at: conditions on `m` (mailbox_messages), and the column that they are gone through by. */
export interface Selection {
  readonly where: string;
  readonly bindings: readonly Binding[];
  readonly by: 'expires_at' | 'received_at';
}

/** Does what is due for one message, in a transaction that has its mailbox. @returns whether something was done. */
export type Step = (tx: Db, candidate: Candidate) => Promise<boolean>;

const PAGE = 50; // a transaction of a few milliseconds

/** Goes through messages that no hold covers, in small transactions. @returns for how many something was done. */
export async function throughPages(db: Db, selection: Selection, step: Step, proceed: () => void): Promise<number> {
  let [done, after]: [number, readonly Binding[] | undefined] = [0, ['', 0, 0]];
  while (after) {
    proceed();
    const rows: CandidateRow[] = await pageOf(db, selection, after);
    const last = rows.at(-1);
    after = last && [last[selection.by], last.mailbox, last.position];
    done += await takePage(db, await candidatesOf(db, rows), step);
  }
  return done;
}

function pageOf(db: Db, { where, bindings, by }: Selection, after: readonly Binding[]): Promise<CandidateRow[]> {
  const sql = `select m.*, b.kind, b.ebox_id from mailbox_messages m join mailboxes b on b.id = m.mailbox
    where ${where} and (m.${by}, m.mailbox, m.position) > (?, ?, ?) and ${NOT_HELD}
    order by m.${by}, m.mailbox, m.position limit ${PAGE}`;
  return rowsOf<CandidateRow>(db, sql, [...bindings, ...after]);
}

async function candidatesOf(db: Db, rows: readonly CandidateRow[]): Promise<Candidate[]> {
  const messages = await findMessages(db, [...new Set(rows.map((row) => row.message_id))]);
  return rows.flatMap((row) => {
    const message = messages.get(row.message_id);
    if (!message) return [];
    const mailbox = { kind: row.kind, eboxId: row.ebox_id };
    return [
      { placed: placedOf(row), mailbox, message, ...(row.warned_days !== null && { warnedDays: row.warned_days }) },
    ];
  });
}

async function takePage(db: Db, page: readonly Candidate[], step: Step): Promise<number> {
  if (page.length === 0) return 0;
  const inOrder = [...page].sort((one, other) => byRecipient(one.mailbox, other.mailbox));
  return inTransaction(db, async (tx) => {
    for (const mailbox of new Set(inOrder.map(({ placed }) => placed.mailbox))) await lockMailbox(tx, mailbox);
    let done = 0;
    for (const candidate of inOrder) if (await step(tx, candidate)) done += 1;
    return done;
  });
}

interface CandidateRow extends PlacedRow {
  readonly kind: Due['mailbox']['kind'];
  readonly ebox_id: string;
  readonly warned_days: number | null;
}
