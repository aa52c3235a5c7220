import type { AnswerReady } from '../../schemas/messages.ts';
import type { Pipeline, StageContext, Work } from '../broker/pipeline.ts';
import { fileDate } from '../core/calendar.ts';
import { outFolderOf } from '../landing/file-name.ts';
import { placeFiles } from '../landing/folder-files.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { findRow, insertRow } from '../store/sql.ts';
import { addEvent } from '../submissions/events.ts';
import { nextReplyNumber, replyStem } from './reply-name.ts';
import { encodeSignatureFile, type Identity, signDetachedAside } from './sign.ts';

/** An answer on its way into the sender's OUT folder. */
interface AnswerWork extends Work {
  readonly answer: AnswerReady;
  /** The content of the FS file, as signed now; not used when the answer was signed before. */
  readonly signatureFile: Buffer;
}

interface Delivery {
  readonly stem: string;
  readonly signatureSha256: string;
}

export interface DispatchDeps {
  readonly blobs: BlobStore;
  readonly identity: Identity;
}

/** Signs each answer and places it as FO, FS and GO in the sender's OUT folder: the whole trio or nothing. */
export function answersPipeline({ blobs, identity }: DispatchDeps): Pipeline<AnswerReady, AnswerWork> {
  return {
    kind: 'answer.ready',
    queue: 'answers',
    async prepare(answer, { now }) {
      const signature = await signDetachedAside({ digest: Buffer.from(answer.sha256, 'hex'), identity, now });
      return { kind: 'work', answer, signatureFile: encodeSignatureFile(signature) };
    },
    stages: { place: (work, context) => placeTrio(work, context, blobs) },
  };
}

async function placeTrio(work: AnswerWork, context: StageContext, blobs: BlobStore): Promise<AnswerWork> {
  const { tx, now } = context;
  const { answer } = work;
  const earlier = await findDelivery(tx, answer);
  const { stem, signatureSha256 } = earlier ?? (await addDelivery(work, context, blobs));
  await placeFiles(
    tx,
    answer.sender,
    outFolderOf(answer.environment),
    [
      { name: `FO.${stem}`, sha256: answer.sha256 },
      { name: `FS.${stem}`, sha256: signatureSha256 },
      { name: `GO.${stem}`, bytes: Buffer.alloc(0) },
    ],
    now,
  );
  const what = answer.goal === 'ACRF' ? 'receipt placed' : 'notification placed';
  await addEvent(tx, answer.ticket, now, what, { file: `FO.${stem}` });
  await auditPlacing(context, answer, `FO.${stem}`, earlier ? 'placed again' : 'placed');
  return work;
}

function auditPlacing({ tx, now }: StageContext, answer: AnswerReady, file: string, outcome: string): Promise<void> {
  const { ticket, sender, sha256 } = answer;
  const facts = { ticket, sender, sha256 };
  return audit(tx, { at: now, who: 'engine', what: 'answer placed', subject: file, outcome, facts });
}

async function findDelivery(tx: Db, { ticket, goal }: AnswerReady): Promise<Delivery | undefined> {
  const row = await findRow<{ stem: string; signature_sha256: string }>(tx, 'deliveries', { ticket, goal });
  return row && { stem: row.stem, signatureSha256: row.signature_sha256 };
}

/** The first time: takes the next name and keeps the signature, so that the same answer is given whenever it is given again. */
async function addDelivery(work: AnswerWork, { tx, now }: StageContext, blobs: BlobStore): Promise<Delivery> {
  const { ticket, goal, environment, sha256 } = work.answer;
  const day = fileDate(now);
  const stem = replyStem(goal, day, await nextReplyNumber(tx, day, goal, environment), environment);
  const signature = await blobs.put(tx, work.signatureFile);
  const row = { ticket, goal, stem, sha256, signature_sha256: signature.sha256, placed_at: now.toISOString() };
  await insertRow(tx, 'deliveries', row);
  return { stem, signatureSha256: signature.sha256 };
}
