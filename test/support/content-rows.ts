import { CONTENT_REFERENCES } from '../../engine/store/content-references.ts';
import type { Db } from '../../engine/store/database.ts';

const AT = '2026-11-22T09:00:00.000Z';
const TICKET = '03804UDVFMW3Z';

/** Adds a row that names content in this column, and what that row itself needs. */
export async function nameContent(tx: Db, table: string, column: string, sha256: string): Promise<void> {
  const add = ROWS[`${table}.${column}`];
  if (!add) throw new Error(`say here how ${table}.${column} comes to name content`);
  await add(tx, sha256);
}

/** Every column that names content, as `table.column`. */
export const NAMING_COLUMNS = CONTENT_REFERENCES.map(({ table, column }) => ({ table, column }));

const ELSE = 'e'.repeat(64); // content of no interest here

const ROWS: Readonly<Record<string, (tx: Db, sha256: string) => Promise<unknown>>> = {
  'folder_files.sha256': (tx, sha256) =>
    tx('folder_files').insert({
      ...{ sender: '123456', folder: 'OUT', name: `FO.${sha256}`, state: 'complete', size: 1, sha256 },
      ...{ modified_at: AT, stored_at: AT },
    }),
  'submission_files.sha256': (tx, sha256) => addFile(tx, { name: `FI.${sha256}`, sha256 }),
  'submission_files.content_sha256': (tx, sha256) =>
    addFile(tx, { name: `FI.zip.${sha256}`, sha256: ELSE, content_sha256: sha256 }),
  'outbox.sha256': (tx, sha256) =>
    tx('outbox').insert({ ...message(sha256), sender: '123456', due_at: AT, leased_until: null }),
  'dead_letters.sha256': (tx, sha256) =>
    tx('dead_letters').insert({ ...message(sha256), sender: '123456', reason: 'no', buried_at: AT }),
  'deliveries.sha256': (tx, sha256) => addDelivery(tx, { goal: 'ACRF', sha256, signature_sha256: ELSE }),
  'deliveries.signature_sha256': (tx, sha256) =>
    addDelivery(tx, { goal: 'NOTI', sha256: ELSE, signature_sha256: sha256 }),
  'attachments.sha256': addAttachment,
  'registered_mail.proof_sha256': (tx, sha256) => addRegistered(tx, { proof_sha256: sha256 }),
  'registered_mail.proof_signature_sha256': (tx, sha256) => addRegistered(tx, { proof_signature_sha256: sha256 }),
  'registered_mail.receipt_sha256': (tx, sha256) => addRegistered(tx, { receipt_sha256: sha256 }),
  'registered_mail.receipt_signature_sha256': (tx, sha256) => addRegistered(tx, { receipt_signature_sha256: sha256 }),
  'quarantine.sha256': (tx, sha256) =>
    tx('quarantine').insert({ sha256, signature: 'x', ticket: TICKET, sender: '123456', found_at: AT }),
  'list_files.sha256': addListFile,
  'document_deliveries.sha256': (tx, sha256) => addDocumentDelivery(tx, { id: 'a', sha256, signature_sha256: ELSE }),
  'document_deliveries.signature_sha256': (tx, sha256) =>
    addDocumentDelivery(tx, { id: 'b', sha256: ELSE, signature_sha256: sha256 }),
};

const message = (sha256: string) => ({ queue: 'answers', message_id: sha256, message: '{}', attempt: 1, sha256 });

async function addFile(tx: Db, file: { name: string; sha256: string; content_sha256?: string }): Promise<void> {
  await addSubmission(tx);
  await tx('submission_files').insert({ ticket: TICKET, role: 'FI', part: 1, size: 1, ...file });
}

async function addDelivery(tx: Db, row: { goal: string; sha256: string; signature_sha256: string }): Promise<void> {
  await addSubmission(tx);
  await tx('deliveries').insert({ ticket: TICKET, stem: row.goal, placed_at: AT, ...row });
}

async function addAttachment(tx: Db, sha256: string): Promise<void> {
  const id = sha256.slice(0, 40);
  await tx('messages').insert({
    ...{ id, message_type: 'x', sender_organisation: '', sender_application: '', registered: false, subject: '{}' },
    ...{ business_data: '[]', published_at: AT, size: 1 },
  });
  const file = { file_name: 'a.xml', media_type: 'application/xml', main: true, size: 1 };
  await tx('attachments').insert({ message_id: id, number: 1, sha256, ...file });
}

async function addRegistered(tx: Db, evidence: Readonly<Record<string, string>>): Promise<void> {
  const [[column = '', sha256 = ''] = []] = Object.entries(evidence);
  const about = { message_id: `${sha256.slice(0, 20)}${column.length}`, mailbox: 1, dispatched_at: AT };
  const proof = { proof_sha256: ELSE, proof_signature_sha256: ELSE };
  await tx('registered_mail').insert({ ...about, ...proof, ...evidence });
}

async function addSubmission(tx: Db): Promise<void> {
  const about = { sender: '123456', stem: 'DMFA.123456.20260601.00001.R', content_hash: ELSE, goal: 'DMFA' };
  const state = { environment: 'R', channel: 'sftp', state: 'handled', errors: '[]', received_at: AT };
  await tx('submissions')
    .insert({ ticket: TICKET, ...about, ...state })
    .onConflict('ticket')
    .ignore();
}

async function addListFile(tx: Db, sha256: string): Promise<void> {
  const document = { list: 'statement', period: '2026-03', authority: '0206731645', version: 1 };
  const run = { sequence: 1, slot: AT, from_day: '2026-03-01', until_day: '2026-04-01', after: 0, cutoff: 0 };
  await tx('list_runs')
    .insert({ list: 'statement', period: '2026-03', ...run, state: 'done', begun_at: AT })
    .onConflict(['list', 'period'])
    .ignore();
  const counts = { records: 1, corrections: 0, totals: '{}', message_id: 'm', published_at: AT };
  await tx('list_documents')
    .insert({ ...document, ...counts })
    .onConflict(['list', 'period', 'authority', 'version'])
    .ignore();
  await tx('list_files').insert({ ...document, format: 'csv', name: 'statement.csv', sha256, size: 1 });
}

function addDocumentDelivery(tx: Db, row: { id: string; sha256: string; signature_sha256: string }) {
  return tx('document_deliveries').insert({ sender: '123456', stem: row.id, placed_at: AT, ...row });
}
