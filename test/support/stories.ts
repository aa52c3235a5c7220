import type { Db } from '../../engine/store/database.ts';
import { addEvent } from '../../engine/submissions/events.ts';
import { addForms } from '../../engine/submissions/forms.ts';
import { addFiles, addSubmission } from '../../engine/submissions/submissions.ts';

export const TICKET = '03804UDVFMW3Z';
const STEM = 'DMFA.123456.20260601.00001.R';
const AT = new Date('2026-06-01T10:00:00.000Z');

const passed = { outcome: 'passed', detail: '' };

/** What the intake found of a signature whose certificate is not registered. */
export const REPORT = {
  verdict: 'invalid',
  code: '153',
  integrity: passed,
  attributes: passed,
  algorithms: passed,
  chain: passed,
  validity: passed,
  revocation: { ...passed, status: 'good' },
  senderBinding: { outcome: 'failed', detail: 'the certificate is not registered for sender 123456' },
  form: 'raw',
  digest: 'sha256',
  signatureAlgorithm: 'rsa-pkcs1',
  signer: { subject: 'CN=somebody', issuer: 'CN=CA', serial: '01' },
};

/** Stores a refused submission with a form, anomalies, answers and events; it names two INSS numbers. */
export async function storeStory(db: Db): Promise<void> {
  const file = `FI.${STEM}.1.1`;
  await addSubmission(db, {
    ticket: TICKET,
    sender: '123456',
    stem: STEM,
    contentHash: 'c'.repeat(64),
    goal: 'DMFA',
    environment: 'R',
    channel: 'sftp',
    state: 'refused',
    resultCode: 0,
    errors: [{ code: '153', detail: 'the certificate is not registered', file: `FS.${STEM}.1.1`, line: 3, column: 4 }],
    signature: { verdict: 'invalid', parts: [{ file: `FS.${STEM}.1.1`, report: REPORT }] },
    receivedAt: AT,
  });
  await addFiles(db, TICKET, [{ name: file, role: 'FI', part: 1, sha256: 'a'.repeat(64), size: 12 }]);
  const facts = { identification: 'DMFA', quarter: '20262', nssoNumber: '212345609', companyId: '0206731645' };
  const place = { location: 'Form[1]/INSS', line: 9, column: 2 };
  const anomaly = {
    errorId: '00024-001',
    tagName: 'INSS',
    value: '85073003329',
    class: 'B',
    label: 'check digits',
    ...place,
  };
  const owed = { ...anomaly, errorId: '00032-001', tagName: 'NetOwedAmount', value: '00000012345', label: 'differs' };
  const anomalies = [anomaly, { ...owed, inss: '85073003328' }];
  await addForms(db, TICKET, [{ formIndex: 1, part: 1, outcome: 'refused', facts, anomalies }]);
  await db('deliveries').insert({
    ticket: TICKET,
    goal: 'ACRF',
    stem: 'ACRF.999999.20260601.00001.R',
    sha256: 'b'.repeat(64),
    signature_sha256: 'd'.repeat(64),
    placed_at: AT.toISOString(),
  });
  await addEvent(db, TICKET, AT, 'received', { channel: 'sftp' });
  await addEvent(db, TICKET, new Date(AT.getTime() + 1_000), 'receipt placed', {
    stem: 'ACRF.999999.20260601.00001.R',
  });
}
