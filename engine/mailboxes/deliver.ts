import { isEnterpriseNumber } from '../core/identifiers.ts';
import type { Db } from '../store/database.ts';
import { addMailboxEvent, type MailboxEventType } from './events.ts';
import { searchText } from './fold.ts';
import { type Mailbox, type MailboxKey, openMailbox } from './mailboxes.ts';
import { expiryOf, type MessageType, type MessageTypes, typeIn } from './message-types.ts';
import { addMessage, type Message } from './messages.ts';
import { type Placed, placeMessage } from './placed.ts';
import { type Evidence, proveDispatch } from './registered-mail.ts';
import { partitionFor, routingRulesOf } from './routing.ts';
import { addTask } from './tasks.ts';

/** What every delivery needs to know. */
export interface DeliveryRules {
  readonly types: MessageTypes;
  /** What this engine calls itself as a document provider. */
  readonly provider: string;
  /** How registered mail is proven; who publishes any must give it. */
  readonly evidence?: Evidence | undefined;
}

/** What became of a delivery. */
export interface Delivered {
  readonly mailbox: Mailbox;
  /** Where the message lies now; undefined when it lay there already. */
  readonly placed: Placed | undefined;
  readonly expiresAt: Date;
}

/**
 * Puts a message into a mailbox, in the caller's transaction: what it says, its place, its expiry (from its type, always), its
 * partition and the event. The mailbox is made when it is the first. The same id again changes nothing. The caller keeps the
 * content of the attachments; several deliveries in one transaction come in the order of their recipients (byRecipient).
 */
export async function deliverMessage(
  tx: Db,
  message: Message,
  recipient: MailboxKey,
  rules: DeliveryRules,
  now: Date,
): Promise<Delivered> {
  const type = requireType(rules.types, message.messageType);
  const mailbox = await openMailbox(tx, recipient, now);
  await addMessage(tx, message);
  return place(tx, { message, mailbox, type, ...rules }, now);
}

interface Place extends Pick<DeliveryRules, 'provider' | 'evidence'> {
  readonly message: Message;
  readonly mailbox: Mailbox;
  readonly type: MessageType;
}

/** Puts a message that there is into one more mailbox: see deliverMessage. */
export async function place(tx: Db, { message, mailbox, type, ...rules }: Place, now: Date): Promise<Delivered> {
  const partition = partitionFor(await routingRulesOf(tx, mailbox.id), message);
  const expiresAt = expiryOf(type.validity, now);
  const placed = await placeMessage(
    tx,
    message,
    { mailbox: mailbox.id, partition, expiresAt, search: searchTextOf(message) },
    now,
  );
  if (placed) await follow(tx, { message, placed, mailbox }, { ...rules, type }, now);
  return { mailbox, placed, expiresAt };
}

/** What comes of a message that was put into a mailbox: the event, its task, the proof of registered mail. */
async function follow(
  tx: Db,
  found: Found,
  { type, provider, evidence }: Pick<Place, 'type' | 'provider' | 'evidence'>,
  now: Date,
): Promise<void> {
  await tellOf(tx, 'newDocument', found, { provider, at: now });
  await addTask(tx, type, found.message, found.placed);
  if (!found.message.registered) return;
  if (!evidence) throw new Error('registered mail is published without evidence');
  await proveDispatch(tx, found, evidence, now);
}

/** The order in which several recipients' mailboxes are filled in one transaction: everywhere the same. */
export function byRecipient(one: MailboxKey, other: MailboxKey): number {
  const [left, right] = [`${one.eboxId}:${one.kind}`, `${other.eboxId}:${other.kind}`];
  return left < right ? -1 : Number(left > right);
}

/** A message where it lies. */
export interface Found {
  readonly message: Message;
  readonly placed: Placed;
  readonly mailbox: MailboxKey;
}

/**
 * Tells the readers of the feed of a message. Of mailboxes that belong to no enterprise number nothing is told: the feed is
 * for enterprises and institutions (protocol §2.4). @returns false when it was told before, or is not told of.
 */
export async function tellOf(
  tx: Db,
  eventType: MailboxEventType,
  { message, placed, mailbox }: Found,
  told: { readonly provider: string; readonly at: Date },
): Promise<boolean> {
  if (!isEnterpriseNumber(mailbox.eboxId)) return false;
  const { senderApplication, senderOrganisation, messageType, subject } = message;
  const event = {
    ...{ eventType, enterpriseId: mailbox.eboxId, messageId: message.id, registeredMail: message.registered },
    ...{ receiptDate: placed.receivedAt, expirationDate: placed.expiresAt, messageTypeId: messageType, subject },
    senderOrganizationId: senderOrganisation,
    ...(senderApplication !== '' && { senderApplicationId: senderApplication }),
  };
  return addMailboxEvent(tx, event, told);
}

function requireType(types: MessageTypes, id: string): MessageType {
  const type = typeIn(types, id);
  if (!type) throw new Error(`message type ${id} is not configured`);
  return type;
}

/** What a message is found by (protocol §2.2): subject, business data, addressee. */
function searchTextOf({ subject, businessData, attention }: Message): string {
  const data = businessData.flatMap(({ name, values }) => [...(name ? [name] : []), ...values]);
  return searchText([subject, ...data], attention?.name === undefined ? [] : [attention.name]);
}
