import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Db } from '../../../engine/store/database.ts';
import { lastEventOf } from '../../../engine/submissions/events.ts';
import { type SubmissionStory, storyOf } from '../../../engine/submissions/story.ts';
import type { Bearer } from '../access.ts';
import { ProblemError } from '../problem.ts';
import { answerWhenNew, type WaitDeps } from './answer-when-new.ts';
import { OUT_PATH, SUBMISSIONS_PATH } from './paths.ts';

export interface StatusDeps extends WaitDeps {
  readonly db: Db;
}

/** Tells a sender what became of its submission. */
export async function status(request: FastifyRequest, reply: FastifyReply, { sender }: Bearer, deps: StatusDeps) {
  const { ticket } = request.params as { ticket: string };
  const read = async () => {
    const story = await storyOf(deps.db, ticket);
    if (story?.sender !== sender)
      throw new ProblemError('resourceNotFound', 'No submission of this sender has this ticket');
    return shown(story);
  };
  return answerWhenNew(request, reply, read, {
    ...deps,
    mark: () => lastEventOf(deps.db, ticket),
    isOpen: ({ receipt, notifications }) => !receipt.file && notifications.length === 0,
  });
}

/** What a sender is shown of its submission: no more than its receipt and notifications say. */
function shown(story: SubmissionStory) {
  const { ticket, stem, goal, channel, environment, state, receivedAt, receipt, answers, forms } = story;
  const fileOf = (goalOfAnswer: string) => {
    const answer = answers.find((one) => one.goal === goalOfAnswer);
    return answer && `FO.${answer.stem}`;
  };
  const acrf = fileOf('ACRF');
  return {
    ...{ href: `${SUBMISSIONS_PATH}/${ticket}`, ticket, stem, goal, channel, environment, state, receivedAt },
    receipt: { ...receipt, ...(acrf !== undefined && linked(acrf, environment)) },
    notifications: answers
      .filter((one) => one.goal !== 'ACRF')
      .map(({ goal: kind, stem: name, placedAt }) => ({
        ...{ goal: kind, placedAt },
        ...linked(`FO.${name}`, environment),
      })),
    forms: forms.map(({ index, part, outcome, anomalies }) => ({ index, part, outcome, anomalies })),
  };
}

const linked = (file: string, environment: string) => ({
  file,
  href: `${OUT_PATH}/${file}${environment === 'R' ? '' : `?environment=${environment}`}`,
});
