import { addToOutbox } from '../engine/broker/outbox.ts';
import { newTicket } from '../engine/core/identifiers.ts';
import type { Delivery, Publication } from '../engine/lists/publish.ts';
import { deliverMessage } from '../engine/mailboxes/deliver.ts';
import type { DocumentOf } from '../engine/pipelines/corrections/tell.ts';
import type { MailboxRules } from '../engine/pipelines/forms.ts';
import type { DocumentFor } from '../engine/pipelines/records/pipeline.ts';
import { sendersOf } from '../engine/registry/senders.ts';
import type { Db } from '../engine/store/database.ts';

/** How lists reach authorities: a message in the mailbox, and documents for the OUT folders of those that are senders. */
export function createListDelivery(rules: MailboxRules): Delivery {
  return { publish: (tx, publication, now) => publish(tx, publication, rules, now), place };
}

async function publish(tx: Db, publication: Publication, rules: MailboxRules, now: Date): Promise<void> {
  const { id, authority: eboxId, mailboxType: kind, messageType, subject, files } = publication;
  const attachments = files.map(({ name: fileName, mediaType, content }, index) => {
    return { number: index + 1, fileName, mediaType, main: index === 0, ...content };
  });
  const message = {
    ...{ id, messageType, subject, attachments, ticket: newTicket(), publishedAt: now.toISOString() },
    ...{ senderOrganisation: rules.organisation, senderApplication: '', bodyMain: false, businessData: [] },
    ...{ registered: false, replyAllowed: false },
  };
  await deliverMessage(tx, message, { kind, eboxId }, rules, now);
}

async function place(tx: Db, { id, authority, files, out }: Publication, now: Date): Promise<void> {
  const file = files.find(({ format }) => format === out?.format);
  if (!out || !file) return;
  const { goal, quality } = out;
  await placeDocument(tx, { id, authority, goal, quality, sha256: file.content.sha256 }, now);
}

/** Has a document placed for a sender. */
export async function placeFor(tx: Db, document: DocumentOf, now: Date): Promise<void> {
  const ready = { kind: 'document.ready', ticket: newTicket(), environment: 'R', ...document } as const;
  await addToOutbox(tx, ready, { now, sender: document.sender });
}

/** A document is for the senders of one quality: an authority that is an employer, too, has others. */
const receiversOf = async (db: Db, authority: string, quality: string | undefined) =>
  (await sendersOf(db, authority)).filter(
    (sender) => sender.state === 'active' && (quality === undefined || sender.quality === quality),
  );

/** Whether an authority has an active sender of the quality, or of any when none is given, so that a document would reach it. */
export async function isReached(db: Db, authority: string, quality: string | undefined): Promise<boolean> {
  return (await receiversOf(db, authority, quality)).length > 0;
}

/** Has a document placed for each active sender of an authority that has the quality it is for; gives how many there are. */
export async function placeDocument(tx: Db, document: DocumentFor, now: Date): Promise<number> {
  const { id, authority, goal, quality, sha256 } = document;
  const senders = await receiversOf(tx, authority, quality);
  for (const { number: sender } of senders) {
    await placeFor(tx, { id: `${id}:${sender}`, sender, goal, sha256 }, now);
  }
  return senders.length;
}
