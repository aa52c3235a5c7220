import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Message } from '../mailboxes/messages.ts';
import type { Db } from '../store/database.ts';
import { insertRows, rowsOf } from '../store/sql.ts';
import type { Due } from './due.ts';

/** Signs bytes as the engine does: detached CMS in DER. Passed in by the composition root. */
export type SignBytes = (bytes: Buffer, now: Date) => Promise<Buffer>;

/** What stays of messages that were removed. */
export interface DeletionRecord {
  readonly id: string;
  readonly at: string;
  readonly messages: number;
  /** JSON: what was removed, from which mailboxes, with the digests of its content; what is signed, byte for byte. */
  readonly content: string;
  /** Detached CMS over `content`, in DER. */
  readonly signature: Buffer;
}

/** What is recorded: no subject, no text. Whose a person's mailbox was is only said by its number in the store. */
export async function makeRecord(
  due: readonly Due[],
  messages: ReadonlyMap<string, Message>,
  sign: SignBytes,
  now: Date,
): Promise<DeletionRecord> {
  const id = randomUUID();
  const removed = due.map((one) => entryOf(one, messages.get(one.placed.messageId)));
  const content = JSON.stringify({ record: id, removedAt: now.toISOString(), reason: 'expired', removed });
  const signature = await sign(Buffer.from(content), now);
  return { id, at: now.toISOString(), messages: due.length, content, signature };
}

function entryOf({ placed, mailbox }: Due, message: Message | undefined) {
  const { messageId, messageType, senderOrganisation, receivedAt, expiresAt, firstReadAt = null } = placed;
  const ofOrganisation = mailbox.kind === 'enterprise' || mailbox.kind === 'institution';
  return {
    ...{ messageId, messageType, sender: senderOrganisation, receivedAt, expiresAt, firstReadAt },
    mailbox: { number: placed.mailbox, kind: mailbox.kind, ...(ofOrganisation && { eboxId: mailbox.eboxId }) },
    attachments: (message?.attachments ?? []).map(({ sha256, size }) => ({ sha256, size })),
  };
}

/** Keeps a record, in the transaction that removes. Digests apart it says much the same of each message: packed it is a fifth. */
export async function addRecord(tx: Db, record: DeletionRecord, due: readonly Due[]): Promise<void> {
  const { id, at, messages, content, signature } = record;
  const sql =
    'insert into deletion_records (id, at, messages, content, signature) values (?, ?, ?, ?, ?) returning number';
  const [row] = await rowsOf<{ number: number }>(tx, sql, [id, at, messages, gzipSync(content), signature]);
  const number = row?.number ?? 0;
  const rows = due.map(({ placed }) => ({ message_id: placed.messageId, mailbox: placed.mailbox, record: number }));
  await insertRows(tx, 'removed_messages', rows, { key: ['message_id', 'mailbox'] });
}

/** The records of a message that was removed, one for each mailbox or fewer; empty when none of it was. */
export async function recordsOf(db: Db, messageId: string): Promise<DeletionRecord[]> {
  const rows = await rowsOf<Omit<DeletionRecord, 'content'> & { readonly content: Buffer }>(
    db,
    `select * from deletion_records where number in (select record from removed_messages where message_id = ?) order by number`,
    [messageId],
  );
  return rows.map(({ id, at, messages, content, signature }) => ({
    ...{ id, at, messages, signature },
    content: gunzipSync(content).toString(),
  }));
}
