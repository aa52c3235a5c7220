import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type Db, isSqlite, openStore } from '../../engine/store/database.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Pki } from '../../test/support/pki.ts';
import type { ClientKey } from '../../test/support/sftp-client.ts';
import { run } from '../demonstration/command.ts';
import { freePort } from '../demonstration/engine.ts';
import type { Contender, Watch } from './flow-contender.ts';
import type { FlowSender } from './flow-sets.ts';
import { createWatch, type NewlyDone } from './flow-watch.ts';
import { stopChild } from './openssh.ts';

const BODE = fileURLToPath(new URL('../bode.js', import.meta.url));

/** An engine to be measured. */
export interface EnginePlan {
  readonly name: string;
  /** A directory of its own; made when it is not there. */
  readonly dir: string;
  readonly key: ClientKey;
  readonly pki: Pki;
  readonly senders: readonly FlowSender[];
  /** Absent: SQLite and the embedded broker. */
  readonly services?: { readonly store: string; readonly broker: string };
  /** Embedded: messages in hand and threads that validate. Else: processes in the role of worker. */
  readonly workers: number;
  /** Called when the store has been made, before anything runs. */
  readonly fill?: (db: Db) => Promise<void>;
  /** Options of node for the processes. */
  readonly node?: readonly string[];
}

/** An engine in processes of its own, as `bode start` starts them. */
export interface BenchEngine extends Contender {
  readonly db: Db;
  /** Where each process serves its metrics, by role. */
  readonly metrics: Readonly<Record<string, readonly string[]>>;
}

/** Provisions the senders and starts the processes; resolves when SFTP log-ins are taken. */
export async function startBenchEngine(plan: EnginePlan): Promise<BenchEngine> {
  const port = await freePort();
  const config = writeConfig(plan, port);
  writeFileSync(join(plan.dir, 'provision.yaml'), stringify({ organisations: [organisationOf(plan)] }));
  await run(process.execPath, [BODE, 'provision', join(plan.dir, 'provision.yaml'), '--config', config]);
  const db = openStore({ url: storeOf(plan), poolSize: 1 });
  await plan.fill?.(db);
  const started = await startAll(plan, config);
  await eventually(() => answers(port), 30_000);
  async function stop(): Promise<void> {
    await Promise.all(started.map(({ child }) => stopChild(child)));
    await db.destroy();
  }
  return {
    name: plan.name,
    db,
    entrance: ({ number }) => ({ login: { port, login: `sender${number}`, key: plan.key }, folder: 'IN' }),
    watch: (everyMs) => watchEngine(db, everyMs),
    processes: byRole(started, ({ child }) => child.pid ?? 0),
    metrics: byRole(started, ({ metrics }) => metrics),
    stop,
  };
}

const inHand = (workers: number) => ({ submissions: workers, forms: workers, answers: workers });

const storeOf = ({ services, dir }: EnginePlan) => services?.store ?? `sqlite:${join(dir, 'data', 'bode.sqlite')}`;

function writeConfig(plan: EnginePlan, port: number): string {
  const { dir, services, workers, pki } = plan;
  const config = {
    dataDir: join(dir, 'data'),
    store: { url: storeOf(plan) },
    broker: {
      url: services?.broker ?? 'embedded',
      namespace: `flow${port}`,
      ...(services ? {} : { prefetch: inHand(workers) }),
    },
    channels: { sftp: { port }, ftp: { enabled: false }, webservice: { enabled: false } },
    trust: { anchors: [pki.ca] },
    inspection: { workers: services ? 1 : Math.min(workers, 2) },
    landing: { filesPerFolder: 1_000_000 },
  };
  mkdirSync(join(dir, 'data'), { recursive: true });
  const path = join(dir, 'bode.yaml');
  writeFileSync(path, stringify(config));
  return path;
}

function organisationOf({ senders, key, dir }: EnginePlan): object {
  writeFileSync(join(dir, 'login.pub'), `${key.publicKey.trim()}\n`);
  const planned = senders.map(({ number, credentials }) => ({
    number,
    login: `sender${number}`,
    channels: ['sftp'],
    sshKeys: ['login.pub'],
    certificates: [credentials.cert],
    goals: ['DMFA'],
  }));
  return {
    enterpriseNumber: '0206731645',
    name: { nl: 'Bench NV' },
    language: 'nl',
    qualities: [{ code: 'employer', senders: planned }],
  };
}

interface Started {
  readonly role: string;
  readonly child: ChildProcess;
  readonly metrics: string;
}

async function startAll(plan: EnginePlan, config: string): Promise<Started[]> {
  const roles = plan.services
    ? ['channels', 'scheduler', ...Array.from({ length: plan.workers }, () => 'worker')]
    : ['all'];
  const started: Started[] = [];
  for (const [index, role] of roles.entries()) started.push(await startOne(plan, config, role, index));
  return started;
}

async function startOne(plan: EnginePlan, config: string, role: string, index: number): Promise<Started> {
  const observe = await freePort();
  const options = ['--role', role, '--config', config, '--set', `observe.port=${observe}`];
  const log = openSync(join(plan.dir, `${role}-${index}.log`), 'w');
  const child = spawn(process.execPath, [...(plan.node ?? []), BODE, 'start', ...options], {
    cwd: plan.dir,
    stdio: ['ignore', log, log],
  });
  const url = `http://127.0.0.1:${observe}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the ${role} process of ${plan.name} ended: see its log`);
    if (!(await fetch(`${url}/ready`)).ok) throw new Error('not ready yet');
  }, 30_000);
  return { role, child, metrics: `${url}/metrics` };
}

function byRole<T>(started: readonly Started[], pick: (one: Started) => T): Record<string, T[]> {
  const groups: Record<string, T[]> = {};
  for (const one of started) groups[one.role] = [...(groups[one.role] ?? []), pick(one)];
  return groups;
}

async function answers(port: number): Promise<void> {
  const { createConnection } = await import('node:net');
  const socket = createConnection(port, '127.0.0.1');
  try {
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  } finally {
    socket.destroy();
  }
}

function watchEngine(db: Db, everyMs: number): Watch {
  return createWatch(createNewlyDone(db), everyMs);
}

const OVERLAP = 500; // events of PostgreSQL may commit in another order than they were numbered

/** A set is done when both its receipt and the copy of its one form have been placed: events that commit with the effect. */
function createNewlyDone(db: Db): NewlyDone {
  const waiting = new Map<string, Set<string>>();
  const seen: number[] = []; // the database leaves out what was seen: to send it again and again would cost the engine's cores
  let last: number | undefined;

  return async () => {
    last ??= Number((await db('events').max('id as id').first())?.['id'] ?? 0);
    const rows = isSqlite(db) ? await newEvents(db, last) : await newEvents(db, last - OVERLAP, seen);
    const done: string[] = [];
    for (const { id, what, stem } of rows) {
      if (what === 'refused') throw new Error(`${stem} was refused`);
      seen.push(Number(id));
      last = Math.max(last, Number(id));
      const parts = (waiting.get(stem) ?? new Set()).add(what);
      waiting.set(stem, parts);
      if (parts.size === 2) done.push(stem);
    }
    seen.splice(0, seen.length - OVERLAP);
    return done;
  };
}

interface NewEvent {
  readonly id: string | number;
  readonly what: string;
  readonly stem: string;
}

function newEvents(db: Db, after: number, without?: readonly number[]): Promise<NewEvent[]> {
  const select = `select e.id, e.what, s.stem from events e join submissions s on s.ticket = e.ticket
    where e.id > ? and e.what in ('receipt placed', 'form delivered', 'refused')`;
  if (!without) return rowsOf(db, select, [after]);
  return rowsOf(db, `${select} and e.id <> all (cast(? as bigint[]))`, [after, `{${without.join()}}`]);
}
