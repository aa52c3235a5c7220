import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createTestDatabase, STORES, type StoreKind } from '../support/database.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, startLoad, type Worker } from '../support/load.ts';
import { openClient } from '../support/sender.ts';
import { expectOneOfEach } from '../support/sets.ts';
import { mountSmallDisk, type SmallDisk, withSmallDisks } from '../support/small-disk.ts';

const MIB = 2 ** 20;
const CLIENTS = 2;
const FULL_MS = 3_000;

interface Tools {
  readonly disk: SmallDisk;
  readonly engine: TestEngine;
  readonly workers: readonly Worker[];
}

async function setUp(store: StoreKind, minFreeBytes: string, opened: (() => unknown)[]): Promise<Tools> {
  const disk = mountSmallDisk(48);
  opened.push(disk.remove);
  const database = store === 'postgres' ? await createTestDatabase(store) : undefined;
  opened.push(() => database?.remove());
  const config = { dataDir: disk.dir, landing: { minFreeBytes }, ...(database && { store: { url: database.url } }) };
  const engine = await startEngine({ config });
  opened.push(engine.stop);
  const login = {
    port: engine.port,
    login: 'voorbeeld',
    key: { file: engine.loginKey, privateKey: '', publicKey: '' },
  };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => openClient(engine)));
  return { disk, engine, workers: clients.map((client) => ({ client, login: () => login })) };
}

interface Case {
  readonly title: string;
  readonly store: StoreKind;
  readonly minFreeBytes: string;
  /** Bytes that are left when the disk has been filled. */
  readonly leave: number;
  /** Persons in each declaration: with 60 it is a file in the blob directory. */
  readonly persons: number;
}

const CASES: readonly Case[] = [
  { title: 'to the last byte, SQLite on it', store: 'sqlite', minFreeBytes: '0B', leave: 0, persons: 1 },
  { title: 'to the last byte, large files', store: 'sqlite', minFreeBytes: '0B', leave: 0, persons: 60 },
  { title: 'below the threshold', store: 'sqlite', minFreeBytes: '16MiB', leave: 8 * MIB, persons: 1 },
  {
    title: 'to the last byte, only blobs on it, PostgreSQL',
    store: 'postgres',
    minFreeBytes: '0B',
    leave: 0,
    persons: 60,
  },
];

function suite({ title, store, minFreeBytes, leave, persons }: Case): void {
  describe(`a disk that fills under load (${title})`, function () {
    this.timeout(120_000);
    const opened: (() => unknown)[] = [];
    let tools: Tools;
    before(async () => {
      tools = await setUp(store, minFreeBytes, opened);
    });
    after(async () => {
      for (const close of opened.reverse()) await close();
    });

    it('loses nothing that was acknowledged, refuses what has no room, and goes on when it is freed', async () => {
      const { disk, engine, workers } = tools;
      const load = startLoad(workers, { series: 'D', persons });
      await eventually(() => expect(load.acknowledged.length).to.be.at.least(2 * CLIENTS), 30_000);
      await disk.fill(leave);
      const from = Date.now();
      await eventually(() => expect(refusalsSince(load, from)).not.to.equal(0), 20_000);
      await delay(FULL_MS);
      await disk.empty();
      const before = load.acknowledged.length;
      await eventually(() => expect(load.acknowledged.length).to.be.at.least(before + CLIENTS), 30_000);
      await load.stop();
      await eventually(() => expectOneOfEach(engine, workers[0]!.client, load.acknowledged), 45_000);
      expect(await engine.db('dead_letters').pluck('reason')).to.deep.equal([]);
    });
  });
}

function refusalsSince({ attempts }: Load, from: number): number {
  return attempts.filter(({ startedAt, failure }) => startedAt > from && failure !== undefined).length;
}

withSmallDisks('a disk that is full under load', () => {
  for (const each of CASES) if (STORES.includes(each.store)) suite(each);
});
