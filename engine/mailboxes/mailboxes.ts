import type { Db } from '../store/database.ts';
import { insertRow } from '../store/sql.ts';

export type MailboxType = 'enterprise' | 'institution';

/** A text in one or more of nl, fr, de, en. */
export type Translated = Readonly<Record<string, string>>;

export interface Attachment {
  /** From 1, in the order they are shown. */
  readonly number: number;
  readonly fileName: string;
  readonly mediaType: string;
  /** The main content of the message; exactly one attachment is (protocol §2.2). */
  readonly main: boolean;
  readonly sha256: string;
  readonly size: number;
}

export interface MailboxMessage {
  readonly id: string;
  readonly subject: Translated;
  readonly messageType: string;
  readonly receivedAt: string;
  readonly ticket: string | null;
  readonly attachments: readonly Attachment[];
}

export interface NewMessage {
  /** Chosen by whoever delivers: the same id twice is the same message. */
  readonly id: string;
  readonly eboxId: string;
  readonly mailboxType: MailboxType;
  readonly subject: Translated;
  readonly messageType: string;
  readonly ticket: string;
  readonly attachments: readonly Attachment[];
}

/** Puts a message in a mailbox, which is made when it is the first; the same id again changes nothing. */
export async function addMessage(tx: Db, message: NewMessage, now: Date): Promise<void> {
  const at = now.toISOString();
  const { id, eboxId, mailboxType, subject, messageType, ticket, attachments } = message;
  const mailbox = { ebox_id: eboxId, type: mailboxType, created_at: at };
  await insertRow(tx, 'mailboxes', mailbox, 'orIgnore');
  const texts = { message_type: messageType, subject: JSON.stringify(subject), ticket, received_at: at };
  if (!(await insertRow(tx, 'messages', { id, ebox_id: eboxId, ...texts }, 'orIgnore'))) return;
  for (const attachment of attachments) await insertRow(tx, 'attachments', attachmentRow(id, attachment));
}

/** Newest first; keyset paging by `after`, the id of the last message of the page before. */
export async function listMessages(
  db: Db,
  eboxId: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<MailboxMessage[]> {
  const query = db('messages').where({ ebox_id: eboxId });
  const last = page.after ? await db('messages').where({ id: page.after }).first() : undefined;
  if (last) query.whereRaw('(received_at, id) < (?, ?)', [last.received_at, last.id]);
  const rows = await query
    .orderBy([
      { column: 'received_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(page.limit);
  const attachments = await attachmentsOf(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    id: row.id,
    subject: JSON.parse(row.subject),
    messageType: row.message_type,
    receivedAt: row.received_at,
    ticket: row.ticket,
    attachments: attachments.get(row.id) ?? [],
  }));
}

async function attachmentsOf(db: Db, messageIds: readonly string[]): Promise<Map<string, Attachment[]>> {
  const rows = await db('attachments').whereIn('message_id', messageIds).orderBy(['message_id', 'number']);
  const byMessage = new Map<string, Attachment[]>();
  for (const row of rows) {
    const list = byMessage.get(row.message_id) ?? [];
    list.push(attachmentOf(row));
    byMessage.set(row.message_id, list);
  }
  return byMessage;
}

interface AttachmentRow {
  message_id: string;
  number: number;
  file_name: string;
  media_type: string;
  main: boolean | number;
  sha256: string;
  size: number | string;
}

const attachmentRow = (messageId: string, attachment: Attachment) => ({
  message_id: messageId,
  number: attachment.number,
  file_name: attachment.fileName,
  media_type: attachment.mediaType,
  main: attachment.main,
  sha256: attachment.sha256,
  size: attachment.size,
});

const attachmentOf = (row: AttachmentRow): Attachment => ({
  number: row.number,
  fileName: row.file_name,
  mediaType: row.media_type,
  main: Boolean(row.main),
  sha256: row.sha256,
  size: Number(row.size),
});
