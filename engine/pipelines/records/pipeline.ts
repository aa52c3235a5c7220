import type { RecordsReady } from '../../../schemas/messages.ts';
import type { Pipeline, PrepareContext, Stage, StageContext, Work } from '../../broker/pipeline.ts';
import { reject, type Verdict } from '../../broker/verdict.ts';
import { protocolTime } from '../../core/calendar.ts';
import type { Logger } from '../../core/logger.ts';
import { findByReference, takeAnswer } from '../../records/answers.ts';
import { isElectronic } from '../../records/electronic.ts';
import { addRecords, type NewRecord } from '../../records/records.ts';
import { type AnswersTo, type Source, type Sources, sourcesOf } from '../../records/source.ts';
import { findSender } from '../../registry/senders.ts';
import type { Db } from '../../store/database.ts';
import { type Anomaly, findForms, type StoredForm } from '../../submissions/forms.ts';
import { findSubmission, type Submission } from '../../submissions/submissions.ts';
import type { Correction } from '../corrections/documents.ts';
import { type TellDeps, tellCorrections } from '../corrections/tell.ts';
import type { KeptFacts } from '../judged-form.ts';
import { buildMutation } from './mutation.ts';
import { type Fields, readForm } from './read-form.ts';
import { recordOf } from './record-of.ts';

/** A document for the OUT folders of an authority. */
export interface DocumentFor {
  /** At most 70 characters; the same document has the same one whenever it is placed. */
  readonly id: string;
  readonly authority: string;
  readonly goal: string;
  /** Of the senders that it is for; for all of them when absent. */
  readonly quality?: string | undefined;
  readonly sha256: string;
}

export interface RecordDeps extends TellDeps {
  readonly db: Db;
  readonly sources: Sources;
  /** Whether an authority has an active sender of the quality, or of any, so that a document would reach it. */
  isReached(tx: Db, authority: string, quality: string | undefined): Promise<boolean>;
  /** Has a document placed for each active sender of an authority that it is for, in the caller's transaction; gives how many there are. */
  placeDocument(tx: Db, document: DocumentFor, now: Date): Promise<number>;
}

interface RecordWork extends Work {
  readonly submission: Submission;
  /** Enterprise number of who sent it; '' when that is not known any more. */
  readonly institution: string;
  readonly read: readonly { readonly source: Source; readonly records: readonly NewRecord[] }[];
}

/**
 * Takes in what forms hold for lists: records, each once; answers to open records; and for an authority that gets
 * records by themselves, a document of each.
 */
export function recordsPipeline(deps: RecordDeps): Pipeline<RecordsReady, RecordWork> {
  return {
    kind: 'records.ready',
    queue: 'records',
    prepare: (message, context) => readAll(message, context, deps),
    stages: { takeIn: takeInAll(deps) },
    apart: ({ kind, ticket, formIndexes }) =>
      formIndexes.map((index) => ({ kind, id: `${ticket}:${index}:alone`, ticket, formIndexes: [index] })),
  };
}

async function readAll(
  { ticket, formIndexes }: RecordsReady,
  { signal, log }: PrepareContext,
  deps: RecordDeps,
): Promise<RecordWork | Verdict> {
  const submission = await findSubmission(deps.db, ticket);
  const forms = await findForms<KeptFacts, Anomaly>(deps.db, ticket, formIndexes);
  if (!submission || forms.length < formIndexes.length) return reject('there are no such forms', 'not_found');
  const read = [];
  for (const source of sourcesOf(deps.sources, submission.goal)) {
    const records: NewRecord[] = [];
    for (const form of forms) {
      signal.throwIfAborted();
      if (form.outcome === 'refused' && source.outcomes === 'accepted') continue;
      const { contentSha256 } = form.facts;
      const found = await readForm(form.facts, source.element, (range) =>
        deps.blobs.read(deps.db, contentSha256, range),
      );
      if (!found) return reject(`form ${form.formIndex} is too large for records`, 'message_malformed');
      records.push(...recordsOf(source, found, { submission, form, log }));
    }
    read.push({ source, records });
  }
  const institution = (await findSender(deps.db, submission.sender))?.enterpriseNumber ?? '';
  return { kind: 'work', submission, institution, read };
}

interface Judged {
  readonly submission: Submission;
  readonly form: StoredForm<KeptFacts, Anomaly>;
  readonly log: Logger;
}

function recordsOf(source: Source, found: readonly Fields[], { submission, form, log }: Judged): NewRecord[] {
  const { ticket, receivedAt } = submission;
  const { formIndex, outcome, anomalies } = form;
  const codes = [...new Set(anomalies.map(({ errorId }) => errorId))].join(' ');
  const judged = source.outcomes === 'all' ? { Outcome: outcome, Codes: codes } : {};
  const records = found.flatMap((fields, index) => {
    const place = { ticket, formIndex, line: index + 1, receivedAt };
    return recordOf(source, { ...fields, ...judged }, place) ?? [];
  });
  // days of accepted forms are judged before; a schema may let through what is no authority
  const lost = found.length - records.length;
  if (lost > 0) log.warn({ ticket, form: formIndex, source: source.name, lost }, 'records without authority or day');
  return records;
}

function takeInAll(deps: RecordDeps): Stage<RecordWork> {
  return async (work, context) => {
    for (const { source, records } of work.read) {
      if (source.corrects)
        await tellCorrections(correctionsIn(records, work.institution), source.corrects, context, deps);
      else if (source.answers) await answerAll(source.answers, records, context);
      else await addAll(deps, source, records, work.submission.receivedAt, context);
    }
    return work;
  };
}

/** The changes of each form together: a form is one correction. */
function correctionsIn(records: readonly NewRecord[], institution: string): Correction[] {
  const byForm = new Map<number, Correction & { readonly changes: Fields[] }>();
  for (const { ticket, formIndex, fields } of records) {
    const form = byForm.get(formIndex) ?? { ticket, formIndex, institution, changes: [] };
    form.changes.push(fields);
    byForm.set(formIndex, form);
  }
  return [...byForm.values()];
}

async function answerAll(
  answers: AnswersTo,
  records: readonly NewRecord[],
  { tx, now: at }: StageContext,
): Promise<void> {
  for (const { authority, fields, ticket, formIndex, line } of records) {
    const code = fields[answers.code] ?? '';
    const remark = fields[answers.remark] ?? '';
    const record = await findByReference(tx, answers.source, fields[answers.reference] ?? '');
    if (record?.authority !== authority) continue; // refused when its form was checked, unless it has changed since
    const closes = Object.hasOwn(answers.codes, code) && answers.codes[code]?.closes === true;
    await takeAnswer(tx, record, { code, remark, ticket, formIndex, line }, { closes, at });
  }
}

/** Of a day that goes by itself; or late, when lists have stopped for the authority in the meantime. In a list, if nobody would get it. */
async function goesAlone(
  { isReached }: RecordDeps,
  tx: Db,
  { source, authority, day }: NewRecord,
  quality: string | undefined,
  receivedAt: Date,
): Promise<boolean> {
  const electronic =
    (await isElectronic(tx, source, authority, day)) ||
    (await isElectronic(tx, source, authority, protocolTime(receivedAt).date));
  return electronic && isReached(tx, authority, quality);
}

async function addAll(
  deps: RecordDeps,
  source: Source,
  records: readonly NewRecord[],
  receivedAt: Date,
  { tx, now }: StageContext,
): Promise<void> {
  const { blobs, placeDocument } = deps;
  const marked: NewRecord[] = [];
  for (const record of records) {
    const alone = source.alone !== undefined && (await goesAlone(deps, tx, record, source.alone.quality, receivedAt));
    marked.push(alone ? { ...record, alone } : record);
  }
  for (const record of await addRecords(tx, marked, receivedAt)) {
    if (!record.alone || !source.alone) continue;
    const { sha256 } = await blobs.put(tx, buildMutation(record));
    const { ticket, formIndex, line, authority } = record;
    const id = `alone:${ticket}:${formIndex}:${line}:${source.name}`;
    await placeDocument(tx, { id, authority, ...source.alone, sha256 }, now);
  }
}
