import { protocolTime } from '../core/calendar.ts';
import { closeDocument, createElementWriter, keepStart, openDocument, printable } from './answer-xml.ts';

/** What a receipt says. */
export interface AcrfRequest {
  readonly now: Date;
  /** The name of the GO (or FI) file as the sender gave it; may hold anything. */
  readonly fileName: string;
  readonly ticket: string;
  /** 1 received, 0 refused. */
  readonly resultCode: 0 | 1;
  /** Receipt codes without prefix, e.g. "125" (protocol §1.7). */
  readonly errors: readonly string[];
  /** FA final, PA provisional. */
  readonly typeForm: 'FA' | 'PA';
}

/** The receipt of a submission (protocol §1.6); valid against ACRF_20231.xsd whatever the file name holds. */
export function buildAcrf(request: AcrfRequest): Buffer {
  const write = createElementWriter();
  const form = { ...header(request), FileReference: fileReference(request), ReceptionResult: result(request) };
  return Buffer.from(openDocument('ACRF', 'ACRF_20231.xsd') + write({ Form: form }, 1) + closeDocument('ACRF'));
}

function header({ now, typeForm }: AcrfRequest) {
  const { date, time } = protocolTime(now);
  return {
    Identification: 'ACRF001',
    FormCreationDate: date,
    FormCreationHour: time,
    AttestationStatus: 0,
    TypeForm: typeForm,
  };
}

function fileReference({ fileName, ticket }: AcrfRequest) {
  // 2: the number was given by social security
  return { FileName: printable(fileName) || '?', ReferenceOrigin: 2, ReferenceNbr: ticket };
}

function result({ resultCode, errors }: AcrfRequest) {
  return { ResultCode: resultCode, ErrorID: errors.map((code) => keepStart(printable(`ACRF-${code}`), 9)) };
}
