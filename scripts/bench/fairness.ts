import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from '../../engine/store/database.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import { openDesk } from '../../test/support/sftp-client.ts';
import type { Figure } from '../bench.ts';
import { addLoad, formsWaiting, type Load } from './fairness-load.ts';
import { type BenchEngine, type EnginePlan, startBenchEngine } from './flow-engine.ts';
import { median } from './flow-run.ts';
import { startServices } from './flow-services.ts';
import { openSession, type Session } from './flow-session.ts';
import { type FlowSender, type FlowSet, makeSenders } from './flow-sets.ts';
import { createWatch } from './flow-watch.ts';

const BUSY = '100002'; // the second sender; it sends its load past SFTP
const WARM_PROBES = 5;
const IDLE_PROBES = 15;
const BUSY_PROBES = 25;
const BAR = 3;
const PREFETCH = 8; // the engine's own default
const LOOK_MS = 2;

const LOADS: Readonly<Record<string, Load>> = {
  '4 submissions of 2,500 forms': { sender: BUSY, submissions: 4, formsEach: 2_500 },
  '10,000 submissions of 1 form': { sender: BUSY, submissions: 10_000, formsEach: 1 },
};

/**
 * How long a sender waits for its single submission, from putting the GO by SFTP until its receipt is in OUT and its
 * message in the mailbox, while 10,000 forms of another sender wait, compared with its wait on the idle engine just
 * before: medians of the same run. `ok` when the ratio is at most 3.
 */
export async function* benchFairness(): AsyncIterable<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'bode-bench-'));
  const desk = openDesk();
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const [pki, senders] = await makeSenders(dir, 2, WARM_PROBES + IDLE_PROBES + BUSY_PROBES);
    const services = await startServices(inDir(dir, 'services'));
    stops.push(services.stop);
    for (const [name, load] of Object.entries(LOADS)) {
      const plan = { key: desk.newKey(), pki, senders };
      yield await measure(
        { ...plan, name: 'embedded', dir: inDir(dir, `embedded-${load.formsEach}`), workers: PREFETCH },
        name,
        load,
      );
      const scaled = { store: await services.newDatabase(`fairness_${load.formsEach}`), broker: services.amqpUrl };
      yield await measure(
        {
          ...plan,
          name: 'RabbitMQ + PostgreSQL',
          dir: inDir(dir, `scaled-${load.formsEach}`),
          workers: 2,
          services: scaled,
        },
        name,
        load,
      );
    }
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(dir, { recursive: true, force: true });
    desk.remove();
  }
}

function inDir(dir: string, name: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Starts an engine, measures the single sender's waits on it without and with the load, stops it. */
export async function measure(plan: EnginePlan, name: string, load: Load): Promise<Figure> {
  const engine = await startBenchEngine(plan);
  const single = plan.senders[0] as FlowSender;
  const { login, folder } = engine.entrance(single);
  const session = await openSession(login, folder);
  const sets = single.sets[Symbol.iterator]();
  const probe = () => waitOf(engine, single, session, sets.next().value);
  try {
    await probes(WARM_PROBES, probe);
    const idle = await probes(IDLE_PROBES, probe);
    await addLoad(engine.db, join(plan.dir, 'data'), load);
    const busy = await probes(BUSY_PROBES, probe, async () => (await formsWaiting(engine.db, load)) > 0);
    return figureOf(
      `${engine.name}, ${name} of another sender, median of ${busy.length} waits`,
      median(busy),
      median(idle),
    );
  } finally {
    await session.close();
    await engine.stop();
  }
}

/** At most so many waits, while `goOn`. */
async function probes(most: number, probe: () => Promise<number>, goOn = async () => true): Promise<number[]> {
  const waits: number[] = [];
  do waits.push(await probe());
  while (waits.length < most && (await goOn()));
  return waits;
}

function figureOf(name: string, value: number, reference: number): Figure {
  const ratio = value / reference;
  return { bench: 'fairness', case: name, value, unit: 'ms', reference, ratio, bar: BAR, ok: ratio <= BAR };
}

/** How long one set takes from putting its GO to its receipt and message, in ms. */
async function waitOf(
  engine: BenchEngine,
  { number }: FlowSender,
  session: Session,
  set: FlowSet | undefined,
): Promise<number> {
  if (!set) throw new Error('the bench has not made enough sets');
  const watch = createWatch(() => doneOf(engine.db, number, set), LOOK_MS);
  try {
    const sent = await session.send([set]);
    await watch.all([set.stem]);
    return (watch.doneAt.get(set.stem) ?? Number.NaN) - (sent.get(set.stem)?.goPut ?? Number.NaN);
  } finally {
    await watch.stop();
  }
}

const OF_ONE = `select e.id from stems s join events e on e.ticket = s.ticket
  where s.sender = ? and s.stem = ? and e.what in ('receipt placed', 'form delivered')`;

/** Looks for nothing but this set, so that looking often takes little of the processors that it is about. */
async function doneOf(db: Db, sender: string, { stem }: FlowSet): Promise<readonly string[]> {
  return (await rowsOf(db, OF_ONE, [sender, stem])).length === 2 ? [stem] : [];
}
