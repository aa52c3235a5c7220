import { protocolTime } from '../core/calendar.ts';
import { EngineError } from '../core/errors.ts';
import {
  type Content,
  closeDocument,
  createElementWriter,
  keepEnd,
  keepStart,
  openDocument,
  printable,
  type WriteElements,
} from './answer-xml.ts';
import type { Anomaly, FormHeader } from './forms.ts';
import * as fit from './noti-values.ts';

/** One handled form and what became of it. */
export interface NotiForm {
  readonly facts: FormHeader;
  readonly anomalies: readonly Anomaly[];
  /** How many anomalies were found in all, when not every one is in `anomalies`. */
  readonly anomaliesTotal?: number;
  readonly outcome: 'accepted' | 'refused';
}

/** What a notification answers. */
export interface NotiRequest {
  readonly now: Date;
  /** The name of the file as the sender gave it; may hold anything. */
  readonly fileName: string;
  readonly ticket: string;
  /** At least one. */
  readonly forms: Iterable<NotiForm>;
}

const CHUNK_CHARACTERS = 16 * 1024; // about a millisecond's work
const ANOMALIES_AT_ONCE = 100;

/** The notification of a submission in one piece (protocol §1.9); valid against NOTIFICATION_20223.xsd whatever the forms hold. */
export function buildNoti(request: NotiRequest): Buffer {
  return Buffer.concat([...notiChunks(request)]);
}

/** The same bytes in pieces of about 16 KiB, made as they are asked for: memory does not grow with the anomalies. */
export function* notiChunks(request: NotiRequest): Generator<Buffer> {
  let pending = '';
  for (const part of notiParts(request)) {
    pending += part;
    if (pending.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(pending);
    pending = '';
  }
  yield Buffer.from(pending);
}

function* notiParts(request: NotiRequest): Generator<string> {
  const write = createElementWriter();
  const head = header(request.now);
  let forms = 0;
  yield openDocument('NOTIFICATION', 'NOTIFICATION_20223.xsd');
  for (const form of request.forms) {
    yield '  <Form>\n';
    yield write({ ...head, ...subject(request, form.facts) }, 2);
    yield* resultParts(form, write);
    yield '  </Form>\n';
    forms += 1;
  }
  if (forms === 0) throw new EngineError('operation_unsupported', 'a notification answers at least one form');
  yield closeDocument('NOTIFICATION');
}

function* resultParts(form: NotiForm, write: WriteElements): Generator<string> {
  yield '    <HandlingResult>\n';
  yield write({ ResultCode: form.outcome === 'accepted' ? 1 : 0, Diagnosis: diagnoses(form) }, 3);
  for (let first = 0; first < form.anomalies.length; first += ANOMALIES_AT_ONCE) {
    const some = form.anomalies.slice(first, first + ANOMALIES_AT_ONCE);
    yield write({ AnomalyReport: some.map((anomaly) => anomalyReport(anomaly, form.facts)) }, 3);
  }
  yield '    </HandlingResult>\n';
}

function header(now: Date) {
  const { date, time } = protocolTime(now);
  return {
    Identification: 'NOTI001',
    FormCreationDate: date,
    FormCreationHour: time,
    AttestationStatus: 0,
    TypeForm: 'FA',
  };
}

function subject({ fileName, ticket }: NotiRequest, facts: FormHeader): { readonly [name: string]: Content } {
  const quarter = fit.quarter(facts.quarter);
  return {
    FileReference: { FileName: keepStart(printable(fileName), 64) || '?', ReferenceOrigin: 2, ReferenceNbr: ticket },
    HandledOriginalForm: handledForm(facts),
    Reference: reference(facts.reference),
    EmployerId: employerId(facts),
    ConcernedQuarter: quarter && { Quarter: quarter },
    HandledReference: { ReferenceType: 1, ReferenceOrigin: 2, ReferenceNbr: ticket },
  };
}

function handledForm(facts: FormHeader): Content {
  return {
    Identification: keepStart(printable(facts.identification), 7),
    FormCreationDate: fit.date(facts.creationDate),
    FormCreationHour: fit.time(facts.creationHour),
    AttestationStatus: fit.integer(facts.attestationStatus, 0, 8),
    TypeForm: fit.typeForm(facts.typeForm),
  };
}

function reference(given: FormHeader['reference']): Content {
  const type = fit.integer(given?.type, 0, 9);
  const origin = fit.integer(given?.origin, 1, 7);
  if (!given?.number || type === undefined || origin === undefined) return undefined;
  return { ReferenceType: type, ReferenceOrigin: origin, ReferenceNbr: keepStart(printable(given.number), 64) };
}

function employerId(facts: FormHeader): Content {
  const number = employerNumber(facts);
  // the schema wants a company number beside it; 0 is its own word for "none"
  return number && { ...number, CompanyID: fit.companyId(facts.companyId) ?? '0' };
}

function employerNumber({ nssoNumber, localAuthorityNumber }: FormHeader) {
  const nsso = fit.integer(nssoNumber, 0, 199_999_934);
  if (nsso !== undefined) return { NOSSRegistrationNbr: nsso };
  const provisional = fit.integer(nssoNumber, 5_000_000_120, 5_999_999_989);
  if (provisional !== undefined) return { ProvisionalNSSONbr: provisional };
  const local = fit.integer(localAuthorityNumber, 0, 99_999_926);
  return local === undefined ? undefined : { NOSSLPARegistrationNbr: local };
}

/** Protocol §1.9: 3 blocking anomalies, 7 anomalies, 4 too many of them to report each. */
function diagnoses({ outcome, anomalies, anomaliesTotal }: NotiForm): readonly string[] {
  const tooMany = (anomaliesTotal ?? 0) > anomalies.length;
  return [
    ...(outcome === 'refused' ? ['3'] : []),
    ...(tooMany ? ['4'] : []),
    ...(anomalies.some((anomaly) => anomaly.class !== 'B') ? ['7'] : []),
  ];
}

function anomalyReport(anomaly: Anomaly, facts: FormHeader): Content {
  return {
    ErrorID: keepStart(printable(anomaly.errorId), 9),
    TagName: printable(anomaly.tagName),
    Value: printable(anomaly.value),
    AnomalyClass: keepStart(printable(anomaly.class), 2),
    AnomalyLabel: keepStart(printable(anomaly.label), 500),
    AnomalyLocation: {
      LineNbr: fit.place(anomaly.line),
      ColumnNbr: fit.place(anomaly.column),
      Location: keepEnd(printable(anomaly.location), 200),
    },
    Path: path(anomaly, facts),
  };
}

function path(anomaly: Anomaly, facts: FormHeader): Content {
  const nsso = fit.integer(facts.nssoNumber, 0, 199_999_934);
  const local = fit.integer(facts.localAuthorityNumber, 0, 99_999_926);
  const keys = {
    Quarter: fit.quarter(facts.quarter),
    NOSSRegistrationNbr: nsso,
    NOSSLPARegistrationNbr: nsso === undefined ? local : undefined,
    CompanyID: fit.companyId(facts.companyId),
    NaturalPersonSequenceNbr: fit.integer(anomaly.naturalPersonSequenceNbr, 1, 9_999_999),
    INSS: fit.inss(anomaly.inss),
  };
  return Object.values(keys).some((key) => key !== undefined) ? keys : undefined;
}
