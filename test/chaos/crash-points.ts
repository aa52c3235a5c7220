import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { sweepParts } from '../../engine/landing/sweep.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { createTrappedEngine, type TrappedEngine } from '../support/crash-point.ts';
import { createTestDatabase, type StoreKind, type TestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { newNamespace } from '../support/rabbitmq.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { expectOneOfEach, type PreparedSet, prepareSet } from '../support/sets.ts';
import { type Crash, SENT_AGAIN } from './crash-table.ts';

/** What the engine runs on, and where it dies. */
export interface CrashSetting {
  readonly title: string;
  readonly brokerUrl: string;
  readonly store: StoreKind;
  readonly crashes: readonly Crash[];
}

interface Tools {
  readonly engine: PreparedEngine;
  readonly client: TestClient;
  readonly running: TrappedEngine;
  /** Every set that was sent. */
  readonly sent: PreparedSet[];
}

/** Kills one engine at one point after the other; a sender with OpenSSH's client looks on. */
export function crashPointSuite({ title, brokerUrl, store, crashes }: CrashSetting): void {
  describe(`the engine killed at exactly one point (${title})`, function () {
    this.timeout(120_000);
    let tools: Tools;
    let database: TestDatabase | undefined;

    before(async () => {
      if (store === 'postgres') database = await createTestDatabase('postgres');
      const config = {
        ...(database && { store: { url: database.url } }),
        broker: { url: brokerUrl, namespace: newNamespace(), relay: { poll: '50ms', lease: '1s' } },
        inspection: { workers: 1 }, // each start compiles the schema in every thread
      };
      const engine = await prepareEngine({ config });
      tools = { engine, client: await openClient(engine), running: createTrappedEngine(engine), sent: [] };
    });

    beforeEach(() => tools.running.start());

    after(async () => {
      await tools?.running.stop();
      await tools?.engine.remove();
      await database?.remove();
    });

    for (const crash of SENT_AGAIN) {
      it(`${crash.where}: the sender hears of it and sends again`, async () => {
        const { client } = tools;
        const { set, heard } = await dieSending(crash, tools);
        expect(heard).to.equal('failed');
        await tools.running.start();
        await client.sftp(set.batch);
        await expectAnswered(set, tools);
      });
    }

    for (const crash of crashes) {
      it(`${crash.where}: it goes on by itself`, async () => {
        const { set } = await dieSending(crash, tools);
        await tools.running.start();
        await expectAnswered(set, tools);
      });
    }

    it('has answered everything once, seen from outside', async () => {
      const { engine, client, sent } = tools;
      await expectOneOfEach(engine, client, sent);
      expect(await leftOver(engine)).to.deep.equal([]);
    });

    it('gives the same tickets and the same answers when everything is sent again', async () => {
      const { engine, client, sent, running } = tools;
      const answers = await expectOneOfEach(engine, client, sent);
      await client.sftp(sent.map(({ batch }) => batch).join(''));
      await eventually(() => expectIdle(engine));
      expect(await expectOneOfEach(engine, client, sent)).to.deep.equal(answers);
      await running.stop();
      expect(await leftOver(engine)).to.deep.equal([]); // nor second copies of large files
    });
  });
}

/** Sends a new set into an engine that dies at a point of it. */
async function dieSending({ steps, persons = 1 }: Crash, { client, running, sent }: Tools) {
  const set = await prepareSet(client, { sequence: String(sent.length + 1).padStart(5, '0'), persons });
  await running.arm(...steps);
  const heard = client.sftp(set.batch).then(
    () => 'acknowledged',
    () => 'failed',
  );
  sent.push(set); // whatever comes of it
  await running.died();
  return { set, heard: await heard };
}

/** Lets the files of the blob directory look old enough for a sweep: what is older than an hour and named nowhere goes. */
async function age(engine: PreparedEngine): Promise<void> {
  const old = new Date(Date.now() - 7_200_000);
  for (const name of await blobFiles(engine)) await utimes(join(blobDir(engine), name), old, old);
}

const blobDir = ({ config }: PreparedEngine) => join(config.dataDir, 'blobs');

async function blobFiles(engine: PreparedEngine): Promise<string[]> {
  const found = await readdir(blobDir(engine), { recursive: true }).catch(() => []);
  return found.filter((name) => name.length > 2);
}

/** Files of the blob directory that no row names after the sweep that an engine does every hour. */
async function leftOver(engine: PreparedEngine): Promise<string[]> {
  await age(engine);
  const log = silentLogger();
  await sweepParts({ db: engine.db, blobs: createBlobStore({ dir: blobDir(engine), log }), clock: systemClock, log });
  const named = [...(await engine.db('blobs').pluck('file')), ...(await engine.db('folder_files').pluck('file'))];
  return (await blobFiles(engine)).filter((name) => !named.includes(name));
}

/** Waits until everything is settled and the set has its receipt, its notification and its message; each must be there once. */
async function expectAnswered(set: PreparedSet, { engine }: Tools): Promise<void> {
  await eventually(async () => {
    await expectIdle(engine);
    await expectRows(set, engine);
  }, 30_000);
}

async function expectRows({ stem }: PreparedSet, { db }: PreparedEngine): Promise<void> {
  const submissions = await db('submissions').select('ticket', 'state').where({ stem });
  expect(submissions.map(({ state }) => state)).to.deep.equal(['handled']);
  const { ticket } = submissions[0];
  const placed = await db('deliveries').where({ ticket }).orderBy('goal').select('goal', 'stem');
  expect(placed.map(({ goal }) => goal)).to.deep.equal(['ACRF', 'NOTI']);
  const names = placed.flatMap(({ stem: name }) => [`FO.${name}`, `FS.${name}`, `GO.${name}`]);
  expect(await db('folder_files').whereIn('name', names).pluck('name')).to.have.members(names);
  expect(await db('messages').where({ ticket }).pluck('ticket')).to.deep.equal([ticket]);
}

/** Nothing waits, nothing was given up, and every submission is decided. */
async function expectIdle({ db }: PreparedEngine): Promise<void> {
  expect(await db('outbox').pluck('message')).to.deep.equal([]);
  expect(await db('dead_letters').pluck('reason')).to.deep.equal([]);
  expect(await db('submissions').where({ state: 'received' }).pluck('stem')).to.deep.equal([]);
  expect(await db('folder_files').where('name', 'like', 'GO.%').where({ folder: 'IN' }).pluck('name')).to.deep.equal(
    [],
  );
}
