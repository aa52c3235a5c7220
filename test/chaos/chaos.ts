import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from '../../engine/store/database.ts';
import type { Comparison } from './compare.ts';
import { type ReadySet, writeDocuments } from './documents.ts';
import { type Exit, endProblems, exitProblem, faultProblems } from './ends.ts';
import { planFaults, windowOf } from './faults-plan.ts';
import { injectFaults } from './inject.ts';
import { createInstallation, type Installation, startInstallation } from './installation.ts';
import type { ChaosOptions } from './options.ts';
import { awaitQuiet, type Open } from './quiet.ts';
import { joined, reconcileAnswers, reconcileContents } from './reconcile.ts';
import type { Report } from './report.ts';
import type { Sent } from './sender.ts';
import { sendAgain, sendAll, sendingProblems, takenUnheard, unheardOf } from './sending.ts';
import { planSubmissions, type SubmissionsPlan } from './submissions-plan.ts';

/** How a run ended. */
export interface ChaosResult extends Comparison {
  /** Where all data and logs are; undefined when they were removed. */
  readonly dir: string | undefined;
}

const SENDERS_PATIENCE_MS = 150_000;
const QUIET_WITHIN_MS = 120_000;
const AGAIN_WITHIN_MS = 60_000;

/** One whole run: starts everything, sends and breaks, waits until it is quiet, and counts. Stops what it started. */
export async function runChaos(options: ChaosOptions, report: Report, signal: AbortSignal): Promise<ChaosResult> {
  const { seed, submissions, kills, broker } = options;
  const windowMs = windowOf(kills, submissions, broker);
  const plan = planSubmissions(seed, submissions, windowMs);
  const exits: string[] = [];
  function onExit(exit: Exit): void {
    exits.push(exitProblem(exit));
    report.say(`            ${exit.name} ended by itself: ${exit.how}`);
  }
  const installation = await createInstallation({ broker, senders: plan.senders, onExit });
  report.say(`chaos seed ${seed}: ${submissions} submissions, ${kills} kills, ${broker}, in ${installation.dir}`);
  const run: Run = { options, plan, report, signal, windowMs, installation };
  const { problems: wrong, counts } = await carryOut(run)
    .catch((error: unknown) => ({ problems: [sentenceOf(error)], counts: [] }))
    .finally(installation.kill);
  const problems = [...wrong, ...exits];
  const keep = options.keep || problems.length > 0;
  if (!keep) await installation.remove();
  return { problems, counts, dir: keep ? installation.dir : undefined };
}

interface Run {
  readonly options: ChaosOptions;
  readonly plan: SubmissionsPlan;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly windowMs: number;
  readonly installation: Installation;
}

async function carryOut(run: Run): Promise<Comparison> {
  const { installation, signal, report } = run;
  const from = Date.now();
  const [ready] = await Promise.all([prepare(run), startInstallation(installation)]);
  signal.throwIfAborted();
  report.say(`started within ${secondsSince(from)} s`);
  const { sent, faults } = await sendAndBreak(ready, run);
  const db = installation.openStore();
  try {
    const settled = await settle(sent, run, db);
    const counting = Date.now();
    const answers = await reconcileAnswers(run.options.submissions, sent, { installation, db });
    const endings = await installation.stop();
    const contents = await reconcileContents(installation, db);
    report.say(`counted within ${secondsSince(counting)} s`);
    return joined([faults, settled, answers, contents, { problems: endProblems(endings), counts: [] }]);
  } finally {
    await db.destroy();
  }
}

async function prepare({ installation, plan }: Run): Promise<ReadySet[]> {
  const dir = join(installation.dir, 'sets');
  await mkdir(dir);
  const senders = installation.accounts.map(({ number }) => number);
  return writeDocuments(plan.sets, { dir, signer: installation.pki.sender, senders, now: new Date() });
}

/** The senders send while the faults come; both begin at the same moment. */
async function sendAndBreak(ready: readonly ReadySet[], run: Run): Promise<{ sent: Sent[]; faults: Comparison }> {
  const { installation, options, report, signal, windowMs } = run;
  const startedAt = Date.now();
  const planned = planFaults(options.seed, options.kills, installation.targets, windowMs);
  const failures: string[] = [];
  const onFailure = (error: string) => void failures.push(error);
  const deadline = startedAt + windowMs + SENDERS_PATIENCE_MS;
  let brokenUntil = startedAt;
  const [done, sent] = await Promise.all([
    injectFaults(planned, { installation, startedAt, signal, onFault: report.fault }).finally(() => {
      brokenUntil = Date.now();
    }),
    sendAll(ready, { installation, seed: options.seed, startedAt, deadline, signal, onFailure }),
  ]);
  signal.throwIfAborted();
  const meanwhile = sent.filter(({ acknowledgedAt = Number.POSITIVE_INFINITY }) => acknowledgedAt < brokenUntil);
  const seconds = ((brokenUntil - startedAt) / 1000).toFixed(1);
  report.say(`broken for ${seconds} s, sent for ${secondsSince(startedAt)} s`);
  report.say(`${meanwhile.length} of ${sent.length} sets were acknowledged before everything worked again`);
  report.say(`${failures.length} sessions of senders failed${mostCommon(failures)}`);
  return { sent, faults: faultProblems(options.kills, planned, done) };
}

const secondsSince = (from: number) => ((Date.now() - from) / 1000).toFixed(1);

function mostCommon(failures: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  const worst = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  return worst.map(([failure, times]) => `; ${times} × ${failure}`).join('');
}

/** Waits until nothing is left to do, lets the senders send again what they know of no acknowledgement for, and waits again. */
async function settle(sent: readonly Sent[], run: Run, db: Db): Promise<Comparison> {
  const { installation, options, report, signal } = run;
  const from = Date.now();
  await awaitQuiet(db, QUIET_WITHIN_MS, signal);
  const unheard = unheardOf(sent);
  const taken = await takenUnheard(unheard, db);
  const deadline = Date.now() + AGAIN_WITHIN_MS;
  const failures: string[] = [];
  const onFailure = (error: string) => void failures.push(error);
  await sendAgain(sent, { installation, seed: options.seed, deadline, signal, onFailure });
  const open = await awaitQuiet(db, QUIET_WITHIN_MS / 2, signal);
  signal.throwIfAborted();
  report.say(`quiet after ${secondsSince(from)} s`);
  report.say(`${unheard.length} sets were sent again, of which ${taken} had been taken unheard${mostCommon(failures)}`);
  return joined([sendingProblems(options.submissions, sent, unheard), unsettled(open)]);
}

function unsettled(open: Open): Comparison {
  const within = (1.5 * QUIET_WITHIN_MS) / 1000;
  const problems = Object.entries(open).map(([what, number]) => `not quiet after ${within} s: ${number} ${what}`);
  return { problems, counts: [] };
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? `${error.message}: ${sentenceOf(error.cause)}` : (error.stack ?? error.message);
}
