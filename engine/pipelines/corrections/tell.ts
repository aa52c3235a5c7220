import type { StageContext } from '../../broker/pipeline.ts';
import { byRecipient, deliverMessage } from '../../mailboxes/deliver.ts';
import type { Corrects } from '../../records/source.ts';
import { audit } from '../../store/audit.ts';
import type { BlobRef, BlobStore } from '../../store/blobs.ts';
import type { Db } from '../../store/database.ts';
import { addEvent } from '../../submissions/events.ts';
import type { MailboxRules } from '../forms.ts';
import { type Corrected, correctedForm } from './corrected-form.ts';
import { buildDmno, type Correction, readable, subjectOf } from './documents.ts';

/** A document for the OUT folder of one sender. */
export interface DocumentOf {
  /** At most 80 characters; the same document has the same one whenever it is placed. */
  readonly id: string;
  readonly sender: string;
  readonly goal: string;
  readonly sha256: string;
}

export interface TellDeps {
  readonly blobs: BlobStore;
  readonly mailboxes: MailboxRules;
  /** Has a document placed for a sender, in the caller's transaction. */
  placeFor(tx: Db, document: DocumentOf, now: Date): Promise<void>;
}

/** A correction with the form that it changes. */
interface Found {
  readonly correction: Correction;
  readonly corrected: Corrected;
}

/**
 * Tells of corrections: a notification for the sender of each declaration, a message for its employer, an event in its story.
 * One that may not be made any more since it was checked is left out, and audited. In the order of the mailboxes, as everywhere.
 */
export async function tellCorrections(
  corrections: readonly Correction[],
  corrects: Corrects,
  context: StageContext,
  deps: TellDeps,
): Promise<void> {
  const found: Found[] = [];
  for (const correction of corrections) {
    const corrected = await correctedForm(context.tx, corrects, correction.changes[0] ?? {}, correction.institution);
    if ('errorId' in corrected) await note(context, correction, `not made: ${corrected.errorId}`);
    else found.push({ correction, corrected });
  }
  found.sort((one, other) => byRecipient(one.corrected.mailbox, other.corrected.mailbox));
  for (const one of found) await tell(one, corrects, context, deps);
}

async function tell({ correction, corrected }: Found, corrects: Corrects, context: StageContext, deps: TellDeps) {
  const { tx, now } = context;
  const { submission, form, mailbox } = corrected;
  const xml = await deps.blobs.put(tx, buildDmno(correction, corrected, now));
  const text = await deps.blobs.put(tx, readable(correction, corrected));
  const id = `${correction.ticket}-${correction.formIndex}-c`;
  const { sender } = submission;
  await deps.placeFor(tx, { id: `correction:${id}`, sender, goal: corrects.goal, sha256: xml.sha256 }, now);
  const { mailboxes: rules } = deps;
  const message = {
    ...{ id, ticket: submission.ticket, messageType: corrects.messageType, senderOrganisation: rules.organisation },
    ...{ senderApplication: '', subject: subjectOf(corrected), bodyMain: false, businessData: [] },
    ...{ attachments: attachmentsOf(id, xml, text), registered: false, replyAllowed: false },
    publishedAt: now.toISOString(),
  };
  await deliverMessage(tx, message, mailbox, rules, now);
  const facts = { formIndex: form.formIndex, by: correction.institution, correction: correction.ticket, messageId: id };
  await addEvent(tx, submission.ticket, now, 'form corrected', facts);
  await note(context, correction, 'told', {
    of: `${submission.ticket}-${form.formIndex}`,
    sender,
    eboxId: mailbox.eboxId,
  });
}

function attachmentsOf(id: string, xml: BlobRef, text: BlobRef) {
  return [
    { number: 1, fileName: `DMNO.${id}.txt`, main: true, mediaType: 'text/plain', ...text },
    { number: 2, fileName: `DMNO.${id}.xml`, main: false, mediaType: 'text/xml', ...xml },
  ];
}

function note(
  { tx, now: at }: StageContext,
  { ticket, formIndex, institution }: Correction,
  outcome: string,
  more = {},
) {
  const facts = { institution, ...more };
  return audit(tx, { at, who: 'engine', what: 'form corrected', subject: `${ticket}-${formIndex}`, outcome, facts });
}
