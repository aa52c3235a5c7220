import type { Anomaly, FormHeader } from '../../engine/submissions/forms.ts';
import type { NotiForm, NotiRequest } from '../../engine/submissions/noti.ts';

/** What the notification repeats of an ordinary form. */
export const FACTS: FormHeader = {
  identification: 'DMFA',
  creationDate: '2022-08-11',
  creationHour: '08:45:00.000',
  attestationStatus: '0',
  typeForm: 'SU',
  reference: { type: '1', origin: '1', number: 'DMFA TEST' },
  nssoNumber: '199999934',
  companyId: '0206731645',
  quarter: '20223',
};

/** The same person twice, in a place of its own. */
export function anAnomaly(changes: Partial<Anomaly> = {}): Anomaly {
  return {
    errorId: '00024-001',
    tagName: 'INSS',
    value: '77101500172',
    class: 'B',
    label: 'the same person twice',
    location: '/DmfAOriginal/Form[1]/EmployerDeclaration/NaturalPerson[2]/INSS',
    line: 42,
    column: 11,
    inss: '77101500172',
    naturalPersonSequenceNbr: '0000002',
    ...changes,
  };
}

/** An accepted form without anomalies. */
export function aForm(changes: Partial<NotiForm> = {}): NotiForm {
  return { facts: FACTS, anomalies: [], outcome: 'accepted', ...changes };
}

/** A request for the notification of these forms. */
export function aNoti(forms: readonly NotiForm[], changes: Partial<NotiRequest> = {}): NotiRequest {
  const fileName = 'GO.DMFA.123456.20260301.00001.R.1';
  return { now: new Date('2026-03-01T21:04:05.067Z'), fileName, ticket: '03804UDVFMW3Z', forms, ...changes };
}
