import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { listDeadLetters } from '../../engine/broker/dead-letters.ts';
import { addAllToOutbox } from '../../engine/broker/outbox.ts';
import { DELIVERY_LIMIT } from '../../engine/broker/topology.ts';
import { systemClock } from '../../engine/core/clock.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aMessage } from '../support/messages.ts';
import type { PoisonSetting } from '../support/poison-worker.ts';
import { newNamespace, RABBITMQ_URL, removeNamespace } from '../support/rabbitmq.ts';

const WORKER = fileURLToPath(new URL('../support/poison-worker.js', import.meta.url));
const POISON = 'poison';
const PREFETCH = 8;

/** What one poison message costs: once among others, then alone until it is believed. */
const DEATHS = 6;

describe('a message that kills its worker each time', () => {
  poisons('embedded', 'sqlite', { good: 1_000, poison: 1 });
  poisons('embedded', 'sqlite', { good: 200, poison: 5 });
  if (RABBITMQ_URL) {
    const store = STORES.at(-1) ?? 'sqlite';
    poisons('rabbitmq', store, { good: 1_000, poison: 1 });
    poisons('rabbitmq', store, { good: 200, poison: 5 });
  }
});

function poisons(
  broker: 'embedded' | 'rabbitmq',
  store: StoreKind,
  { good, poison }: { good: number; poison: number },
) {
  it(`is buried, and none of ${good} good ones with it (${poison} of them, ${broker} on ${store})`, async () => {
    const { db, url: storeUrl, close } = await openTestStore(store);
    const namespace = newNamespace();
    const rabbitMq = broker === 'rabbitmq' && RABBITMQ_URL ? { rabbitMqUrl: RABBITMQ_URL } : {};
    const ids = await fill(db, good, poison);
    const setting = { storeUrl, namespace, prefetch: PREFETCH, poison: POISON, ...rabbitMq };
    const deaths = await runUntilDone(db, good + poison, setting);
    await check(db, { broker, ids, poison, deaths });
    if (RABBITMQ_URL && broker === 'rabbitmq') await removeNamespace(RABBITMQ_URL, namespace);
    await close();
  }).timeout(240_000);
}

/** Puts the messages in the outbox, the poison ones spread among the good; gives the ids of the good ones. */
async function fill(db: Db, good: number, poison: number): Promise<string[]> {
  await db.schema.createTable('effects', (table) => table.text('id'));
  await db.schema.createTable('redelivered', (table) => {
    table.text('id');
    table.integer('redeliveries');
  });
  const messages = Array.from({ length: good }, () => aMessage());
  const ids = messages.map(({ id }) => id);
  for (let count = 0; count < poison; count += 1) {
    messages.splice(good / 4 + count * 3, 0, aMessage({ id: `${POISON}-${count}` }));
  }
  await addAllToOutbox(db, messages, { now: systemClock(), sender: '123456' });
  return ids;
}

/** Starts the worker's process again and again until every message has an end; gives how often it died. */
async function runUntilDone(db: Db, messages: number, setting: PoisonSetting): Promise<number> {
  for (let deaths = 0; ; deaths += 1) {
    const child = spawn(process.execPath, [WORKER, JSON.stringify(setting)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    let died = false;
    const exit = once(child, 'exit').then(() => {
      died = true;
    });
    while (!died && (await endsIn(db)) < messages) await Promise.race([exit, new Promise((go) => setTimeout(go, 100))]);
    if (!died) {
      child.kill('SIGKILL');
      await exit;
      return deaths;
    }
    if (deaths > 100) throw new Error('it dies for ever');
  }
}

async function endsIn(db: Db): Promise<number> {
  const counts = await Promise.all(['effects', 'dead_letters'].map((table) => db(table).count({ rows: '*' }).first()));
  return counts.reduce((sum, row) => sum + Number(row?.['rows']), 0);
}

async function check(
  db: Db,
  { broker, ids, poison, deaths }: { broker: string; ids: string[]; poison: number; deaths: number },
): Promise<void> {
  const effects: string[] = await db('effects').pluck('id');
  expect(effects.sort(), 'each good one once').to.deep.equal(ids.sort());
  const letters = await listDeadLetters(db, 100);
  expect(letters.map(({ messageId }) => messageId.split('-')[0])).to.deep.equal(Array(poison).fill(POISON));
  expect(new Set(letters.map(({ reason }) => reason))).to.deep.equal(new Set(['its worker died with it 5 times']));
  expect(await db('outbox')).to.deep.equal([]);
  expect(deaths).to.be.within(DEATHS, DEATHS * poison);
  expect(await db('suspects')).to.deep.equal([]);
  const innocent = db('redelivered').whereNot('id', 'like', `${POISON}%`);
  const most = Number((await innocent.clone().max({ most: 'redeliveries' }).first())?.['most']);
  if (process.env['POISON_FIGURES']) process.stderr.write(`deaths ${deaths}, a good one redelivered ${most} times\n`);
  if (broker === 'rabbitmq') expect(most, 'RabbitMQ gives up none').to.be.lessThan(DELIVERY_LIMIT / 2);
}
