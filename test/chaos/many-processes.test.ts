import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { createTestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, startLoad, type Worker } from '../support/load.ts';
import { LONG } from '../support/long.ts';
import { newNamespace, removeNamespace } from '../support/rabbitmq.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { expectOneOfEach } from '../support/sets.ts';
import type { Victim } from '../support/victim.ts';
import { createEngineProcess } from './engine-process.ts';

const ROLES = { channels: 2, worker: 3, scheduler: 2 } as const;
const CLIENTS = 4;
const TAKEN_OVER_WITHIN_MS = 30_000;
/** One of each role, or each. */
const KILLED = LONG
  ? ['channels-1', 'channels-2', 'worker-1', 'worker-2', 'worker-3', 'scheduler-1', 'scheduler-2']
  : ['channels-1', 'worker-2'];

interface Line {
  readonly msg: string;
  readonly messageId?: string;
  readonly lease?: string;
}

/** The processes of one engine. */
interface Members {
  readonly engine: PreparedEngine;
  /** SFTP ports of the channel processes. */
  readonly ports: readonly number[];
  readonly processes: ReadonlyMap<string, Victim>;
}

async function startMembers(brokerUrl: string, opened: (() => Promise<unknown>)[]): Promise<Members> {
  const database = await createTestDatabase('postgres');
  opened.push(database.remove);
  const namespace = newNamespace();
  opened.push(() => removeNamespace(brokerUrl, namespace));
  const config = { broker: { url: brokerUrl, namespace }, store: { url: database.url }, inspection: { workers: 1 } };
  const engine = await prepareEngine({ config });
  opened.push(engine.remove);
  const ports = [engine.port, await freePort()];
  const processes = new Map<string, Victim>();
  for (const [role, count] of Object.entries(ROLES)) {
    for (let at = 0; at < count; at += 1) {
      const name = `${role}-${at + 1}`;
      const port = role === 'channels' ? ['--set', `channels.sftp.port=${ports[at]}`] : [];
      const args = ['start', '--role', role, '--config', engine.configFile, ...port];
      const signal = AbortSignal.abort(); // the test itself starts again what it killed
      processes.set(name, createEngineProcess({ name, args, dir: engine.dir, onExit: () => undefined, signal }));
    }
  }
  opened.push(() => Promise.all([...processes.values()].map((process) => process.kill())));
  for (const process of processes.values()) process.launch();
  await Promise.all([...processes.values()].map((process) => process.ready()));
  return { engine, ports, processes };
}

/** A sender that goes to the other channel whenever the one it uses fails. */
async function aSender({ engine, ports }: Members, at: number): Promise<Worker & { readonly failed: () => void }> {
  const client = await openClient(engine);
  const key = { file: engine.loginKey, privateKey: '', publicKey: '' };
  let turn = at;
  const login = () => ({ port: ports[turn % ports.length] ?? 0, login: 'voorbeeld', key });
  const failed = () => {
    turn += 1;
  };
  return { client, login, failed };
}

/** What a process has written so far. */
async function linesOf({ engine }: Members, name: string): Promise<Line[]> {
  const text = await readFile(join(engine.dir, `${name}.log`), 'utf8');
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? (JSON.parse(line) as Line) : []));
}

/** Each of these submissions has its receipt and its notification placed. */
async function expectAnswered({ engine: { db } }: Members, stems: readonly string[]): Promise<void> {
  const of = db('submissions').select('ticket').whereIn('stem', stems);
  const placed = await db('deliveries').whereIn('ticket', of).select('ticket');
  expect(placed).to.have.length(2 * stems.length);
}

function suite(brokerUrl: string): void {
  describe('two channels, three workers and two schedulers on one store and one broker', function () {
    this.timeout(240_000);
    const opened: (() => Promise<unknown>)[] = [];
    const sent: Load[] = [];
    let members: Members;
    let senders: Worker[];
    let receiver: TestClient;

    before(async () => {
      members = await startMembers(brokerUrl, opened);
      senders = await Promise.all(Array.from({ length: CLIENTS }, (_, at) => aSender(members, at)));
      receiver = await openClient(members.engine);
    });
    after(async () => {
      for (const close of opened.reverse()) await close();
    });

    function load(series: string): Load {
      const begun = startLoad(senders, { series, restMs: 200 });
      sent.push(begun);
      return begun;
    }

    const acknowledged = () => sent.flatMap((each) => each.acknowledged);
    const workers = () => [...members.processes.keys()].filter((name) => name.startsWith('worker'));

    it('does each message once, and spreads the work over the workers', async () => {
      const begun = load('A');
      await eventually(() => expect(begun.acknowledged.length).to.be.at.least(20), 60_000);
      await begun.stop();
      expect(begun.attempts.flatMap(({ failure }) => failure ?? [])).to.deep.equal([]);
      await eventually(() => expectOneOfEach(members.engine, receiver, acknowledged()), 30_000);
      const lines = await Promise.all(workers().map((name) => linesOf(members, name)));
      const done = lines.map((all) => all.filter(({ msg }) => msg === 'message done').map((line) => line.messageId));
      const ids = done.flat();
      expect(new Set(ids).size, 'messages done twice').to.equal(ids.length);
      expect(ids.length).to.equal(4 * acknowledged().length); // submission, forms, receipt, notification
      for (const [at, each] of done.entries()) expect(each.length, workers()[at]).to.be.greaterThan(ids.length / 10);
    });

    it('has one scheduler that acts, runs each job once, and is replaced when it is killed', async () => {
      const { db } = members.engine;
      const names = ['scheduler-1', 'scheduler-2'];
      const holder = async () => (await db('leases').where({ name: 'scheduler' }).first())?.holder;
      const leaders: string[] = [];
      for (const name of names) {
        if ((await linesOf(members, name)).some(({ msg, lease }) => msg === 'lease taken' && lease === 'scheduler'))
          leaders.push(name);
      }
      expect(leaders).to.have.length(1);
      await eventually(async () => expect(await db('job_runs').where({ state: 'done' })).not.to.deep.equal([]), 20_000);
      expect(await db('job_runs').where('attempts', '>', 1)).to.deep.equal([]);
      const first = await holder();
      await members.processes.get(leaders[0]!)?.kill();
      await eventually(async () => expect(await holder()).not.to.equal(first), TAKEN_OVER_WITHIN_MS);
      const [other = ''] = names.filter((name) => !leaders.includes(name));
      await eventually(async () => {
        const lines = await linesOf(members, other);
        expect(lines.some(({ msg, lease }) => msg === 'lease taken' && lease === 'scheduler')).to.equal(true);
      });
    });

    for (const [at, name] of KILLED.entries()) {
      it(`goes on when ${name} is killed, and the senders notice nothing but a connection that ends`, async () => {
        const begun = load(String(at + 1));
        await eventually(() => expect(begun.acknowledged.length).to.be.at.least(2 * CLIENTS), 30_000);
        const victim = members.processes.get(name);
        await victim?.kill();
        const before = acknowledged().map(({ stem }) => stem);
        await eventually(() => expectAnswered(members, before), TAKEN_OVER_WITHIN_MS);
        await eventually(() => expect(begun.acknowledged.length).to.be.at.least(4 * CLIENTS), 30_000);
        await begun.stop();
        const complaints = begun.attempts.flatMap(({ failure }) => failure ?? []);
        if (!name.startsWith('channels')) expect(complaints).to.deep.equal([]);
        // each sender loses the connection it had, and perhaps one try at a port that is closed
        else expect(complaints.length, complaints.join('\n')).to.be.at.most(2 * CLIENTS);
        victim?.launch();
        await victim?.ready();
      });
    }

    it('has answered every submission exactly once', async () => {
      await eventually(() => expectOneOfEach(members.engine, receiver, acknowledged()), TAKEN_OVER_WITHIN_MS);
      expect(await members.engine.db('dead_letters').pluck('reason')).to.deep.equal([]);
    });
  });
}

const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) suite(rabbit ?? 'amqp://TEST_AMQP_URL-is-missing');
