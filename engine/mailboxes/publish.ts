import { randomUUID } from 'node:crypto';
import { audit } from '../store/audit.ts';
import type { BlobStore, PreparedContent } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce, change } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { type Caller, eboxIdOf, mayShow, type ViewOf, viewIn } from './access.ts';
import { type DeliveryRules, deliverMessage } from './deliver.ts';
import { type MailboxKey, mailboxesOf } from './mailboxes.ts';
import type { BusinessDataRule } from './message-types.ts';
import { type BusinessData, findMessage, type Message } from './messages.ts';
import { findPlaced } from './placed.ts';
import { type Judged, judge, type Publication, type ReceivedPart, type Refusal } from './publication.ts';

/** Who is behind an address; undefined when nobody is. */
export type RecipientOf = (address: Publication['recipient']) => Promise<MailboxKey | undefined>;

export interface PublishDeps extends DeliveryRules {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly applications: readonly string[];
  readonly recipientOf: RecipientOf;
  /** What callers see: nobody answers what he may not read. */
  readonly viewOf: ViewOf;
}

/** A part with its content, which nothing names yet. */
export interface ContentPart extends ReceivedPart {
  readonly content: PreparedContent;
}

/** What a publisher sends, and under which key. */
export interface PublishRequest {
  readonly publication: Publication;
  readonly parts: readonly ContentPart[];
  readonly caller: Caller;
  /** Organisations that it may publish for: its own first. */
  readonly organisations: readonly string[];
  /** Chosen by the publisher: the same twice is refused. */
  readonly idempotencyKey?: string;
}

export interface Published {
  readonly kind: 'published';
  readonly messageId: string;
  readonly expiresAt: Date;
  /** Whether the recipient ever opened the mailbox; if not, the publisher may want to send it on paper. */
  readonly hasUser: boolean;
}

/** The key was used before, for this message. */
export interface Repeated {
  readonly kind: 'repeated';
  readonly messageId: string;
}

/** Publishes a message: all of it in one transaction, or nothing. A refusal is an answer, and leaves nothing. */
export async function publish(
  request: PublishRequest,
  deps: PublishDeps,
  now: Date,
): Promise<Published | Repeated | Refusal> {
  const { publication, parts, organisations } = request;
  const recipient = await deps.recipientOf(publication.recipient);
  const original = await originalOf(request, recipient, deps);
  if (original.kind === 'refused') return original;
  const judged = judge(publication, parts, {
    ...{ types: deps.types, applications: deps.applications, organisations, isReply: original.isReply },
    recipientKind: recipient?.kind,
  });
  if (judged.kind === 'refused' || !recipient) return judged as Refusal;
  const message = messageOf(request, judged, now);
  return inTransaction(
    deps.db,
    (tx) => carryOut(tx, { request, message, recipient }, deps, now),
    ({ kind }) => kind === 'published',
  );
}

interface Task {
  readonly request: PublishRequest;
  readonly message: Message;
  readonly recipient: MailboxKey;
}

async function carryOut(
  tx: Db,
  { request, message, recipient }: Task,
  deps: PublishDeps,
  at: Date,
): Promise<Published | Repeated> {
  const { caller, parts, idempotencyKey: key } = request;
  if (key !== undefined) {
    const owner = { sender: caller.who, application: message.senderApplication, key };
    const added = await addRowOnce(tx, 'publication_keys', { ...owner, message_id: message.id, at: at.toISOString() });
    if (!added) return { kind: 'repeated', messageId: await messageUnder(tx, owner) };
  }
  for (const { content } of bySha(parts)) await deps.blobs.keep(tx, content);
  const { mailbox, expiresAt } = await deliverMessage(tx, message, recipient, deps, at);
  const facts = { messageType: message.messageType, eboxId: recipient.eboxId, onBehalfOf: message.senderOrganisation };
  await audit(tx, {
    ...{ at, who: caller.who, what: 'message published', subject: message.id, outcome: 'published', facts },
  });
  return { kind: 'published', messageId: message.id, expiresAt, hasUser: mailbox.activeSince !== undefined };
}

/** In one order: two publications with the same files must not wait for each other. */
const bySha = (parts: readonly ContentPart[]) => [...parts].sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1));

async function messageUnder(tx: Db, owner: { sender: string; application: string; key: string }): Promise<string> {
  const row = await tx('publication_keys').where(owner).first('message_id');
  return String(row?.message_id);
}

/** Forgets keys that were used before a time; gives how many. */
export async function forgetPublicationKeys(db: Db, before: Date): Promise<number> {
  return change(db, 'delete from publication_keys where at < ?', [before.toISOString()]);
}

type Original = { readonly kind: 'none'; readonly isReply: boolean } | Refusal;

/** An answer goes to who sent the message that it answers, from who sees that in its mailbox, and only if it allows answers. */
async function originalOf(
  { publication, caller }: PublishRequest,
  recipient: MailboxKey | undefined,
  deps: PublishDeps,
): Promise<Original> {
  const { originalId } = publication;
  if (originalId === undefined) return { kind: 'none', isReply: false };
  const wrong = (message: string): Refusal => ({ kind: 'refused', code: 'INVALID_INPUT', message });
  const original = await findMessage(deps.db, originalId);
  if (!original || !(await seesOriginal(caller, originalId, deps))) return wrong('originalMessageId: no such message');
  if (!original.replyAllowed) return wrong('originalMessageId: the message may not be answered');
  return recipient?.eboxId === original.senderOrganisation
    ? { kind: 'none', isReply: true }
    : wrong('recipient: an answer goes to the sender of the original message');
}

async function seesOriginal(caller: Caller, messageId: string, { db, viewOf }: PublishDeps): Promise<boolean> {
  for (const mailbox of await mailboxesOf(db, eboxIdOf(caller))) {
    const view = await viewIn(mailbox, caller, viewOf);
    const placed = view?.mayChange && (await findPlaced(db, mailbox.id, messageId));
    if (placed && mayShow(view, placed)) return true;
  }
  return false;
}

function messageOf({ publication, parts, caller }: PublishRequest, judged: Judged, now: Date): Message {
  const { body, attention, payment, originalId } = publication;
  return {
    ...{ id: randomUUID(), messageType: judged.type.id, publisher: caller.who, publishedAt: now.toISOString() },
    ...{ senderOrganisation: judged.organisation, senderApplication: judged.application },
    ...{ registered: publication.registered, subject: publication.subject, bodyMain: publication.bodyMain },
    ...(body && { body }),
    ...(attention && { attention }),
    ...(payment && { payment }),
    ...(originalId !== undefined && { originalId }),
    businessData: publication.businessData.map((data) => named(data, judged.type.businessData)),
    replyAllowed: publication.replyAllowed,
    attachments: publication.attachments.flatMap(({ partName, main, title, signed }, index) => {
      const part = parts.find((one) => one.partName === partName);
      if (!part) return [];
      const { fileName, mediaType, sha256, size } = part;
      return [{ number: index + 1, ...(title && { title }), fileName, mediaType, main, signed, sha256, size }];
    }),
  };
}

/** What a publisher may leave out is said by the type. */
function named({ key, name, description, values }: BusinessData, rules: readonly BusinessDataRule[]): BusinessData {
  const rule = rules.find((one) => one.key === key);
  const shown = { name: name ?? rule?.names ?? {}, ...(rule?.description && { description: rule.description }) };
  return { key, ...shown, ...(description && { description }), values };
}
