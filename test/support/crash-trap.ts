// Loaded into a process before its program (node --import): lets a test stop it at exactly one point. It wraps the drivers
// of the databases, of RabbitMQ and of SSH, so that the program itself needs no hook.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { CrashPlan, CrashStep } from './crash-point.ts';

type Call = (...args: unknown[]) => unknown;
type Methods = Record<string, Call>;
type Exports = Record<string, { prototype: Methods }>;

const require = createRequire(import.meta.url);
const given = process.env['BODE_TEST_CRASH']; // crash-point.ts says what it holds
let plan: CrashPlan | undefined = given === undefined ? undefined : (JSON.parse(given) as CrashPlan);
let passed = 0;

/** Tells that the program is at a point; does not return when it is the one to die at. */
function reach(at: CrashStep['at'], what: CrashStep['what'], text: string): void {
  const step = plan?.steps[passed];
  if (!plan || !step || step.at !== at || step.what !== what || !new RegExp(step.matching, 's').test(text)) return;
  passed += 1;
  if (passed < plan.steps.length) return;
  const handle = openSync(plan.file, 'wx');
  writeSync(handle, `${at} ${what}: ${text}\n`);
  fsyncSync(handle);
  closeSync(handle);
  process.kill(process.pid, 'SIGKILL');
}

const transactions = new WeakMap<object, string[]>();

/** One statement on a connection: call it before, and the result after. */
function statement(connection: object, sql: string, bindings: readonly unknown[]): () => void {
  const texts = bindings.flat().filter((value) => typeof value === 'string');
  const text = [sql.replaceAll(/["`]/g, ''), ...texts].join(' -- ');
  if (/^begin/i.test(sql)) transactions.set(connection, []);
  const all = transactions.get(connection);
  const ends = /^commit/i.test(sql);
  const [what, shown] = ends ? (['commit', (all ?? []).join('\n')] as const) : (['statement', text] as const);
  if (/^(commit|rollback)/i.test(sql)) transactions.delete(connection);
  else all?.push(text);
  reach('before', what, shown);
  return () => reach('after', what, shown);
}

function wrap(owner: Methods, name: string, around: (self: object, args: unknown[], call: Call) => unknown): void {
  const original = owner[name];
  if (!original) throw new Error(`there is no ${name} to wrap`);
  owner[name] = function (this: object, ...args: unknown[]) {
    return around(this, args, (...changed) => original.apply(this, changed));
  };
}

/** Adds to the callback at the end of the arguments: called first, when there was no error. */
function followed(args: readonly unknown[], after: () => void): unknown[] {
  const callback = args.at(-1);
  if (typeof callback !== 'function') throw new Error('a call without a callback cannot be followed');
  const changed = (...result: unknown[]) => {
    if (!result[0]) after();
    return callback(...result);
  };
  return [...args.slice(0, -1), changed];
}

function trapSqlite(): void {
  const database = require('better-sqlite3') as { prototype: Methods };
  wrap(database.prototype, 'prepare', (connection, args, call) => {
    const prepared = call(...args) as Methods;
    for (const name of ['run', 'all', 'get']) {
      wrap(prepared, name, (_, bindings, execute) => {
        const after = statement(connection, String(args[0]), bindings);
        const result = execute(...bindings);
        after();
        return result;
      });
    }
    return prepared;
  });
}

function trapPostgres(): void {
  const { Client } = require('pg') as Exports;
  wrap(Client!.prototype, 'query', (connection, args, call) => {
    const [query] = args as [string | { text: string; values?: unknown[] }];
    const [sql, bindings] = typeof query === 'string' ? [query, []] : [query.text, query.values ?? []];
    if (typeof args.at(-1) !== 'function') return call(...args); // knex asks about the connection itself
    return call(...followed(args, statement(connection, sql, bindings)));
  });
}

function trapRabbitMq(): void {
  const { Channel, ConfirmChannel } = require(
    join(dirname(require.resolve('amqplib')), 'lib/channel_model.js'),
  ) as Exports;
  wrap(ConfirmChannel!.prototype, 'publish', (_, args, call) => {
    const text = `${args[1]} ${args[2]}`;
    reach('before', 'publish', text);
    return call(...followed(args, () => reach('after', 'publish', text)));
  });
  wrap(Channel!.prototype, 'ack', (_, args, call) => {
    const [{ fields, content }] = args as [{ fields: { routingKey: string }; content: Buffer }];
    const text = `${fields.routingKey} ${content}`;
    reach('before', 'ack', text);
    const result = call(...args);
    reach('after', 'ack', text);
    return result;
  });
}

function trapSftp(): void {
  const { Channel } = require('ssh2/lib/Channel.js') as Exports;
  wrap(Channel!.prototype, 'write', (_, args, call) => {
    const packet = args[0] as Buffer;
    const text = `packet ${packet[4]} status ${packet[4] === 101 ? packet.readUInt32BE(9) : 'none'}`;
    reach('before', 'reply', text);
    return call(...(typeof args.at(-1) === 'function' ? followed(args, () => reach('after', 'reply', text)) : args));
  });
}

if (isMainThread) {
  trapSqlite();
  trapPostgres();
  trapRabbitMq();
  trapSftp();
  process.on('message', (message) => {
    plan = message as CrashPlan;
    passed = 0;
    process.send?.('armed');
  });
  process.channel?.unref(); // it must not keep the process open
}
