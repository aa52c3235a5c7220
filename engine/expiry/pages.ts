import { byRecipient } from '../mailboxes/deliver.ts';
import { lockMailbox } from '../mailboxes/mailboxes.ts';
import { findMessages, type Message } from '../mailboxes/messages.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Due } from './due.ts';
import { type Cursor, type Page, readUnheld, type Selection, START, type Unheld } from './unheld.ts';

/** A message in a mailbox of which something may have to be told. */
export interface Candidate extends Due {
  readonly message: Message;
  /** Of the last warning; absent: none yet. */
  readonly warnedDays?: number;
}

/** Does what is due for one message, in a transaction that has its mailbox. @returns whether something was done. */
export type Step = (tx: Db, candidate: Candidate) => Promise<boolean>;

const PAGE = 50; // a transaction of a few milliseconds

/** Goes through messages that no hold covers, in small transactions. @returns for how many something was done. */
export async function throughPages(db: Db, selection: Selection, step: Step, proceed: () => void): Promise<number> {
  let done = 0;
  for (let after: Cursor | undefined = START; after; ) {
    proceed();
    const page: Page = await readUnheld(db, selection, after, PAGE);
    done += await takePage(db, await candidatesOf(db, page.unheld), step);
    after = page.after;
  }
  return done;
}

async function candidatesOf(db: Db, page: readonly Unheld[]): Promise<Candidate[]> {
  const messages = await findMessages(db, [...new Set(page.map(({ placed }) => placed.messageId))]);
  return page.flatMap(({ placed, mailbox, warnedDays }) => {
    const message = messages.get(placed.messageId);
    return message ? [{ placed, mailbox, message, ...(warnedDays !== null && { warnedDays }) }] : [];
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
