import type { Db } from '../store/database.ts';
import { addRowOnce, insertRows, placesFor, rowsOf, type Values } from '../store/sql.ts';
import type { Translated } from './message-types.ts';

/** A file that came with a message. */
export interface Attachment {
  /** From 1, in the order they are shown; names it within its message. */
  readonly number: number;
  readonly title?: Translated;
  readonly fileName: string;
  readonly mediaType: string;
  /** The main content of the message: who gets it has read the message (protocol §2.2). */
  readonly main: boolean;
  /** Whether it is signed, as its publisher says. */
  readonly signed?: boolean;
  /** Lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** A fact about what a message concerns (protocol §2.2). */
export interface BusinessData {
  readonly key: string;
  readonly name?: Translated;
  readonly description?: Translated;
  readonly values: readonly Translated[];
}

/** Whom in the organisation a message is for. */
export interface Attention {
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
}

/** What was published, in however many mailboxes it lies; never changed. */
export interface Message {
  readonly id: string;
  readonly messageType: string;
  /** Enterprise number. */
  readonly senderOrganisation: string;
  /** '' for none. */
  readonly senderApplication: string;
  readonly registered: boolean;
  readonly subject: Translated;
  readonly body?: Translated;
  readonly bodyMain: boolean;
  /** As it was published. */
  readonly payment?: Readonly<Record<string, unknown>>;
  readonly businessData: readonly BusinessData[];
  readonly attention?: Attention;
  readonly replyAllowed: boolean;
  /** The message that this one answers. */
  readonly originalId?: string;
  /** Number of the sender that published it; absent: the engine. */
  readonly publisher?: string;
  /** Of the submission that it came of. */
  readonly ticket?: string;
  readonly publishedAt: string;
  readonly attachments: readonly Attachment[];
}

/** Adds a message; content of its attachments is kept by the caller. @returns false when the id is there already: nothing is changed. */
export async function addMessage(tx: Db, message: Message): Promise<boolean> {
  if (!(await addRowOnce(tx, 'messages', { ...rowOf(message) }))) return false;
  await insertRows(
    tx,
    'attachments',
    message.attachments.map((attachment) => attachmentRow(message.id, attachment)),
  );
  return true;
}

/** The bytes of its attachments together. */
export const sizeOf = ({ attachments }: Pick<Message, 'attachments'>) =>
  attachments.reduce((sum, { size }) => sum + size, 0);

/** The message with its attachments; undefined when there is none. */
export async function findMessage(db: Db, id: string): Promise<Message | undefined> {
  return (await findMessages(db, [id])).get(id);
}

/** The messages that have these ids, with their attachments, by id. */
export async function findMessages(db: Db, ids: readonly string[]): Promise<Map<string, Message>> {
  if (ids.length === 0) return new Map();
  const places = placesFor(ids);
  const [rows, attachments] = await Promise.all([
    rowsOf<MessageRow>(db, `select ${COLUMNS.join(', ')} from messages where id in (${places})`, ids),
    rowsOf<AttachmentRow>(
      db,
      `select * from attachments where message_id in (${places}) order by message_id, number`,
      ids,
    ),
  ]);
  const byMessage = new Map<string, Attachment[]>(ids.map((id) => [id, []]));
  for (const row of attachments) byMessage.get(row.message_id)?.push(attachmentOf(row));
  return new Map(rows.map((row) => [row.id, messageOf(row, byMessage.get(row.id) ?? [])]));
}

/** Columns that only the message has, and not its places. */
export const MESSAGE_COLUMNS = [
  ...['subject', 'body', 'body_main', 'payment', 'business_data', 'attention', 'reply_allowed', 'original_id'],
  ...['publisher', 'ticket', 'published_at'],
];
const COLUMNS = ['id', 'message_type', 'sender_organisation', 'sender_application', 'registered', ...MESSAGE_COLUMNS];

/** Those columns of a row. */
export interface MessageColumns {
  readonly subject: string;
  readonly body: string | null;
  readonly body_main: boolean | number;
  readonly payment: string | null;
  readonly business_data: string;
  readonly attention: string | null;
  readonly reply_allowed: boolean | number;
  readonly original_id: string | null;
  readonly publisher: string | null;
  readonly ticket: string | null;
  readonly published_at: string;
}

interface MessageRow extends MessageColumns {
  readonly id: string;
  readonly message_type: string;
  readonly sender_organisation: string;
  readonly sender_application: string;
  readonly registered: boolean | number;
}

/** An attachment as a row has it. */
export interface AttachmentColumns {
  readonly number: number;
  readonly title: string | null;
  readonly file_name: string;
  readonly media_type: string;
  readonly main: boolean | number;
  readonly signed: boolean | number;
  readonly sha256: string;
  readonly size: number | string;
}

type AttachmentRow = AttachmentColumns & { readonly message_id: string };

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

const rowOf = (message: Message): MessageRow & { readonly size: number } => ({
  id: message.id,
  message_type: message.messageType,
  sender_organisation: message.senderOrganisation,
  sender_application: message.senderApplication,
  registered: message.registered,
  subject: JSON.stringify(message.subject),
  body: json(message.body),
  body_main: message.bodyMain,
  payment: json(message.payment),
  business_data: JSON.stringify(message.businessData),
  attention: json(message.attention),
  reply_allowed: message.replyAllowed,
  original_id: message.originalId ?? null,
  publisher: message.publisher ?? null,
  ticket: message.ticket ?? null,
  published_at: message.publishedAt,
  size: sizeOf(message),
});

/** The message that a row tells of. */
export function messageOf(row: MessageRow, attachments: readonly Attachment[]): Message {
  return {
    id: row.id,
    messageType: row.message_type,
    senderOrganisation: row.sender_organisation,
    senderApplication: row.sender_application,
    registered: Boolean(row.registered),
    subject: JSON.parse(row.subject),
    ...(row.body !== null && { body: JSON.parse(row.body) }),
    bodyMain: Boolean(row.body_main),
    ...(row.payment !== null && { payment: JSON.parse(row.payment) }),
    businessData: JSON.parse(row.business_data),
    ...(row.attention !== null && { attention: JSON.parse(row.attention) }),
    replyAllowed: Boolean(row.reply_allowed),
    ...(row.original_id !== null && { originalId: row.original_id }),
    ...(row.publisher !== null && { publisher: row.publisher }),
    ...(row.ticket !== null && { ticket: row.ticket }),
    publishedAt: row.published_at,
    attachments,
  };
}

const attachmentRow = (messageId: string, attachment: Attachment): AttachmentRow & Values => ({
  message_id: messageId,
  number: attachment.number,
  title: json(attachment.title),
  file_name: attachment.fileName,
  media_type: attachment.mediaType,
  main: attachment.main,
  signed: attachment.signed ?? false,
  sha256: attachment.sha256,
  size: attachment.size,
});

/** The attachment that a row tells of. */
export const attachmentOf = (row: AttachmentColumns): Attachment => ({
  number: row.number,
  ...(row.title !== null && { title: JSON.parse(row.title) }),
  fileName: row.file_name,
  mediaType: row.media_type,
  main: Boolean(row.main),
  signed: Boolean(row.signed),
  sha256: row.sha256,
  size: Number(row.size),
});
