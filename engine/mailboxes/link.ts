import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Caller } from './access.ts';
import { byRecipient, place } from './deliver.ts';
import { type MailboxKey, openMailbox } from './mailboxes.ts';
import { expiryOf, type MessageType, typeIn } from './message-types.ts';
import { findMessage, type Message } from './messages.ts';
import { isFor, judgeSender, type Publication, type Refusal } from './publication.ts';
import type { PublishDeps } from './publish.ts';

type Address = Publication['recipient'];

/** What became of a broadcast. */
export interface Linked {
  readonly kind: 'linked';
  readonly expiresAt: Date;
  /** Recipients in whose mailbox the message lies now. */
  readonly succeeded: number;
  /** Those that there are not, or that the message type or one of the attachments is not for. */
  readonly failed: readonly Address[];
}

/** What is to be put where, and by whom. */
export interface LinkRequest {
  readonly messageId: string;
  readonly recipients: readonly Address[];
  readonly caller: Caller;
  /** The organisations that the caller may publish for now, if this one wants it: its own first. */
  readonly organisationsFor: (organisation: string) => Promise<readonly string[]>;
}

/**
 * Puts a published message into the mailboxes of further recipients; in one that it lies in already it stays as it is. Done
 * again after a crash half-way, the rest follows. Who may not publish it any more, as mandates and publishers are now, may not
 * send it on either.
 *
 * @returns undefined when the caller has published no such message.
 */
export async function linkMessage(
  { messageId, recipients, caller, organisationsFor }: LinkRequest,
  deps: PublishDeps,
  now: Date,
): Promise<Linked | Refusal | undefined> {
  const message = await findMessage(deps.db, messageId);
  const type = message && typeIn(deps.types, message.messageType);
  if (!message || !type || message.publisher !== caller.who) return undefined;
  const organisations = await organisationsFor(message.senderOrganisation);
  const { types, applications } = deps;
  const judged = judgeSender(message, { types, applications, organisations, isReply: false });
  if (judged.kind === 'refused') return judged;
  const { good, failed } = await sorted(recipients, { type, message }, deps);
  for (let from = 0; from < good.length; from += BATCH) {
    const batch = good.slice(from, from + BATCH);
    await inTransaction(deps.db, async (tx) => {
      await linkAll(tx, { message, type, provider: deps.provider, evidence: deps.evidence }, batch, now);
      const facts = { messageType: type.id, recipients: batch.length };
      await audit(tx, {
        ...{ at: now, who: caller.who, what: 'message published', subject: messageId, outcome: 'linked', facts },
      });
    });
  }
  return { kind: 'linked', expiresAt: expiryOf(type.validity, now), succeeded: good.length, failed };
}

const BATCH = 200; // mailboxes that are taken at a time

async function sorted(
  recipients: readonly Address[],
  { type: { audience }, message: { attachments } }: { readonly type: MessageType; readonly message: Message },
  { recipientOf }: PublishDeps,
) {
  const good = new Map<string, MailboxKey>();
  const failed: Address[] = [];
  for (const address of recipients) {
    const key = await recipientOf(address);
    const suits = attachments.every(({ mediaType }) => isFor(address.kind, mediaType));
    if (key && suits && audience.includes(key.kind)) good.set(`${key.kind}:${key.eboxId}`, key);
    else failed.push(address);
  }
  return { good: [...good.values()].sort(byRecipient), failed };
}

async function linkAll(
  tx: Db,
  what: Pick<Parameters<typeof place>[1], 'message' | 'type' | 'provider' | 'evidence'>,
  recipients: readonly MailboxKey[],
  now: Date,
): Promise<void> {
  for (const key of recipients) await place(tx, { ...what, mailbox: await openMailbox(tx, key, now) }, now);
}
