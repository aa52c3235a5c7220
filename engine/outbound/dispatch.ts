import type { AnswerReady } from '../../schemas/messages.ts';
import type { Pipeline, StageContext, Work } from '../broker/pipeline.ts';
import { fileDate } from '../core/calendar.ts';
import { outFolderOf } from '../landing/file-name.ts';
import { placeFiles } from '../landing/folder-files.ts';
import { audit } from '../store/audit.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { addRow, findRow } from '../store/sql.ts';
import { addEvent } from '../submissions/events.ts';
import { replyStem } from './reply-name.ts';
import type { ReplyNumbers } from './reply-numbers.ts';
import { encodeSignatureFile, type Identity, signDetachedAside } from './sign.ts';

/** An answer on its way into the sender's OUT folder. */
interface AnswerWork extends Work {
  readonly answer: AnswerReady;
  /** The content of the FS file, as signed now; not used when the answer was signed before. */
  readonly signatureFile: Buffer;
  /** The name of the answer, but for its roles; not used when it was placed before. */
  readonly stem: string;
}

interface Delivery {
  readonly stem: string;
  readonly signatureSha256: string;
}

export interface DispatchDeps {
  readonly blobs: BlobStore;
  readonly identity: Identity;
  readonly numbers: ReplyNumbers;
}

/** Signs each answer and places it as FO, FS and GO in the sender's OUT folder: the whole trio or nothing. */
export function answersPipeline({ blobs, identity, numbers }: DispatchDeps): Pipeline<AnswerReady, AnswerWork> {
  return {
    kind: 'answer.ready',
    queue: 'answers',
    async prepare(answer, { now }) {
      const signature = await signDetachedAside({ digest: Buffer.from(answer.sha256, 'hex'), identity, now });
      const stem = await newStem(answer, fileDate(now), numbers);
      return { kind: 'work', answer, stem, signatureFile: encodeSignatureFile(signature) };
    },
    stages: { place: (work, context) => placeTrio(work, context, blobs) },
  };
}

async function newStem({ goal, environment }: AnswerReady, day: string, numbers: ReplyNumbers): Promise<string> {
  return replyStem(goal, day, await numbers.take({ day, goal, environment }), environment);
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

/** The first time: keeps the name and the signature, so that the same answer is given whenever it is given again. */
async function addDelivery(work: AnswerWork, { tx, now }: StageContext, blobs: BlobStore): Promise<Delivery> {
  const { stem } = work;
  const { ticket, goal, sha256 } = work.answer;
  const signature = await blobs.put(tx, work.signatureFile);
  const row = { ticket, goal, stem, sha256, signature_sha256: signature.sha256, placed_at: now.toISOString() };
  await addRow(tx, 'deliveries', row);
  return { stem, signatureSha256: signature.sha256 };
}
