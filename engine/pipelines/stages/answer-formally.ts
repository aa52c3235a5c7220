import type { Stage, StageContext } from '../../broker/pipeline.ts';
import { done } from '../../broker/verdict.ts';
import { audit } from '../../store/audit.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { buildAcrf } from '../../submissions/acrf.ts';
import { addEvent } from '../../submissions/events.ts';
import { decide } from '../../submissions/submissions.ts';
import type { SubmissionWork } from '../submissions.ts';
import { queueAnswer } from './queue-answer.ts';

/** Decides the receipt: positive, or negative with every formal fault; a refused submission ends here. */
export function answerFormally(blobs: BlobStore): Stage<SubmissionWork> {
  return async (work, context) => {
    const refused = work.faults.length > 0;
    if (!(await record(work, context, refused))) return done; // cancelled while it was being read
    const errors = [...new Set(work.faults.map(({ code }) => code))];
    const { ticket } = work.submission;
    const resultCode = refused ? 0 : 1;
    const { fileName } = work;
    const bytes = buildAcrf({ now: context.now, fileName, ticket, resultCode, errors, typeForm: 'FA' });
    await queueAnswer(context, work.submission, 'ACRF', await blobs.put(context.tx, bytes));
    return refused ? done : work;
  };
}

async function record(work: SubmissionWork, { tx, now }: StageContext, refused: boolean): Promise<boolean> {
  const { ticket } = work.submission;
  const state = refused ? 'refused' : 'handled';
  const decided = await decide(tx, ticket, { state, resultCode: refused ? 0 : 1, errors: work.faults });
  if (!decided) return false;
  const codes = [...new Set(work.faults.map(({ code }) => code))];
  await addEvent(tx, ticket, now, refused ? 'refused' : 'accepted', refused ? { codes } : {});
  const facts = { stem: work.submission.stem, codes };
  await audit(tx, { at: now, who: 'engine', what: 'submission decided', subject: ticket, outcome: state, facts });
  return true;
}
