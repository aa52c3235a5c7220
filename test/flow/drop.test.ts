import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { spawnBode } from '../support/command-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { makeDirectory, type TestDirectory } from '../support/drop.ts';
import { type PreparedEngine, prepareEngine, startEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { prepareSet } from '../support/sets.ts';
import { mountSmallDisk, withSmallDisks } from '../support/small-disk.ts';

const SENDER = { channels: ['sftp', 'drop'] };
const SERVED = { directories: { '123456': 'drop' }, look: '500ms', poll: '100ms' };

/** Signs a set and puts it into a drop folder, GO last; gives the name of its GO. */
async function putSet(client: TestClient, directory: TestDirectory, sequence: number): Promise<string> {
  const { fi, fs, go } = await prepareSet(client, { sequence: String(sequence).padStart(5, '0') });
  for (const name of [fi, fs, go]) await directory.put('IN', name, await readFile(join(client.dir, name)));
  return go;
}

/** The names of the GO that each receipt in OUT is about, in order. */
async function receiptsIn(directory: TestDirectory): Promise<string[]> {
  const files = (await directory.list('OUT')).filter((name) => name.startsWith('FO.ACRF.'));
  const texts = await Promise.all(files.map((name) => readFile(directory.in('OUT', name), 'utf8')));
  return texts.map((text) => /<FileName>([^<]*)</.exec(text)?.[1] ?? '').sort();
}

withSmallDisks('a drop folder on another file system', () =>
  describe('a drop folder on another file system than the blobs', () => {
    it('works as on the same, also for what is too large for a row', async function () {
      this.timeout(60_000);
      const disk = mountSmallDisk(16);
      const engine = await startEngine({ senders: [SENDER], drop: { ...SERVED, directories: { '123456': disk.dir } } });
      try {
        const directory = await makeDirectory(disk.dir);
        const client = await openClient(engine);
        await directory.put('IN', 'FI.UNKNOWN', Buffer.alloc(200_000, 1));
        const go = await putSet(client, directory, 1);
        await eventually(async () => expect(await receiptsIn(directory)).to.deep.equal([go]), 20_000);
        await disk.fill(0);
        const { go: more, batch } = await prepareSet(client, { sequence: '00002' });
        await client.sftp(batch); // by SFTP: its answers go into the drop folder all the same
        await eventually(async () => expect(await client.receipts()).to.include.keys(more), 20_000);
        expect(await receiptsIn(directory)).to.deep.equal([go]); // no room for the answer
        await disk.empty();
        await eventually(async () => expect(await receiptsIn(directory)).to.deep.equal([go, more]), 20_000);
      } finally {
        await engine.stop();
        await disk.remove();
      }
    });
  }),
);

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) {
  describe('two engines on one drop folder', function () {
    this.timeout(180_000);
    let database: TestDatabase;
    let engine: PreparedEngine;
    let directory: TestDirectory;
    const processes: ChildProcess[] = [];

    before(async () => {
      database = await createTestDatabase('postgres');
      engine = await prepareEngine({
        brokerUrl: rabbit ?? '',
        config: { store: { url: database.url } },
        senders: [SENDER],
        drop: SERVED,
      });
      directory = await makeDirectory(join(engine.dir, 'drop'));
    });
    after(async () => {
      await Promise.all(processes.map((child) => end(child, 'SIGKILL')));
      await engine.remove();
      await database.remove();
    });

    async function start(role: string, ...more: string[]): Promise<ChildProcess> {
      const child = spawnBode(['start', '--role', role, ...more], engine.dir);
      processes.push(child);
      const pieces: string[] = [];
      child.stdout?.on('data', (piece) => pieces.push(String(piece)));
      await eventually(() => expect(pieces.join('')).to.include('engine started'), 60_000);
      return child;
    }

    it('take in and answer each set once, though one is killed again and again', async () => {
      await Promise.all([start('channels'), start('worker'), start('scheduler')]);
      const client = await openClient(engine);
      const sets: string[] = [];
      for (let round = 0; round < 2; round += 1) {
        const doomed = await start('channels', '--set', 'channels.sftp.port=0');
        for (let at = 0; at < 6; at += 1) {
          sets.push(await putSet(client, directory, sets.length + 1));
          if (at === 3 + (round % 2)) await end(doomed, 'SIGKILL');
        }
      }
      await eventually(async () => expect(await receiptsIn(directory)).to.deep.equal(sets), 60_000);
      await eventually(async () => expect(await directory.list('OUT')).to.have.length(sets.length * 6), 30_000);
      expect(await engine.db('submissions').select('ticket')).to.have.length(sets.length);
      expect(await engine.db('events').where({ what: 'repeated' }).select('ticket')).to.deep.equal([]);
      expect(await directory.list('IN')).to.deep.equal([]);
      await eventually(async () => expect(await directory.list('.bode/claims')).to.deep.equal([]), 30_000);
      for (const name of await directory.list('OUT')) await rm(directory.in('OUT', name));
      await eventually(async () => expect(await engine.db('folder_files').select('name')).to.deep.equal([]), 30_000);
      expect(await directory.list('OUT')).to.deep.equal([]);
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
