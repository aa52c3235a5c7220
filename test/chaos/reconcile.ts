import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { topologyOf } from '../../engine/broker/topology.ts';
import type { Db } from '../../engine/store/database.ts';
import { type SubmissionStory, storyOf } from '../../engine/submissions/story.ts';
import { bode } from '../support/command-line.ts';
import { onChannel } from '../support/rabbitmq.ts';
import { type Comparison, type Count, compare } from './compare.ts';
import { readContents } from './contents.ts';
import { expectedOf } from './expected.ts';
import type { Installation } from './installation.ts';
import { NAMESPACE } from './members.ts';
import { askBode, type Listed, observe } from './observed.ts';
import type { Sent } from './sender.ts';
import { signatureProblems } from './signatures.ts';

const BY_COMMAND = 5;

/** Counts what was sent and what came of it, from outside and in the store; the engine runs and is quiet. */
export async function reconcileAnswers(
  asked: number,
  sent: readonly Sent[],
  { installation, db }: { readonly installation: Installation; readonly db: Db },
): Promise<Comparison> {
  const observed = await observe(installation);
  const compared = compare(asked, expectedOf(sent), observed);
  const answers = observed.folders.flatMap((folder) => folder.answers);
  const parts = [
    compared,
    leftInFolders(
      sent,
      observed.folders.flatMap(({ inNames }) => inNames),
    ),
    { problems: await signatureProblems(answers, installation), counts: [] },
    await checkStories(observed.submissions, installation, db),
    await checkQueues(installation, db),
  ];
  return joined(parts);
}

/** Counts content, sweeps it and verifies the audit; no engine process runs any more, so that nothing is too young to go. */
export async function reconcileContents(installation: Installation, db: Db): Promise<Comparison> {
  const audit = await commandProblems(installation, ['audit', 'verify']);
  return joined([await checkContents(installation, db), { problems: audit, counts: [] }]);
}

/** Comparisons as one. */
export function joined(parts: readonly Comparison[]): Comparison {
  return { problems: parts.flatMap(({ problems }) => problems), counts: parts.flatMap(({ counts }) => counts) };
}

/** Files in IN: none, but for parts of a set whose session was cut off; its GO was taken. */
export function leftInFolders(sent: readonly Sent[], names: readonly string[]): Comparison {
  const interrupted = sent.filter(({ failedAt }) => failedAt !== undefined).map(({ ready }) => ready.stem);
  const [excused, wrong] = [names.filter(isExcused), names.filter((name) => !isExcused(name))];
  function isExcused(name: string): boolean {
    return !name.startsWith('GO.') && interrupted.some((stem) => name.startsWith(stem, 3));
  }
  return {
    problems: wrong.map((name) => `${name} is left in IN`),
    counts: [
      { what: 'files left in IN', expected: '0', found: wrong.length },
      { what: 'files left in IN by sessions that were cut off', expected: 'any', found: excused.length },
    ],
  };
}

/** The story of every submission; of some as the command line tells it, too. */
async function checkStories(listed: readonly Listed[], installation: Installation, db: Db): Promise<Comparison> {
  const problems: string[] = [];
  const step = Math.max(1, Math.floor(listed.length / BY_COMMAND));
  for (const [at, { ticket }] of listed.entries()) {
    const story = await storyOf(db, ticket);
    if (!story) problems.push(`${ticket} is listed and has no story`);
    else problems.push(...storyProblems(story));
    if (at % step !== 0) continue;
    const told = await askBode<SubmissionStory>(installation, ['submission', ticket]);
    if (!isDeepStrictEqual(told, JSON.parse(JSON.stringify(story))))
      problems.push(`bode submission ${ticket} tells another story`);
  }
  return { problems, counts: [] };
}

function storyProblems({ ticket, state, receipt, forms, answers }: SubmissionStory): string[] {
  const indexes = forms.map(({ index }) => index);
  const goals = answers.map(({ goal }) => goal).toSorted();
  const due = state === 'handled' ? ['ACRF', 'NOTI'] : ['ACRF'];
  return [
    ...(receipt.resultCode === null ? [`${ticket} is undecided`] : []),
    ...(indexes.every((index, at) => index === at + 1) ? [] : [`${ticket} has the forms ${indexes.join(', ')}`]),
    ...(isDeepStrictEqual(goals, due)
      ? []
      : [`${ticket} (${state}) was answered with ${goals.join(', ') || 'nothing'}`]),
  ];
}

/** Nothing waits, nothing was given up. */
async function checkQueues({ brokerUrl }: Installation, db: Db): Promise<Comparison> {
  const counts: Count[] = [];
  for (const [table, what] of [
    ['outbox', 'messages in the outbox'],
    ['dead_letters', 'dead letters'],
  ] as const) {
    counts.push({ what, expected: '0', found: (await db(table).select('id')).length });
  }
  for (const { name } of brokerUrl ? topologyOf(NAMESPACE).queues : []) {
    const { messageCount } = await onChannel(brokerUrl ?? '', (channel) => channel.checkQueue(name));
    counts.push({ what: `messages in ${name}`, expected: '0', found: messageCount });
  }
  const wrong = counts.filter(({ found }) => found > 0);
  return { counts, problems: wrong.map(({ what, found }) => `${found} ${what}`) };
}

/** The engine's check and sweep, and the run's own reading before and after. */
async function checkContents(installation: Installation, db: Db): Promise<Comparison> {
  const blobDir = join(installation.dataDir, 'blobs');
  const before = await readContents(db, blobDir);
  const commands = [
    ...(await commandProblems(installation, ['store', 'check'])),
    ...(await commandProblems(installation, ['store', 'sweep', '--grace', '0s', '--stopped', '--yes'])),
  ];
  const after = await readContents(db, blobDir);
  return {
    problems: [
      ...before.problems.map((problem) => `before the sweep: ${problem}`),
      ...commands,
      ...after.problems.map((problem) => `after the sweep: ${problem}`),
      ...after.unreferenced.map((sha256) => `after the sweep: nothing refers to the blob ${sha256}`),
      ...after.unnamed.map((file) => `after the sweep: nothing names the file ${file}`),
    ],
    counts: [
      { what: 'blobs, files of blobs', expected: 'any', found: after.blobs + after.files },
      {
        what: 'blobs and files left over before the sweep',
        expected: 'any',
        found: before.unreferenced.length + before.unnamed.length,
      },
      {
        what: 'blobs and files left over after it',
        expected: '0',
        found: after.unreferenced.length + after.unnamed.length,
      },
    ],
  };
}

/** A command that must end well. */
async function commandProblems({ configFile, dir }: Installation, args: readonly string[]): Promise<string[]> {
  const { status, stdout, stderr } = await bode([...args, '--config', configFile], dir);
  if (status === 0) return [];
  return [`bode ${args.join(' ')} ended with ${status}: ${(stderr || stdout).trim().slice(0, 500)}`];
}
