import { findByReference } from '../../records/answers.ts';
import { type AnswersTo, type Source, type Sources, sourcesOf } from '../../records/source.ts';
import { type BlobStore, openPrepared, streamOf } from '../../store/blobs.ts';
import type { Db } from '../../store/database.ts';
import type { Anomaly } from '../../submissions/forms.ts';
import type { ErrorId } from '../goals/error-ids.ts';
import { formsOf, type KeptFacts } from '../judged-form.ts';
import type { InspectedPart } from '../submissions.ts';
import type { InspectedForm } from '../xml/inspection.ts';
import { type Fields, type ReadRange, readForm } from './read-form.ts';

export interface ExamineDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly sources: Sources;
}

/**
 * Looks at each answer of a goal's forms: it must name a record that is there and is the authority's own, which look
 * alike when they are not, and a code that there is. What is wrong blocks its form.
 */
export async function examineAnswers(
  deps: ExamineDeps,
  goal: string,
  parts: readonly InspectedPart[],
): Promise<readonly InspectedPart[]> {
  const source = sourcesOf(deps.sources, goal).find(({ answers }) => answers !== undefined);
  if (!source?.answers) return parts;
  const { answers, authority } = source;
  return examineEach(deps, source, parts, async (records, form) => {
    const found: Anomaly[] = [];
    for (const fields of records)
      found.push(...(await faultsOf(deps.db, answers, fields, fields[authority] ?? '', form)));
    return found;
  });
}

/** Of what is found wrong with the records of a form so many are told one by one; all are counted. */
const MOST_FOUND = 10;

/** What is wrong with the records of a form. */
type FaultsOf = (records: readonly Fields[], form: InspectedForm) => Promise<readonly Anomaly[]>;

/** Reads the records of every form that nothing blocks yet, and adds what is found wrong with them: it blocks the form. */
export async function examineEach(
  deps: ExamineDeps,
  { element }: Pick<Source, 'element'>,
  parts: readonly InspectedPart[],
  faultsIn: FaultsOf,
): Promise<readonly InspectedPart[]> {
  const examined: InspectedPart[] = [];
  for (const part of parts) {
    const read = await readerOf(deps, part);
    const forms: InspectedForm[] = [];
    for (const [index, { facts }] of formsOf([part]).entries()) {
      const form = part.inspection.forms[index];
      if (form) forms.push(await examineForm(element, form, { facts, read }, faultsIn));
    }
    examined.push({ ...part, inspection: { ...part.inspection, forms } });
  }
  return examined;
}

/** What was unpacked or read from CSV is not in the store yet, unless it is large. */
async function readerOf({ db, blobs }: ExamineDeps, { content, unzipped }: InspectedPart): Promise<ReadRange> {
  if (!unzipped) return (range) => blobs.read(db, content.sha256, range);
  const source = await openPrepared(blobs, db, unzipped);
  return async (range) => streamOf(source, range);
}

interface Kept {
  readonly facts: KeptFacts;
  readonly read: ReadRange;
}

async function examineForm(
  element: string,
  form: InspectedForm,
  { facts, read }: Kept,
  faultsIn: FaultsOf,
): Promise<InspectedForm> {
  const records = form.blocking ? [] : await readForm(facts, element, read);
  const found = await faultsIn(records ?? [], form);
  if (found.length === 0) return form;
  const anomalies = [...form.anomalies, ...found.slice(0, MOST_FOUND)];
  return { ...form, anomalies, anomaliesTotal: form.anomaliesTotal + found.length, blocking: true };
}

async function faultsOf(
  db: Db,
  answers: AnswersTo,
  fields: Fields,
  authority: string,
  form: InspectedForm,
): Promise<Anomaly[]> {
  const reference = fields[answers.reference] ?? '';
  const code = fields[answers.code] ?? '';
  const record = await findByReference(db, answers.source, reference);
  const faults: Anomaly[] = [];
  const say = (errorId: ErrorId, tagName: string, value: string, label: string) =>
    void faults.push({
      errorId,
      tagName,
      value,
      label,
      class: 'B',
      location: `Form[${form.index}]/${tagName}`,
      line: form.line,
      column: 1,
    });
  if (record?.authority !== authority)
    say('90701-001', answers.reference, reference, 'there is nothing of this number to answer');
  if (!Object.hasOwn(answers.codes, code)) say('90701-002', answers.code, code, 'there is no such code');
  return faults;
}
