import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provisionLines } from '../../engine/registry/provision-lines.ts';
import { type MessageToRead, mayRead } from '../../engine/registry/rights.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import type { Figure } from '../bench.ts';
import { startServices } from './flow-services.ts';

const ORGANISATIONS = 100_000;
const PEOPLE_EACH = 10;
const MEMORY_BAR = 1.3; // of a file ten times as long
const DECISION_BAR = 3; // bare selects by primary key
const ROUNDS = 40;
const DECISIONS = 250;

/** 1,000,000 people provisioned from JSON Lines, and what it costs to decide what one of them may read. */
export async function* benchAccess(): AsyncGenerator<Figure> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-bench-access-'));
  const services = await startServices(join(dir, 'services'));
  try {
    const [whole, tenth] = [join(dir, 'whole.jsonl'), join(dir, 'tenth.jsonl')];
    await writeLines(whole, ORGANISATIONS);
    await writeLines(tenth, ORGANISATIONS / 10);
    const urls = { sqlite: `sqlite:${join(dir, 'access.sqlite')}`, postgres: await services.newDatabase('access') };
    for (const [store, url] of Object.entries(urls)) {
      const db = openStore({ url });
      await migrate(db);
      yield* measureStore(db, store, { whole, tenth });
      await db.destroy();
    }
  } finally {
    await services.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function* measureStore(
  db: Db,
  store: string,
  { whole, tenth }: { whole: string; tenth: string },
): AsyncGenerator<Figure> {
  const small = await provisionWatched(db, tenth);
  const large = await provisionWatched(db, whole);
  const [row] = await rowsOf<{ people: number | string }>(db, 'select count(*) as people from people');
  const people = Number(row?.people ?? 0);
  if (people !== ORGANISATIONS * PEOPLE_EACH) throw new Error(`${people} people instead of 1,000,000`);
  const added = people * 0.9; // a tenth was there already
  yield figure(`provisioning on ${store}`, added / large.seconds, 'people/s');
  yield figure(`memory while provisioning on ${store}`, large.peakMiB, 'MiB', small.peakMiB, MEMORY_BAR);
  if (store === 'postgres') await db.raw('analyze');
  for (const [name, message] of CASES) {
    const { bare, decision } = await measureDecision(db, message);
    yield figure(`decision, ${name}, on ${store}`, decision, 'µs', bare, DECISION_BAR);
  }
}

const CASES: readonly (readonly [string, MessageToRead])[] = [
  ['protected', { type: 'social-elections', protected: true, quality: 'employer' }],
  ['of a service', { type: 'declaration-copy', protected: false, service: 'dmfa', quality: 'employer' }],
];

function figure(
  name: string,
  value: number,
  unit: string,
  reference: number | null = null,
  bar: number | null = null,
): Figure {
  const ratio = reference === null ? null : value / reference;
  return { bench: 'access', case: name, value, unit, reference, ratio, bar, ok: bar === null || (ratio ?? 0) <= bar };
}

/** The highest resident memory while a file is applied, and how long that took. */
async function provisionWatched(db: Db, path: string): Promise<{ peakMiB: number; seconds: number }> {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const watching = setInterval(look, 100);
  const began = performance.now();
  await provisionLines(db, path, new Date()).finally(() => clearInterval(watching));
  return { peakMiB: peak / 2 ** 20, seconds: (performance.now() - began) / 1_000 };
}

/** Medians in µs, of rounds that take turns: both meet the same machine. */
async function measureDecision(db: Db, message: MessageToRead): Promise<{ bare: number; decision: number }> {
  const people = await rowsOf<{ id: string; enterprise_number: string }>(
    db,
    'select id, enterprise_number from people limit 500000',
  );
  const times: { bare: number[]; decision: number[] } = { bare: [], decision: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const some = Array.from({ length: DECISIONS }, () => people[Math.floor(Math.random() * people.length)]!);
    times.bare.push(await timed(some, ({ id }) => rowsOf(db, 'select * from people where id = ?', [id])));
    times.decision.push(
      await timed(some, ({ id, enterprise_number }) => mayRead(db, { kind: 'person', id }, enterprise_number, message)),
    );
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  return { bare: median(times.bare), decision: median(times.decision) };
}

async function timed<T>(list: readonly T[], work: (one: T) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (const one of list) await work(one);
  return ((performance.now() - began) * 1_000) / list.length;
}

async function writeLines(path: string, organisations: number): Promise<void> {
  const out = createWriteStream(path);
  for (let index = 0; index < organisations; index += 1) {
    if (!out.write(`${JSON.stringify(organisationAt(index))}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** An organisation with a main access manager, who manages its quality, and users. */
function organisationAt(index: number): object {
  const radix = String(2_000_000 + index).padStart(8, '0');
  const enterpriseNumber = `${radix}${String(97 - (Number(radix) % 97)).padStart(2, '0')}`;
  const people = Array.from({ length: PEOPLE_EACH }, (_, at) => personAt(enterpriseNumber, at));
  return {
    enterpriseNumber,
    name: { nl: `Onderneming ${index}` },
    language: 'nl',
    qualities: [{ code: 'employer' }],
    people,
  };
}

function personAt(enterpriseNumber: string, at: number): object {
  const quality = 'employer';
  const names = { userName: `u${enterpriseNumber}-${at}`, givenName: 'Els', familyName: `Peeters ${at}` };
  if (at === 0) return { ...names, roles: [{ role: 'main-manager' }, { role: 'access-manager', quality }] };
  return {
    ...names,
    roles: [{ role: 'user', quality }],
    services: ['dmfa', 'dimona'],
    protectedTypes: at === 1 ? ['social-elections'] : [],
  };
}
