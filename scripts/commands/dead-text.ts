import type { LetterCase } from '../../engine/intake/dead-letter-desk.ts';
import type { EventStory } from '../../engine/submissions/story.ts';
import { printableText, table } from './output.ts';
import { maskInss } from './story-text.ts';

const TITLES = ['ID', 'QUEUE', 'TICKET', 'SENDER', 'GOAL', 'BURIED', 'STATE', 'CODE', 'ERROR'];
const ERROR_LENGTH = 100;

/** Dead letters as columns, INSS numbers masked. */
export function letterTable(cases: readonly LetterCase[]): string[] {
  return table(TITLES, cases.map(cells)).map(maskInss);
}

function cells(found: LetterCase): string[] {
  const { letter, submission } = found;
  const { id, queue, buriedAt, reason, code = '-' } = letter;
  const about = [submission?.ticket ?? '-', submission?.sender ?? '-', submission?.goal ?? '-'];
  const error = reason.length > ERROR_LENGTH ? `${reason.slice(0, ERROR_LENGTH)}…` : reason;
  return [String(id), queue, ...about, buriedAt.toISOString(), stateOf(found), code, error];
}

/** Whether the letter could be replayed, in a word or two. */
function stateOf({ submission, answered }: LetterCase): string {
  if (!submission) return 'unknown';
  return answered ? 'already answered' : 'waiting';
}

/** One dead letter with its history as text, INSS numbers masked. */
export function letterText(found: LetterCase, history: readonly EventStory[]): string[] {
  const { letter, submission } = found;
  const { id, queue, messageId, message, attempt, reason, code, buriedAt, answerBy } = letter;
  return [
    `dead letter ${id} in ${queue}: ${stateOf(found)}`,
    `  buried ${buriedAt.toISOString()} at attempt ${attempt}`,
    `  error: ${reason}${code === undefined ? '' : ` (${code})`}`,
    ...(answerBy && !found.answered
      ? [`  refused with 163 at ${answerBy.toISOString()} unless it is replayed before`]
      : []),
    ...(submission
      ? [`  submission ${submission.ticket} ${submission.stem}, sender ${submission.sender}, ${submission.state}`]
      : ['  submission: not known here']),
    `  message ${messageId}: ${message}`,
    'history',
    ...history.map(({ at, what, facts }) => `  ${at}  ${what}  ${factsText(facts)}`),
  ].map((line) => maskInss(printableText(line)));
}

function factsText({ messageId: _, ...facts }: EventStory['facts']): string {
  return Object.entries(facts)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}

/** A dead letter for programs. */
export function letterJson({ letter, submission, answered }: LetterCase) {
  const { id, queue, messageId, attempt, reason, code = null, buriedAt, answerBy } = letter;
  return {
    id,
    queue,
    messageId,
    ticket: submission?.ticket ?? null,
    sender: submission?.sender ?? null,
    goal: submission?.goal ?? null,
    stem: submission?.stem ?? null,
    state: submission?.state ?? null,
    resultCode: submission?.resultCode ?? null,
    answered,
    answerBy: answerBy?.toISOString() ?? null,
    attempts: attempt,
    code,
    error: reason,
    buriedAt: buriedAt.toISOString(),
  };
}

/** What the message says, as an object; as text when it is not even JSON. */
export function payloadOf(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return message;
  }
}
