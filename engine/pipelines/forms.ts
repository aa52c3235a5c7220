import type { FormsAccepted } from '../../schemas/messages.ts';
import type { Pipeline, PrepareContext, Stage, StageContext, Work } from '../broker/pipeline.ts';
import { reject, type Verdict } from '../broker/verdict.ts';
import { byRecipient, type DeliveryRules, deliverMessage } from '../mailboxes/deliver.ts';
import type { MailboxKey } from '../mailboxes/mailboxes.ts';
import type { Translated } from '../mailboxes/message-types.ts';
import type { Attachment } from '../mailboxes/messages.ts';
import { audit } from '../store/audit.ts';
import type { BlobRef, BlobStore, PreparedContent } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addEvent } from '../submissions/events.ts';
import type { Anomaly } from '../submissions/forms.ts';
import { findForms } from '../submissions/forms.ts';
import { buildNoti } from '../submissions/noti.ts';
import { findSubmission, type Submission } from '../submissions/submissions.ts';
import { copyOf } from './declaration-copy.ts';
import { type EmployerNumber, employerOf, organisationOf } from './employer.ts';
import { type JudgedForm, type KeptFacts, notified } from './judged-form.ts';

/** An accepted form with the copy of its declaration. */
interface Copied {
  readonly form: JudgedForm;
  readonly declaration: PreparedContent;
}

/** Accepted forms of one submission on their way into their employers' mailboxes. */
interface FormsWork extends Work {
  readonly submission: Submission;
  readonly copies: readonly Copied[];
}

export interface FormDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly mailboxes: MailboxRules;
}

/** What deliveries into mailboxes need to know. */
export interface MailboxRules extends DeliveryRules {
  /** Enterprise number that the engine publishes under. */
  readonly organisation: string;
}

/** Routes accepted forms to the mailboxes of their employers and delivers the copies of the declaration there (design §3). */
export function formsPipeline(deps: FormDeps): Pipeline<FormsAccepted, FormsWork> {
  return {
    kind: 'forms.accepted',
    queue: 'forms',
    prepare: (message, context) => copyForms(message, context, deps),
    stages: { deliver: deliverEach(deps) },
    apart: ({ kind, ticket, formIndexes }) =>
      formIndexes.map((index) => ({ kind, id: `${ticket}:${index}:alone`, ticket, formIndexes: [index] })),
  };
}

async function copyForms(
  { ticket, formIndexes }: FormsAccepted,
  { signal }: PrepareContext,
  { db, blobs }: FormDeps,
): Promise<FormsWork | Verdict> {
  const submission = await findSubmission(db, ticket);
  const forms = await findForms<KeptFacts, Anomaly>(db, ticket, formIndexes);
  if (!submission || forms.length < formIndexes.length) return reject('there are no such forms', 'not_found');
  const copies: Copied[] = [];
  for (const form of forms) {
    signal.throwIfAborted();
    copies.push({ form, declaration: await copyOf(form.facts, db, blobs) });
  }
  return { kind: 'work', submission, copies };
}

/** In the order of the mailboxes, as everywhere: two workers must not wait for each other. */
function deliverEach(deps: FormDeps): Stage<FormsWork> {
  return async (work, context) => {
    const addressed: Addressed[] = [];
    for (const copy of work.copies) {
      const employer = employerOf(copy.form.facts);
      if (employer) addressed.push({ ...copy, mailbox: await mailboxOf(context.tx, employer) });
      else await noteUndelivered(work.submission, copy.form, context);
    }
    addressed.sort((one, other) => byRecipient(one.mailbox, other.mailbox));
    for (const copy of addressed) await deliver(work.submission, copy, context, deps);
    return work;
  };
}

/** A copy with the mailbox that it is for. */
interface Addressed extends Copied {
  readonly mailbox: MailboxKey;
}

async function noteUndelivered(
  { ticket }: Submission,
  { formIndex }: JudgedForm,
  context: StageContext,
): Promise<void> {
  await addEvent(context.tx, ticket, context.now, 'form not delivered', { formIndex, reason: 'it names no employer' });
  await auditForm(context, `${ticket}-${formIndex}`, 'not delivered: no employer', { ticket, formIndex });
}

async function deliver(
  submission: Submission,
  copy: Addressed,
  context: StageContext,
  { blobs, mailboxes: rules }: FormDeps,
): Promise<void> {
  const { tx, now } = context;
  const { mailbox } = copy;
  const { ticket } = submission;
  const { formIndex, facts } = copy.form;
  const noti = { now, fileName: facts.fileName, ticket, forms: [notified(copy.form)] };
  const declaration = await blobs.keep(tx, copy.declaration);
  const attachments = attachmentsOf(submission, copy.form, declaration, await blobs.put(tx, buildNoti(noti)));
  const id = `${ticket}-${formIndex}`;
  const message = {
    ...{ id, ticket, messageType: 'declaration-copy', senderOrganisation: rules.organisation, senderApplication: '' },
    ...{ subject: subjectOf(submission, copy.form), bodyMain: false, businessData: [], attachments },
    ...{ registered: false, replyAllowed: false, publishedAt: now.toISOString() },
  };
  await deliverMessage(tx, message, mailbox, rules, now);
  await addEvent(tx, ticket, now, 'form delivered', { formIndex, eboxId: mailbox.eboxId, messageId: id });
  await auditForm(context, `${mailbox.eboxId}:${id}`, 'delivered', { ticket, formIndex });
}

function auditForm({ tx, now: at }: StageContext, subject: string, outcome: string, facts: Record<string, unknown>) {
  return audit(tx, { at, who: 'engine', what: 'form delivered', subject, outcome, facts });
}

/** The mailbox of the registered organisation; an employer that is not registered has one under the number it is known by. */
async function mailboxOf(tx: Db, employer: EmployerNumber): Promise<MailboxKey> {
  const organisation = await organisationOf(tx, employer);
  if (!organisation) return { kind: 'enterprise', eboxId: employer.number };
  return { kind: organisation.mailboxType, eboxId: organisation.enterpriseNumber };
}

function subjectOf({ goal, ticket }: Submission, { facts }: JudgedForm): Translated {
  const quarter = facts.quarter ? ` ${facts.quarter}` : '';
  const what = `${goal}${quarter} (${ticket})`;
  return {
    nl: `Kopie van aangifte ${what}`,
    fr: `Copie de la déclaration ${what}`,
    de: `Kopie der Erklärung ${what}`,
    en: `Copy of declaration ${what}`,
  };
}

function attachmentsOf({ ticket }: Submission, form: JudgedForm, declaration: BlobRef, noti: BlobRef): Attachment[] {
  const xml = { mediaType: 'text/xml' };
  const copy = { number: 1, fileName: `${form.facts.fileName}.${form.facts.index}.xml`, main: true };
  const notification = { number: 2, fileName: `NOTI.${ticket}.${form.formIndex}.xml`, main: false };
  return [
    { ...copy, ...xml, sha256: declaration.sha256, size: declaration.size },
    { ...notification, ...xml, sha256: noti.sha256, size: noti.size },
  ];
}
