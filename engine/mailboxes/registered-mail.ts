import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addRow, findRow, write } from '../store/sql.ts';
import type { MailboxKey } from './mailboxes.ts';
import type { Message } from './messages.ts';
import { addNotice } from './notices.ts';
import type { Placed } from './placed.ts';

/** How registered mail is proven: passed in by the composition root. */
export interface Evidence {
  readonly blobs: Pick<BlobStore, 'put'>;
  /** Signs bytes as the engine does: detached CMS in DER. */
  readonly sign: (bytes: Buffer, now: Date) => Promise<Buffer>;
}

/** A piece of registered mail where it lies. */
export interface Dispatched {
  readonly message: Message;
  readonly placed: Placed;
  readonly mailbox: MailboxKey;
}

/** What is kept of a piece of registered mail, also after the message has gone; each is content of the store, by its SHA-256. */
export interface RegisteredMail {
  /** Number of the sender that published it; absent: the engine did, or it is not known any more. */
  readonly publisher?: string;
  /** Of the message; '' when that went before it was noted here. */
  readonly messageType: string;
  /** Where the message lay; '' as above. */
  readonly partition: string;
  readonly dispatchedAt: string;
  /** JSON: from whom, to whom, when, and the digests of the content. */
  readonly proof: string;
  /** Detached CMS over the proof. */
  readonly proofSignature: string;
  /** Absent: nobody has read it. */
  readonly receipt?: { readonly readAt: string; readonly receipt: string; readonly signature: string };
}

/**
 * Proves that a message was put into a mailbox (protocol §2.6: ProofOfDispatch), and has its owner told at once, in the
 * transaction that puts it there.
 */
export async function proveDispatch(tx: Db, found: Dispatched, evidence: Evidence, now: Date): Promise<void> {
  const { message, placed, mailbox } = found;
  const facts = { recipient: mailbox, sender: message.senderOrganisation, publishedAt: message.publishedAt };
  const statement = { ...factsOf(found), ...facts, dispatchedAt: placed.receivedAt, expiresAt: placed.expiresAt };
  const [proof, signature] = await keepSigned(tx, { proofOfDispatch: statement }, evidence, now);
  const about = {
    ...{ message_id: message.id, mailbox: placed.mailbox, dispatched_at: placed.receivedAt },
    ...{ publisher: message.publisher ?? null, message_type: placed.messageType, partition: placed.partition },
  };
  await addRow(tx, 'registered_mail', { ...about, proof_sha256: proof, proof_signature_sha256: signature });
  const notice = { mailbox: placed.mailbox, messageId: message.id, kind: 'registered', days: 0 } as const;
  await addNotice(tx, { ...notice, at: now.toISOString() });
  const line = { at: now, who: message.publisher ?? 'engine', what: 'registered mail dispatched' } as const;
  await audit(tx, { ...line, subject: message.id, outcome: 'proven', facts: { mailbox: placed.mailbox, proof } });
}

/** Keeps a receipt of the first reading of a piece of registered mail, in its transaction; of anything else nothing is kept. */
export async function keepReceipt(
  tx: Db,
  found: Dispatched,
  reader: { readonly who: string; readonly evidence: Evidence },
  now: Date,
): Promise<void> {
  const { message, placed } = found;
  const stored = await findRegistered(tx, placed.mailbox, message.id);
  if (!stored || stored.receipt) return;
  const readAt = now.toISOString();
  const statement = { ...factsOf(found), proof: stored.proof, readBy: reader.who, readAt };
  const [receipt, signature] = await keepSigned(tx, { receiptOfReading: statement }, reader.evidence, now);
  await write(
    tx,
    `update registered_mail set read_at = ?, receipt_sha256 = ?, receipt_signature_sha256 = ?
     where message_id = ? and mailbox = ?`,
    [readAt, receipt, signature, message.id, placed.mailbox],
  );
  const line = { at: now, who: reader.who, what: 'registered mail read', subject: message.id } as const;
  await audit(tx, { ...line, outcome: 'receipt kept', facts: { mailbox: placed.mailbox, receipt } });
}

/** What is kept of a piece of registered mail in a mailbox; undefined when it is none. */
export async function findRegistered(db: Db, mailbox: number, messageId: string): Promise<RegisteredMail | undefined> {
  const row = await findRow<Row>(db, 'registered_mail', { message_id: messageId, mailbox });
  if (!row) return undefined;
  const { read_at: readAt, receipt_sha256: receipt, receipt_signature_sha256: signature } = row;
  return {
    ...(row.publisher !== null && { publisher: row.publisher }),
    ...{ messageType: row.message_type, partition: row.partition },
    ...{ dispatchedAt: row.dispatched_at, proof: row.proof_sha256, proofSignature: row.proof_signature_sha256 },
    ...(readAt !== null && receipt !== null && signature !== null && { receipt: { readAt, receipt, signature } }),
  };
}

function factsOf({ message, placed }: Dispatched) {
  const attachments = message.attachments.map(({ number, sha256, size }) => ({ number, sha256, size }));
  return { messageId: message.id, messageType: placed.messageType, attachments };
}

async function keepSigned(tx: Db, statement: unknown, { blobs, sign }: Evidence, now: Date) {
  const bytes = Buffer.from(JSON.stringify(statement));
  const kept = await blobs.put(tx, bytes);
  return [kept.sha256, (await blobs.put(tx, await sign(bytes, now))).sha256] as const;
}

interface Row {
  readonly publisher: string | null;
  readonly message_type: string;
  readonly partition: string;
  readonly dispatched_at: string;
  readonly proof_sha256: string;
  readonly proof_signature_sha256: string;
  readonly read_at: string | null;
  readonly receipt_sha256: string | null;
  readonly receipt_signature_sha256: string | null;
}
