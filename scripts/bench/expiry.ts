import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../engine/core/logger.ts';
import { pruneExpired } from '../../engine/expiry/prune.ts';
import { totalsOf } from '../../engine/mailboxes/counts.ts';
import { newestPlaces, readListed } from '../../engine/mailboxes/list.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { type Db, isSqlite, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import type { Figure } from '../bench.ts';
import { fillMailboxes } from './expiry-fill.ts';
import { startServices } from './flow-services.ts';
import { peakMib } from './memory.ts';

const EACH = 200; // messages in a mailbox; half of them, the oldest, have expired
const EXPIRED = EACH / 2;
const MAILBOXES = { SQLite: 200, PostgreSQL: 2_000 };
const READ_EVERY_MS = 25;
const READS = 1_000;
const BAR = 2;
const SPACE_BAR = 1.2;
const MEMORY_BAR = 1.2; // times what it took when a tenth was removed
const PATIENCE_MS = 600_000; // of statements that fill

/**
 * Removes 200,000 expired messages (of SQLite 20,000, as it rests fifteen times longer between batches) while somebody reads: the p95 of a first page with its messages and totals, beside the same
 * just before. A read counts from when it was due, so one that waits for its turn in a busy process counts its wait.
 * Then the space: as many messages again, in the same mailboxes, must fit into what the database took before.
 */
export async function* benchExpiry(): AsyncIterable<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'bode-bench-'));
  const stops: (() => Promise<unknown>)[] = [];
  try {
    mkdirSync(join(dir, 'services'));
    const services = await startServices(join(dir, 'services'));
    stops.push(services.stop);
    yield* measure('SQLite', `sqlite:${join(dir, 'bode.sqlite')}`, dir);
    yield* measure('PostgreSQL', await services.newDatabase('expiry'), dir);
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function* measure(name: keyof typeof MAILBOXES, url: string, dir: string): AsyncIterable<Figure> {
  const db = openStore({ url, answerWithinMs: PATIENCE_MS });
  try {
    await migrate(db);
    const mailboxes = MAILBOXES[name];
    await fillMailboxes(db, { mailboxes, positions: [1, EACH], expired: EXPIRED });
    await settle(db);
    const full = await bytesOf(db, url);
    const idle = p95(await readFor(db, mailboxes, { reads: READS }));
    const began = performance.now();
    const removal = remove(db, dir, mailboxes);
    const beside = await readFor(db, mailboxes, { until: removal });
    const { messages, memory } = await removal;
    const seconds = (performance.now() - began) / 1_000;
    yield figure(`${name}: p95 of reads beside the removal`, p95(beside), 'ms', { reference: idle, bar: BAR });
    yield figure(`${name}: messages removed a second`, messages / seconds, '/s');
    yield figure(`${name}: memory`, peakMib(process), 'MiB', { reference: memory, bar: MEMORY_BAR });
    yield* space(name, db, url, full);
  } finally {
    await db.destroy();
  }
}

async function* space(name: keyof typeof MAILBOXES, db: Db, url: string, full: number): AsyncIterable<Figure> {
  await settle(db);
  yield figure(`${name}: database after the removal`, (await bytesOf(db, url)) / MIB, 'MiB', { reference: full / MIB });
  await fillMailboxes(db, { mailboxes: MAILBOXES[name], positions: [EACH + 1, EACH + EXPIRED], expired: 0 });
  await settle(db);
  const again = (await bytesOf(db, url)) / MIB;
  yield figure(`${name}: database with as many again`, again, 'MiB', { reference: full / MIB, bar: SPACE_BAR });
}

const MIB = 1_048_576;

/** Removes all that has expired; also tells the most memory that there was when a tenth of the batches was done. */
async function remove(db: Db, dir: string, batches: number) {
  const blobs = createBlobStore({ dir: join(dir, 'blobs'), log: silentLogger() });
  let [batch, memory] = [0, 0];
  const sign = async (bytes: Buffer) => {
    batch += 1;
    if (batch <= batches / 10) memory = peakMib(process);
    return bytes.subarray(0, 64); // in the engine another thread is busy with it
  };
  const at = () => new Date('2026-06-01T00:00:00.000Z');
  const { messages } = await pruneExpired({ db, blobs, clock: at, log: silentLogger(), sign, graceMs: 0 });
  return { messages, memory };
}

interface Reading {
  readonly reads?: number;
  readonly until?: Promise<unknown>;
}

/** So many reads, or reads until something has ended: how long each took, from when it was due. */
async function readFor(db: Db, mailboxes: number, { reads = 1_000_000, until }: Reading) {
  let over = false;
  until?.finally(() => (over = true)).catch(() => undefined);
  const took: number[] = [];
  for (let due = performance.now(); took.length < reads && !over; due += READ_EVERY_MS) {
    await delay(Math.max(0, due - performance.now()));
    await readPage(db, 1 + Math.floor(Math.random() * mailboxes));
    took.push(performance.now() - due);
  }
  return took;
}

async function readPage(db: Db, mailbox: number): Promise<void> {
  await totalsOf(db, mailbox);
  await readListed(db, newestPlaces(mailbox, {}, { limit: 20 }));
}

/** What the database does by itself in time: dead rows are found, the log is taken in. */
async function settle(db: Db): Promise<void> {
  if (isSqlite(db)) await rowsOf(db, 'pragma wal_checkpoint(truncate)');
  else for (const table of TABLES) await db.raw(`vacuum analyze ${table}`);
}

const TABLES = ['mailbox_messages', 'messages', 'attachments', 'mailbox_search', 'mailbox_counts'];

async function bytesOf(db: Db, url: string): Promise<number> {
  if (isSqlite(db)) return statSync(url.slice('sqlite:'.length)).size;
  const sizes = TABLES.map((table) => `pg_total_relation_size('${table}')`).join(' + ');
  const [row] = await rowsOf<{ bytes: string }>(db, `select ${sizes} as bytes`);
  return Number(row?.bytes);
}

const p95 = (values: readonly number[]) =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length * 0.95)] ?? 0;

interface Against {
  readonly reference?: number;
  readonly bar?: number;
}

function figure(name: string, value: number, unit: string, { reference, bar }: Against = {}): Figure {
  const ratio = reference === undefined ? null : value / reference;
  const ok = bar === undefined || ratio === null || ratio <= bar;
  return { bench: 'expiry', case: name, value, unit, reference: reference ?? null, ratio, bar: bar ?? null, ok };
}
