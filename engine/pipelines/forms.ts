import { Readable } from 'node:stream';
import type { FormAccepted } from '../../schemas/messages.ts';
import type { Pipeline, PrepareContext, Stage, Work } from '../broker/pipeline.ts';
import { reject, type Verdict } from '../broker/verdict.ts';
import { type Attachment, addMessage, type Translated } from '../mailboxes/mailboxes.ts';
import { findOrganisation, findOrganisationByNsso, type Organisation } from '../registry/organisations.ts';
import type { BlobRef, BlobStore, ByteRange } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addEvent } from '../submissions/events.ts';
import { findForm } from '../submissions/forms.ts';
import { buildNoti } from '../submissions/noti.ts';
import { findSubmission, type Submission } from '../submissions/submissions.ts';
import type { JudgedForm, KeptFacts } from './judged-form.ts';
import { employerNumbers } from './mandates.ts';
import type { Anomaly } from './xml/inspection.ts';

/** An accepted form on its way into its employer's mailbox. */
interface FormWork extends Work {
  readonly submission: Submission;
  readonly form: JudgedForm;
  readonly declaration: BlobRef;
  readonly eboxId?: string;
  readonly organisation?: Organisation;
}

export interface FormDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
}

/** Routes each accepted form to the mailbox of its employer and delivers the copy of the declaration there (design §3). */
export function formsPipeline(deps: FormDeps): Pipeline<FormAccepted, FormWork> {
  return {
    kind: 'form.accepted',
    queue: 'forms',
    prepare: (message, context) => openForm(message, context, deps),
    stages: [route, deliver(deps.blobs)],
  };
}

async function openForm(
  { ticket, formIndex }: FormAccepted,
  { signal }: PrepareContext,
  { db, blobs }: FormDeps,
): Promise<FormWork | Verdict> {
  const submission = await findSubmission(db, ticket);
  const form = await findForm<KeptFacts, Anomaly>(db, ticket, formIndex);
  if (!submission || !form) return reject('there is no such form');
  signal.throwIfAborted();
  return { kind: 'work', submission, form, declaration: await copyOf(form.facts, db, blobs) };
}

/** The declaration with this form alone: nobody gets to see another employer's form. */
async function copyOf(facts: KeptFacts, db: Db, blobs: BlobStore): Promise<BlobRef> {
  const { contentSha256: sha256, contentSize: size } = facts;
  if (facts.siblings === 1) return { sha256, size };
  const read = (range: ByteRange) => blobs.read(db, sha256, range);
  async function* bytes() {
    yield* await read(facts.prologue);
    yield* await read({ start: facts.start, end: facts.end });
    yield* await read(facts.epilogue);
  }
  return blobs.putStream(db, Readable.from(bytes()));
}

/** The employer by its enterprise number, else by its NSSO number; the organisation if it is registered. */
const route: Stage<FormWork> = async (work, { tx, now }) => {
  const [number] = employerNumbers(work.form.facts);
  if (number === undefined) {
    const { formIndex } = work.form;
    await addEvent(tx, work.submission.ticket, now, 'form not delivered', {
      formIndex,
      reason: 'it names no employer',
    });
    return { kind: 'done' };
  }
  const organisation = (await findOrganisation(tx, number)) ?? (await findOrganisationByNsso(tx, number));
  const eboxId = organisation?.enterpriseNumber ?? number;
  return { ...work, eboxId, ...(organisation ? { organisation } : {}) };
};

function deliver(blobs: BlobStore): Stage<FormWork> {
  return async (work, { tx, now }) => {
    const { submission, form, eboxId = '', organisation } = work;
    const { ticket } = submission;
    const noti = await blobs.put(tx, buildNoti({ now, fileName: form.facts.fileName, ticket, forms: [form] }));
    const message = {
      id: `${ticket}-${form.formIndex}`,
      eboxId,
      mailboxType: organisation?.mailboxType ?? ('enterprise' as const),
      subject: subjectOf(work),
      messageType: 'declaration-copy',
      ticket,
      attachments: attachmentsOf(work, noti),
    };
    await addMessage(tx, message, now);
    await addEvent(tx, ticket, now, 'form delivered', { formIndex: form.formIndex, eboxId, messageId: message.id });
    return work;
  };
}

function subjectOf({ submission, form }: FormWork): Translated {
  const quarter = form.facts.quarter ? ` ${form.facts.quarter}` : '';
  const what = `${submission.goal}${quarter} (${submission.ticket})`;
  return {
    nl: `Kopie van aangifte ${what}`,
    fr: `Copie de la déclaration ${what}`,
    de: `Kopie der Erklärung ${what}`,
    en: `Copy of declaration ${what}`,
  };
}

function attachmentsOf({ submission, form, declaration }: FormWork, noti: BlobRef): Attachment[] {
  const xml = { mediaType: 'application/xml' };
  const copy = { number: 1, fileName: `${form.facts.fileName}.${form.facts.index}.xml`, main: true };
  const notification = { number: 2, fileName: `NOTI.${submission.ticket}.${form.formIndex}.xml`, main: false };
  return [
    { ...copy, ...xml, sha256: declaration.sha256, size: declaration.size },
    { ...notification, ...xml, sha256: noti.sha256, size: noti.size },
  ];
}
