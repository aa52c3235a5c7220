import { padEnterpriseNumber } from '../../core/identifiers.ts';
import type { Anomaly, AnomalyClass } from '../../submissions/forms.ts';
import type { Check, CheckContext, ConfiguredCheck, Fault, RunningCheck } from '../goals/check.ts';
import { CHECKS } from '../goals/checks.ts';
import { type DayPlace, recordDays } from '../goals/record-days.ts';
import type { Encoding } from './encoding.ts';
import type { InspectedForm } from './inspection.ts';
import type { ScanState, Sink } from './scan-state.ts';
import { createField, type ScannedField } from './scanned-field.ts';

/** Anomalies kept for a whole file; past it each form keeps one of each class only. */
const ANOMALIES_PER_FILE = 20_000;
const HEADER = ['Identification', 'FormCreationDate', 'FormCreationHour', 'AttestationStatus', 'TypeForm'] as const;
const REFERENCE = ['ReferenceType', 'ReferenceOrigin', 'ReferenceNbr'] as const;
const EMPLOYER = ['NOSSRegistrationNbr', 'NOSSLPARegistrationNbr', 'CompanyID', 'Quarter'] as const;
const PERSON = ['NaturalPerson', 'NaturalPersonSequenceNbr', 'INSS'] as const;
const OWN = ['Form', 'Reference', ...HEADER, ...REFERENCE, ...EMPLOYER, ...PERSON];

export interface FormReaderOptions {
  readonly checks: readonly ConfiguredCheck[];
  /** Records whose days are looked at, whatever else is checked. */
  readonly days: readonly DayPlace[];
  readonly context: CheckContext;
  readonly anomaliesPerForm: number;
  readonly maxForms: number;
}

/** Gathers the forms of a file and runs the functional checks while the scanner goes through it. */
export interface FormReader extends Sink {
  /** Names of the elements it has to hear of; to be given to the scan, in this order. */
  readonly wanted: readonly string[];
  /** Must be called before the scan begins. */
  attach(scan: ScanState, encoding: Encoding): void;
  /** At most `maxForms`. */
  readonly forms: readonly InspectedForm[];
  /** How many there were. */
  count(): number;
  /** No more checks: their outcome does not matter any more. */
  stopChecks(): void;
}

interface DraftForm {
  readonly index: number;
  readonly start: number;
  readonly line: number;
  readonly texts: Record<string, string>;
  reference?: { readonly type: string; readonly origin: string; readonly number: string };
  readonly anomalies: Anomaly[];
  anomaliesTotal: number;
  blocking: boolean;
  persons: number;
  inss: string;
  sequence: string;
}

/** A reader for one file. */
export function createFormReader(options: FormReaderOptions): FormReader {
  const forms: InspectedForm[] = [];
  const asked = askedFor(options);
  const wanted = [...new Set([...OWN, ...asked.flatMap(({ check }) => check.elements)])];
  const own = new Set<string>(OWN);
  const field = createField();
  const state = { count: 0, kept: 0, checking: true };
  let draft: DraftForm | undefined;
  let reference: Record<string, string> = {};

  const report = (cls: AnomalyClass, code?: string) => (found: Fault) => {
    const fault = code === undefined ? found : { ...found, errorId: code };
    if (draft && state.checking) addAnomaly(draft, fault, cls, field.path(draft.index, draft.persons), options, state);
  };
  const running = asked.map(({ check, class: cls, code }) => {
    return { elements: new Set(check.elements), run: check.start(options.context, report(cls, code)) };
  });
  const hearing: (readonly RunningCheck[])[] = [
    [],
    ...wanted.map((name) => running.filter(({ elements }) => elements.has(name)).map(({ run }) => run)),
  ];

  return {
    wanted,
    forms,
    attach: field.attach,
    count: () => state.count,
    stopChecks: () => {
      state.checking = false;
    },
    opened(id, depth) {
      field.select(id, depth);
      if (depth === 1 && field.name === 'Form') {
        state.count++;
        draft = state.count <= options.maxForms ? newDraft(state.count, field.file, field.line) : undefined;
      }
      if (!draft) return;
      if (field.name === 'Reference') reference = {};
      if (field.name === 'NaturalPerson') draft.persons++;
      for (const check of hearing[id] ?? []) check.opened?.(field);
    },
    closed(id, depth) {
      if (!draft) return;
      field.select(id, depth);
      if (own.has(field.name)) takeFact(draft, reference, field, depth);
      if (state.checking) for (const check of hearing[id] ?? []) check.closed(field);
      if (field.name === 'NaturalPerson') leavePerson(draft);
      if (depth === 1 && field.name === 'Form') {
        forms.push(finish(draft, field.end()));
        draft = undefined;
      }
    },
  };
}

interface AskedFor extends Omit<ConfiguredCheck, 'name'> {
  readonly check: Check;
}

function askedFor({ checks, days }: FormReaderOptions): AskedFor[] {
  const named = checks.flatMap(({ name, ...rest }) => {
    const check = CHECKS[name];
    return check ? [{ check, ...rest }] : [];
  });
  return days.length > 0 ? [...named, { check: recordDays(days), class: 'B' }] : named;
}

function newDraft(index: number, start: number, line: number): DraftForm {
  const person = { persons: 0, inss: '', sequence: '' };
  return { index, start, line, texts: {}, anomalies: [], anomaliesTotal: 0, blocking: false, ...person };
}

function leavePerson(draft: DraftForm): void {
  draft.inss = '';
  draft.sequence = '';
}

function addReference(draft: DraftForm, given: Readonly<Record<string, string>>, depth: number): void {
  const { ReferenceType: type = '', ReferenceOrigin: origin = '', ReferenceNbr: number = '' } = given;
  if (depth === 2 && origin === '1') draft.reference ??= { type, origin, number };
}

function takeFact(draft: DraftForm, reference: Record<string, string>, field: ScannedField, depth: number): void {
  if (field.parent === 'Reference') reference[field.name] = field.text();
  else if (field.name === 'Reference') addReference(draft, reference, depth);
  else takeText(draft, field.name, field, depth);
}

function takeText(draft: DraftForm, name: string, field: { text(): string }, depth: number): void {
  if (name === 'INSS') draft.inss = field.text();
  else if (name === 'NaturalPersonSequenceNbr') draft.sequence = field.text();
  else if (isHeader(name) ? depth === 2 : isEmployer(name)) draft.texts[name] ??= field.text();
}

function isHeader(name: string): boolean {
  return HEADER.some((header) => header === name);
}

function isEmployer(name: string): boolean {
  return EMPLOYER.some((employer) => employer === name);
}

const NOBODY = { inss: '', sequence: '' };

function addAnomaly(
  draft: DraftForm,
  { place, ...fault }: Omit<Fault, 'errorId'> & { readonly errorId: string },
  cls: AnomalyClass,
  location: string,
  { anomaliesPerForm }: FormReaderOptions,
  state: { kept: number },
): void {
  draft.anomaliesTotal++;
  if (cls === 'B') draft.blocking = true;
  const spare = state.kept < ANOMALIES_PER_FILE || !draft.anomalies.some((anomaly) => anomaly.class === cls);
  if (draft.anomalies.length >= anomaliesPerForm || !spare) return;
  state.kept++;
  const { inss, sequence } = place === undefined ? draft : NOBODY;
  draft.anomalies.push({
    ...fault,
    class: cls,
    location: placeOf(place === undefined ? location : `Form[${draft.index}]/${place}`, fault.tagName),
    ...(inss === '' ? {} : { inss }),
    ...(sequence === '' ? {} : { naturalPersonSequenceNbr: sequence }),
  });
}

/** The path of the element that the fault names: the check may have found it when the block around it ended. */
function placeOf(path: string, tagName: string): string {
  const whole = path.endsWith(`/${tagName}`) ? path : `${path}/${tagName}`;
  return whole.slice(0, 200);
}

function finish(draft: DraftForm, end: number): InspectedForm {
  const { index, start, line, texts, reference, anomalies, anomaliesTotal, blocking } = draft;
  const company = texts['CompanyID'];
  return {
    ...{ index, start, end, line },
    identification: texts['Identification'] ?? '',
    creationDate: texts['FormCreationDate'] ?? '',
    creationHour: texts['FormCreationHour'] ?? '',
    attestationStatus: texts['AttestationStatus'] ?? '',
    typeForm: texts['TypeForm'] ?? '',
    ...(reference ? { reference } : {}),
    ...present('nssoNumber', texts['NOSSRegistrationNbr']),
    ...present('localAuthorityNumber', texts['NOSSLPARegistrationNbr']),
    ...present('companyId', company === undefined || Number(company) === 0 ? undefined : padEnterpriseNumber(company)),
    ...present('quarter', texts['Quarter']),
    ...{ anomalies, anomaliesTotal, blocking },
  };
}

function present<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { readonly [P in K]: string });
}
