import type { DocumentReady } from '../../schemas/messages.ts';
import type { Pipeline, StageContext, Work } from '../broker/pipeline.ts';
import { fileDate } from '../core/calendar.ts';
import { outFolderOf } from '../landing/file-name.ts';
import { placeFiles } from '../landing/folder-files.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import { addRow, findRow } from '../store/sql.ts';
import type { DispatchDeps } from './dispatch.ts';
import { replyStem } from './reply-name.ts';
import { encodeSignatureFile, signDetachedAside } from './sign.ts';

/** A document on its way into a sender's OUT folder. */
interface DocumentWork extends Work {
  readonly document: DocumentReady;
  /** As signed now; not used when it was placed before. */
  readonly signatureFile: Buffer;
  readonly stem: string;
}

/** Signs each document that answers no submission and places it as FO, FS and GO: the whole trio or nothing, and once. */
export function documentsPipeline({ blobs, identity, numbers }: DispatchDeps): Pipeline<DocumentReady, DocumentWork> {
  return {
    kind: 'document.ready',
    queue: 'documents',
    async prepare(document, { now }) {
      const { goal, environment, sha256 } = document;
      const day = fileDate(now);
      const signature = await signDetachedAside({ digest: Buffer.from(sha256, 'hex'), identity, now });
      const stem = replyStem(goal, day, await numbers.take({ day, goal, environment }), environment);
      return { kind: 'work', document, stem, signatureFile: encodeSignatureFile(signature) };
    },
    stages: { place: (work, context) => place(work, context, blobs) },
  };
}

async function place(work: DocumentWork, context: StageContext, blobs: BlobStore): Promise<DocumentWork> {
  const { tx, now } = context;
  const { id, sender, environment, sha256 } = work.document;
  const earlier = await findRow<{ stem: string; signature_sha256: string }>(tx, 'document_deliveries', { id });
  const { stem, signature } = earlier
    ? { stem: earlier.stem, signature: earlier.signature_sha256 }
    : await addDelivery(work, context, blobs);
  const trio = [
    { name: `FO.${stem}`, sha256 },
    { name: `FS.${stem}`, sha256: signature },
    { name: `GO.${stem}`, bytes: Buffer.alloc(0) },
  ];
  await placeFiles(tx, sender, outFolderOf(environment), trio, now);
  const outcome = earlier ? 'placed again' : 'placed';
  await audit(tx, {
    at: now,
    who: 'engine',
    what: 'document placed',
    subject: `FO.${stem}`,
    outcome,
    facts: { id, sender, sha256 },
  });
  return work;
}

async function addDelivery(
  { document, stem, signatureFile }: DocumentWork,
  { tx, now }: StageContext,
  blobs: BlobStore,
) {
  const { id, sender, sha256 } = document;
  const { sha256: signature } = await blobs.put(tx, signatureFile);
  const row = { id, sender, stem, sha256, signature_sha256: signature, placed_at: now.toISOString() };
  await addRow(tx, 'document_deliveries', row);
  return { stem, signature };
}
