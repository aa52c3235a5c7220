import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from '../../engine/store/database.ts';
import { seededRandom } from '../support/random.ts';
import type { Comparison } from './compare.ts';
import { type ReadySet, writeDocuments } from './documents.ts';
import { planFaults, windowOf } from './faults-plan.ts';
import { injectFaults } from './inject.ts';
import { createInstallation, type Installation, startInstallation } from './installation.ts';
import type { ChaosOptions } from './options.ts';
import { awaitQuiet, type Open } from './quiet.ts';
import { joined, reconcileAnswers, reconcileContents } from './reconcile.ts';
import type { Report } from './report.ts';
import { runSender, type Sent } from './sender.ts';
import { sftpSession } from './sftp-session.ts';
import { planSubmissions, type SubmissionsPlan } from './submissions-plan.ts';

/** How a run ended. */
export interface ChaosResult extends Comparison {
  /** Where all data and logs are; undefined when they were removed. */
  readonly dir: string | undefined;
}

const SENDERS_PATIENCE_MS = 150_000;
const QUIET_WITHIN_MS = 120_000;

/** One whole run: starts everything, sends and breaks, waits until it is quiet, and counts. Stops what it started. */
export async function runChaos(options: ChaosOptions, report: Report, signal: AbortSignal): Promise<ChaosResult> {
  const { seed, submissions, kills, broker } = options;
  const windowMs = windowOf(kills, submissions, broker);
  const plan = planSubmissions(seed, submissions, windowMs);
  const exits: string[] = [];
  function onExit(name: string, how: string): void {
    exits.push(name);
    report.say(`            ${name} ended by itself: ${how}`);
  }
  const installation = await createInstallation({ broker, senders: plan.senders, onExit });
  report.say(`chaos seed ${seed}: ${submissions} submissions, ${kills} kills, ${broker}, in ${installation.dir}`);
  const run: Run = { options, plan, report, signal, windowMs, exits, installation };
  const { problems, counts } = await carryOut(run)
    .catch((error: unknown) => ({ problems: [sentenceOf(error)], counts: [] }))
    .finally(installation.kill);
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
  /** Names of processes that ended by themselves, as they do. */
  readonly exits: readonly string[];
  readonly installation: Installation;
}

async function carryOut(run: Run): Promise<Comparison> {
  const { installation, signal, report } = run;
  const from = Date.now();
  const [ready] = await Promise.all([prepare(run), startInstallation(installation)]);
  signal.throwIfAborted();
  report.say(`started within ${secondsSince(from)} s`);
  const sent = await sendAndBreak(ready, run);
  const db = installation.openStore();
  try {
    const open = await settle(sent, run, db);
    const counting = Date.now();
    const answers = await reconcileAnswers(sent, installation, db);
    const statuses = await installation.stop();
    const contents = await reconcileContents(installation, db);
    report.say(`counted within ${secondsSince(counting)} s`);
    return joined([unsettled(open), answers, contents, ends(statuses, run)]);
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
async function sendAndBreak(ready: readonly ReadySet[], run: Run): Promise<Sent[]> {
  const { installation, options, report, signal, windowMs } = run;
  const startedAt = Date.now();
  const faults = planFaults(options.seed, options.kills, installation.targets, windowMs);
  const failures: string[] = [];
  const breaking = injectFaults(faults, { installation, startedAt, signal, onFault: report.fault }).then(Date.now);
  const sending = sendAll(ready, startedAt, failures, run);
  const [brokenUntil, sent] = await Promise.all([breaking, sending]);
  signal.throwIfAborted();
  const meanwhile = sent.filter(({ acknowledgedAt = Number.POSITIVE_INFINITY }) => acknowledgedAt < brokenUntil);
  const seconds = ((brokenUntil - startedAt) / 1000).toFixed(1);
  report.say(`broken for ${seconds} s, sent for ${secondsSince(startedAt)} s`);
  report.say(`${meanwhile.length} of ${sent.length} sets were acknowledged before everything worked again`);
  report.say(`${failures.length} sessions of senders failed${mostCommon(failures)}`);
  return sent;
}

async function sendAll(
  ready: readonly ReadySet[],
  startedAt: number,
  failures: string[],
  { installation, options, signal, windowMs }: Run,
): Promise<Sent[]> {
  const common = {
    ports: installation.sftpPorts,
    startedAt,
    deadline: startedAt + windowMs + SENDERS_PATIENCE_MS,
    signal,
    onFailure: (error: string) => void failures.push(error),
  };
  const senders = installation.accounts.map((account, at) => {
    const own = ready.filter(({ set }) => set.sender === at);
    return runSender(own, { ...common, account, random: seededRandom(options.seed * 31 + at) });
  });
  return (await Promise.all(senders)).flat();
}

const secondsSince = (from: number) => ((Date.now() - from) / 1000).toFixed(1);

function mostCommon(failures: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  const worst = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  return worst.map(([failure, times]) => `; ${times} × ${failure}`).join('');
}

/** Waits until nothing is left to do; a GO that still lies in IN is put again, as its sender finds it there. */
async function settle(sent: readonly Sent[], run: Run, db: Db): Promise<Open> {
  const { installation, report, signal } = run;
  const from = Date.now();
  await awaitQuiet(db, QUIET_WITHIN_MS, signal);
  await sendWaiting(sent, installation, db);
  const open = await awaitQuiet(db, QUIET_WITHIN_MS / 2, signal);
  signal.throwIfAborted();
  report.say(`quiet after ${secondsSince(from)} s`);
  return open;
}

async function sendWaiting(sent: readonly Sent[], { accounts, sftpPorts }: Installation, db: Db): Promise<void> {
  const waiting: { name: string; sender: string }[] = await db('folder_files')
    .select('name', 'sender')
    .where('name', 'like', 'GO.%')
    .where({ folder: 'IN', state: 'complete' });
  for (const { name, sender } of waiting) {
    const { dir } = sent.find(({ ready }) => ready.goName === name)?.ready ?? {};
    const account = accounts.find(({ number }) => number === sender);
    if (dir && account) await sftpSession(account, sftpPorts[0] ?? 0, [`put ${dir}/${name} IN/${name}`]);
  }
}

function unsettled(open: Open): Comparison {
  const within = (1.5 * QUIET_WITHIN_MS) / 1000;
  const problems = Object.entries(open).map(([what, number]) => `not quiet after ${within} s: ${number} ${what}`);
  return { problems, counts: [] };
}

/** How the engine processes ended: when they were told to with 0, and never by themselves but for want of their servers. */
function ends(statuses: ReadonlyMap<string, number | null>, { exits }: Run): Comparison {
  const unwell = [...statuses].filter(([, status]) => status !== 0);
  return {
    problems: unwell.map(([name, status]) => `${name} ended with ${status ?? 'SIGKILL'} when it was told to stop`),
    counts: [{ what: 'processes that ended by themselves', expected: 'any', found: exits.length }],
  };
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? `${error.message}: ${sentenceOf(error.cause)}` : (error.stack ?? error.message);
}
