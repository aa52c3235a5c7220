import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pki } from '../../test/support/pki.ts';
import { type ClientKey, openDesk } from '../../test/support/sftp-client.ts';
import type { Figure } from '../bench.ts';
import type { Contender } from './flow-contender.ts';
import { type BenchEngine, type EnginePlan, startBenchEngine } from './flow-engine.ts';
import { figuresOf, type Result } from './flow-figures.ts';
import { growth } from './flow-growth.ts';
import { measureRun, median, type Outcome } from './flow-run.ts';
import { type BenchServices, missingPackages, startServices } from './flow-services.ts';
import { type FlowSender, makeSenders } from './flow-sets.ts';
import { receivingOnly, startPipeline } from './flow-shell.ts';
import { type Step, stepsBetween, timersOf } from './flow-stages.ts';
import { startOpenssh, stopChild } from './openssh.ts';

const SENDERS = 4;
const ROUNDS = 3;
const SETS_EACH = 50; // of each sender and round
const SHELL_SETS_EACH = 10;
const LOGIN_SETS_EACH = 10;
const PACED_SETS = 40;
const PACED_EVERY_MS = 200;
const WORKERS = [1, 2, 4] as const;
const GROWTH_SETS_EACH = 40;
const STORED = [1_000, 100_000] as const;
const WARM_ROUNDS = 5; // 1,000 submissions: until then the engine gets quicker
const UNPACED_SETS_EACH = (WARM_ROUNDS + ROUNDS) * SETS_EACH;
const SHELL_SETS_OF_TURN = ROUNDS * (SHELL_SETS_EACH + LOGIN_SETS_EACH) + PACED_SETS;
const MADE_EACH = Math.max(
  UNPACED_SETS_EACH + PACED_SETS + ROUNDS * LOGIN_SETS_EACH,
  2 * WORKERS.length * SHELL_SETS_OF_TURN,
);

/** Everything that the contenders share. */
interface Bench {
  readonly dir: string;
  readonly key: ClientKey;
  readonly pki: Pki;
  readonly senders: readonly FlowSender[];
  readonly stops: (() => Promise<unknown>)[];
}

/**
 * Signed declarations of 4 KiB from the first put until the receipt is in OUT and the message in the mailbox, all
 * durable: by the engine, by a shell pipeline behind OpenSSH, and merely received by OpenSSH. The client is the real
 * `sftp`, the same number of sessions for all, kept open or opened for each submission; each engine runs alone, after 1,000 submissions, in turn with the
 * references; medians over the rounds. Needs root for sshd.
 */
export async function* benchFlow(): AsyncIterable<Figure> {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`install ${missing.join(' and ')}: the bench starts its own`);
  const dir = mkdtempSync(join(tmpdir(), 'bode-bench-'));
  const desk = openDesk();
  const stops: Bench['stops'] = [];
  try {
    const key = desk.newKey();
    const [pki, senders] = await makeSenders(dir, SENDERS, MADE_EACH);
    const bench = { dir, key, pki, senders, stops };
    const openssh = await startOpenssh(dir, key, desk.newKey());
    stops.push(() => stopChild(openssh.child));
    const services = await startServices(inDir(bench, 'services'));
    stops.push(services.stop);
    const shell = keep(bench, await startPipeline(inDir(bench, 'shell'), pki, senders, openssh));
    const receiving = receivingOnly(inDir(bench, 'received'), senders, openssh);
    yield* compareAll(bench, shell, receiving, services);
    yield* grow(bench, 'SQLite');
    yield* grow(bench, 'PostgreSQL', services);
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(dir, { recursive: true, force: true });
    desk.remove();
  }
}

function inDir({ dir }: Pick<Bench, 'dir'>, name: string): string {
  const path = join(dir, name.replaceAll(/\W+/g, '-'));
  mkdirSync(path, { recursive: true });
  return path;
}

function keep<C extends Contender>(bench: Bench, contender: C): C {
  bench.stops.push(contender.stop);
  return contender;
}

async function startEngine(
  bench: Bench,
  name: string,
  workers: number,
  services?: BenchServices,
): Promise<BenchEngine> {
  const { key, pki, senders } = bench;
  const plan: EnginePlan = { name, dir: inDir(bench, name), key, pki, senders, workers };
  if (!services) return keep(bench, await startBenchEngine(plan));
  const store = await services.newDatabase(name.replaceAll(/\W+/g, '_').toLowerCase());
  return keep(bench, await startBenchEngine({ ...plan, services: { store, broker: services.amqpUrl } }));
}

const plural = (count: number) => `${count} worker${count === 1 ? '' : 's'}`;

/** One engine at a time, warm, in turn with the references: an idle one beside it would take its share of the machine. */
async function* compareAll(bench: Bench, shell: Contender, receiving: Contender, services: BenchServices) {
  let turn = 0;
  for (const [kind, at] of [
    ['embedded', undefined],
    ['RabbitMQ + PostgreSQL', services],
  ] as const) {
    const results: (readonly [Result, Result, Result])[] = [];
    for (const workers of WORKERS) {
      const engine = await startEngine(bench, `${kind}, ${plural(workers)}`, workers, at);
      results.push(await runBeside(bench, engine, { shell, receiving }, turn));
      await engine.stop();
      turn += 1;
    }
    const best = results.map(([ours]) => ours).toSorted((a, b) => b.rate - a.rate)[0];
    for (const [ours, ...references] of results) yield* figuresOf(ours, ...references, ours === best);
  }
}

interface References {
  readonly shell: Contender;
  readonly receiving: Contender;
}

/** The engine's rounds and those of the references, in turn; `turn` says how often the references were used before. */
async function runBeside(bench: Bench, engine: BenchEngine, { shell, receiving }: References, turn: number) {
  const { senders } = bench;
  for (let round = 0; round < WARM_ROUNDS; round += 1) {
    await measureRun(engine, { senders, from: round * SETS_EACH, count: SETS_EACH });
  }
  const outcomes: [Outcome[], Outcome[], Outcome[]] = [[], [], []];
  const logins: [Outcome[], Outcome[], Outcome[]] = [[], [], []];
  const before = await timersNow(engine);
  for (let round = 0; round < ROUNDS; round += 1) {
    outcomes[0].push(await measureRun(engine, { senders, from: (WARM_ROUNDS + round) * SETS_EACH, count: SETS_EACH }));
    const from = turn * SHELL_SETS_OF_TURN + round * SHELL_SETS_EACH; // it takes each set once
    outcomes[1].push(await measureRun(shell, { senders, from, count: SHELL_SETS_EACH }));
    outcomes[2].push(await measureRun(receiving, { senders, from: 0, count: SETS_EACH }));
  }
  const steps = stepsBetween(before, await timersNow(engine), SENDERS * SETS_EACH * ROUNDS);
  const paced = await measurePaced(bench, engine, UNPACED_SETS_EACH);
  const pacedFrom = turn * SHELL_SETS_OF_TURN + ROUNDS * SHELL_SETS_EACH;
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = UNPACED_SETS_EACH + PACED_SETS + round * LOGIN_SETS_EACH;
    const plan = { senders, count: LOGIN_SETS_EACH, logInForEach: true };
    const unused = pacedFrom + PACED_SETS + round * LOGIN_SETS_EACH;
    logins[0].push(await measureRun(engine, { ...plan, from }));
    logins[1].push(await measureRun(shell, { ...plan, from: unused }));
    logins[2].push(await measureRun(receiving, { ...plan, from: 0 }));
  }
  return [
    { ...resultOf(engine, outcomes[0], paced, steps), loginRate: rateOf(logins[0]) },
    { ...resultOf(shell, outcomes[1], await measurePaced(bench, shell, pacedFrom), []), loginRate: rateOf(logins[1]) },
    { ...resultOf(receiving, outcomes[2], await measurePaced(bench, receiving, 0), []), loginRate: rateOf(logins[2]) },
  ] as const;
}

function resultOf(contender: Contender, all: readonly Outcome[], paced: Outcome, steps: readonly Step[]) {
  return {
    contender,
    rate: rateOf(all),
    burst: all.flatMap(({ latencies }) => latencies).sort((a, b) => a - b),
    paced: paced.latencies,
    cpu: Object.fromEntries(Object.keys(contender.processes).map((what) => [what, median(all.map(cpuOfOne(what)))])),
    steps,
  };
}

const rateOf = (all: readonly Outcome[]) => median(all.map(({ sets, seconds }) => sets / seconds));

const cpuOfOne =
  (what: string) =>
  ({ cpuMs, sets }: Outcome) =>
    (cpuMs[what] ?? 0) / sets;

const timersNow = async (contender: Contender) =>
  'metrics' in contender ? timersOf((contender as BenchEngine).metrics) : new Map();

/** One sender, one set at a time, with time between: how long a single one takes. */
function measurePaced({ senders }: Bench, contender: Contender, from: number): Promise<Outcome> {
  return measureRun(contender, { senders: senders.slice(0, 1), from, count: PACED_SETS, everyMs: PACED_EVERY_MS });
}

async function* grow(bench: Bench, store: string, services?: BenchServices): AsyncIterable<Figure> {
  const start = (submissions: number) => startEngine(bench, `growth ${store} ${submissions}`, 4, services);
  const [small, large] = STORED;
  const engines = { small: await start(small), large: await start(large) };
  yield* growth(
    { engine: engines.small, submissions: small },
    { engine: engines.large, submissions: large },
    { store, senders: bench.senders, from: 0, rounds: ROUNDS, setsEach: GROWTH_SETS_EACH },
  );
  await engines.small.stop();
  await engines.large.stop();
}
