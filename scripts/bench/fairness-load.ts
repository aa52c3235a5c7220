import { join } from 'node:path';
import { addAllToOutbox } from '../../engine/broker/outbox.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { newTicket } from '../../engine/core/identifiers.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { type BlobRef, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { aDeclaration } from '../declaration/declaration.ts';
import { enterpriseNumberOf, nssoNumberOf } from '../declaration/numbers.ts';

/** Submissions that wait to be checked, as if their sender had put them. */
export interface Load {
  readonly sender: string;
  readonly submissions: number;
  readonly formsEach: number;
}

const CHUNK = 100; // rows a statement
const EMPLOYERS = 500;

/** Adds so many submissions of one sender in one transaction, as intake does; they share one declaration. Gives their tickets. */
export async function addLoad(db: Db, dataDir: string, { sender, submissions, formsEach }: Load): Promise<string[]> {
  const blobs = createBlobStore({ dir: join(dataDir, 'blobs'), log: silentLogger() });
  const declaration = Buffer.from(aDeclaration({ indent: ' ', forms: formsOf(formsEach) }));
  const tickets = Array.from({ length: submissions }, newTicket);
  await inTransaction(db, async (tx) => {
    const [content, go] = [await blobs.put(tx, declaration), await blobs.put(tx, Buffer.alloc(0))];
    for (let at = 0; at < submissions; at += CHUNK)
      await addSome(tx, sender, tickets.slice(at, at + CHUNK), content, go);
  });
  return tickets;
}

function formsOf(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const employer = index % EMPLOYERS;
    const companyId = enterpriseNumberOf(employer);
    return { persons: 1, companyId, nssoNumber: nssoNumberOf(employer), reference: `load-${index}` };
  });
}

async function addSome(tx: Db, sender: string, tickets: readonly string[], content: BlobRef, go: BlobRef) {
  const now = new Date();
  const stemOf = (ticket: string) => `DMFA.${sender}.${fileDate(now)}.${ticket}.R`; // longer than a real one: never the same
  await tx('submissions').insert(tickets.map((ticket) => submissionRow(ticket, sender, stemOf(ticket), now)));
  await tx('submission_files').insert(
    tickets.flatMap((ticket) => [
      { ticket, name: `FI.${stemOf(ticket)}.1.1`, role: 'FI', part: 1, ...content },
      { ticket, name: `GO.${stemOf(ticket)}.1`, role: 'GO', part: 0, ...go },
    ]),
  );
  const messages = tickets.map((ticket) => ({ kind: 'submission.received', id: ticket, ticket }) as const);
  await addAllToOutbox(tx, messages, { now, sender });
}

function submissionRow(ticket: string, sender: string, stem: string, now: Date) {
  return {
    ticket,
    sender,
    stem,
    content_hash: ticket,
    goal: 'DMFA',
    environment: 'R',
    channel: 'sftp',
    state: 'received',
    errors: '[]',
    received_at: now.toISOString(),
  };
}

/** How many forms of one sender still wait: of submissions that are not checked, and accepted ones that are not delivered. */
export async function formsWaiting(db: Db, { sender, formsEach }: Load): Promise<number> {
  const rows: { message: string }[] = await db('outbox')
    .select('message')
    .where({ sender })
    .whereNot({ queue: 'answers' });
  const forms = rows.map(({ message }) => JSON.parse(message).formIndexes?.length ?? formsEach);
  return forms.reduce((sum, count) => sum + count, 0);
}
