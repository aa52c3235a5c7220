import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, startLoad, type Worker } from '../support/load.ts';
import { LONG } from '../support/long.ts';
import { type PrivateServer, startPrivatePostgres, startPrivateRabbitMq } from '../support/private-server.ts';
import { newNamespace } from '../support/rabbitmq.ts';
import { openSession, put, putOrThrow } from '../support/raw-upload.ts';
import { openClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { expectOneOfEach } from '../support/sets.ts';
import type { Victim } from '../support/victim.ts';
import { createEngineProcess } from './engine-process.ts';

const BROKER_AWAY_MS = LONG ? 60_000 : 8_000;
const STORE_AWAY_MS = LONG ? 30_000 : 8_000;
const CLIENTS = 3;
const ANSWER_WITHIN_MS = 5_000;
/** A connection and a statement may each take so long; a second more for what is not the store. */
const REFUSED_WITHIN_MS = 2 * ANSWER_WITHIN_MS + 1_000;

interface Tools {
  readonly rabbit: PrivateServer;
  readonly postgres: PrivateServer;
  readonly engine: PreparedEngine;
  readonly running: Victim;
  readonly workers: readonly Worker[];
}

/** Everything private to the test; the engine is one process that nobody starts again. */
async function setUp(opened: (() => Promise<unknown>)[]): Promise<Tools> {
  const rabbit = await startPrivateRabbitMq();
  opened.push(rabbit.remove);
  const postgres = await startPrivatePostgres();
  opened.push(postgres.remove);
  const broker = { url: rabbit.url, namespace: newNamespace(), relay: { poll: '100ms', lease: '2s' } };
  const store = { url: postgres.url, answerWithin: `${ANSWER_WITHIN_MS}ms`, connectWithin: `${ANSWER_WITHIN_MS}ms` };
  const engine = await prepareEngine({ config: { broker, store } });
  opened.push(engine.remove);
  const running = createEngineProcess({
    name: 'engine',
    args: ['start', '--config', engine.configFile],
    dir: engine.dir,
    onExit: () => undefined,
    signal: AbortSignal.abort(), // an engine that ends is to stay so: the test finds it
  });
  opened.push(running.kill);
  running.launch();
  await running.ready();
  const login = {
    port: engine.port,
    login: 'voorbeeld',
    key: { file: engine.loginKey, privateKey: '', publicKey: '' },
  };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => openClient(engine)));
  const workers = clients.map((client) => ({ client, login: () => login }));
  return { rabbit, postgres, engine, running, workers };
}

/** What client programs complained of, each sentence once. */
function complaintsOf({ attempts }: Load): string[] {
  return [...new Set(attempts.flatMap(({ failure }) => failure ?? []))];
}

/** What the engine logged as going wrong, the last of it. */
async function troublesOf(dir: string): Promise<string> {
  const lines = (await readFile(join(dir, 'engine.log'), 'utf8')).split('\n');
  return lines
    .filter((line) => /^\{"level":[456]0/.test(line))
    .slice(-20)
    .join('\n');
}

/** Fails when the last reply to a set came within that time. */
function expectNoneAcknowledged({ attempts }: Load, from: number, until: number): void {
  const within = attempts.filter(({ startedAt, ms }) => startedAt > from && startedAt + ms < until);
  expect(within.filter(({ failure }) => failure === undefined)).to.deep.equal([]);
}

function suite(): void {
  describe('servers that go away under load', function () {
    this.timeout(240_000);
    const opened: (() => Promise<unknown>)[] = [];
    let tools: Tools;
    let pid: number | undefined;
    const sent: Load[] = [];
    const over = new AbortController();

    before(async () => {
      tools = await setUp(opened);
      pid = tools.running.pid;
    });
    after(async () => {
      over.abort(); // a load that a failed test has left
      for (const close of opened.reverse()) await close();
    });
    afterEach('the engine is the same process', () => expect(tools.running.pid).to.equal(pid));

    async function load(series: string): Promise<Load> {
      const begun = startLoad(tools.workers, { series, restMs: 200, signal: over.signal });
      sent.push(begun);
      await eventually(
        () => expect(begun.acknowledged.length, complaintsOf(begun).join()).to.be.at.least(CLIENTS),
        20_000,
      );
      return begun;
    }

    async function expectAllAnswered(): Promise<void> {
      const sets = sent.flatMap(({ acknowledged }) => acknowledged);
      await eventually(() => expectOneOfEach(tools.engine, tools.workers[0]!.client, sets), 60_000);
    }

    it(`acknowledges every upload while RabbitMQ is away for ${BROKER_AWAY_MS / 1000} s, and answers them all after`, async () => {
      const begun = await load('B');
      const from = Date.now();
      await tools.rabbit.pause(); // first it hangs
      await delay(BROKER_AWAY_MS / 2);
      await tools.rabbit.kill(); // then it is gone
      await delay(BROKER_AWAY_MS / 2);
      const meanwhile = begun.attempts.filter(({ startedAt }) => startedAt > from);
      await tools.rabbit.start();
      await begun.stop();
      expect(meanwhile.length).to.be.greaterThan(CLIENTS);
      expect(complaintsOf(begun), await troublesOf(tools.engine.dir)).to.deep.equal([]);
      await expectAllAnswered();
    });

    it(`refuses uploads with a sentence while PostgreSQL is gone for ${STORE_AWAY_MS / 1000} s, and goes on after`, async () => {
      const { session, end } = await openSession(tools.engine);
      const begun = await load('K');
      await tools.postgres.kill();
      const from = Date.now();
      expect(await put(session, '/IN/refused', Buffer.from('x'))).to.match(/try again later/);
      await delay(from + STORE_AWAY_MS - Date.now());
      const until = Date.now();
      await tools.postgres.start();
      await eventually(() => putOrThrow(session, '/IN/taken'), 30_000);
      end();
      await begun.stop();
      expectNoneAcknowledged(begun, from, until);
      expect(complaintsOf(begun)).not.to.deep.equal([]);
      await expectAllAnswered();
      expect(await tools.engine.db('folder_files').where({ folder: 'IN' }).pluck('name')).to.deep.equal(['taken']);
    });

    it(`refuses uploads with a sentence while PostgreSQL hangs for ${STORE_AWAY_MS / 1000} s, and goes on after`, async () => {
      const { session, end } = await openSession(tools.engine);
      const begun = await load('P');
      await tools.postgres.pause();
      const from = Date.now();
      const refusal = await put(session, '/IN/frozen', Buffer.from('x'));
      const refusedAfter = Date.now() - from;
      await delay(from + STORE_AWAY_MS - Date.now());
      const until = Date.now();
      await tools.postgres.resume();
      expect(refusal).to.equal('the server could not do this now; please try again later');
      expect(refusedAfter).to.be.lessThan(REFUSED_WITHIN_MS);
      await eventually(() => putOrThrow(session, '/IN/frozen'), 30_000);
      end();
      await begun.stop();
      expectNoneAcknowledged(begun, from, until);
      await expectAllAnswered();
      const lying = await tools.engine.db('folder_files').where({ folder: 'IN', state: 'complete' }).pluck('name');
      expect(lying.toSorted()).to.deep.equal(['frozen', 'taken']);
    });
  });
}

if (serviceUrl('TEST_AMQP_URL') || servicesRequired()) suite();
