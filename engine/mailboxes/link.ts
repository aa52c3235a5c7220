import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Caller } from './access.ts';
import { byRecipient, place } from './deliver.ts';
import { type MailboxKey, openMailbox } from './mailboxes.ts';
import { expiryOf, type MessageType, typeIn } from './message-types.ts';
import { findMessage } from './messages.ts';
import type { Publication } from './publication.ts';
import type { PublishDeps } from './publish.ts';

type Address = Publication['recipient'];

/** What became of a broadcast. */
export interface Linked {
  readonly expiresAt: Date;
  /** Recipients in whose mailbox the message lies now. */
  readonly succeeded: number;
  /** Those that there are not, or that the message type is not for. */
  readonly failed: readonly Address[];
}

/**
 * Puts a published message into the mailboxes of further recipients; in one that it lies in already it stays as it is. Done
 * again after a crash half-way, the rest follows.
 *
 * @returns undefined when the caller has published no such message.
 */
export async function linkMessage(
  { messageId, recipients, caller }: { messageId: string; recipients: readonly Address[]; caller: Caller },
  deps: PublishDeps,
  now: Date,
): Promise<Linked | undefined> {
  const message = await findMessage(deps.db, messageId);
  const type = message && typeIn(deps.types, message.messageType);
  if (!message || !type || message.publisher !== caller.who) return undefined;
  const { good, failed } = await sorted(recipients, type, deps);
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
  return { expiresAt: expiryOf(type.validity, now), succeeded: good.length, failed };
}

const BATCH = 200; // mailboxes that are taken at a time

async function sorted(recipients: readonly Address[], { audience }: MessageType, { recipientOf }: PublishDeps) {
  const good = new Map<string, MailboxKey>();
  const failed: Address[] = [];
  for (const address of recipients) {
    const key = await recipientOf(address);
    if (key && audience.includes(key.kind)) good.set(`${key.kind}:${key.eboxId}`, key);
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
