import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openSession, put, putOrThrow } from '../support/raw-upload.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import type { RawSession } from '../support/sftp-client.ts';
import { mountSmallDisk, type SmallDisk, withSmallDisks } from '../support/small-disk.ts';

const MIB = 2 ** 20;
const SENTENCE = 'the server has too little free space; try again later';

let sequence = 0;

/** Sends a signed set; gives the name of its GO. */
async function sendSet(client: TestClient): Promise<string> {
  sequence += 1;
  const stem = `DMFA.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.R`;
  const [fi, fs, go] = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
  await client.write(fi, aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
  await client.sign(fi);
  await client.write(go, '');
  await client.sftp(`put ${fi} IN/\nput ${fs} IN/\nput ${go} IN/\n`);
  return go;
}

async function expectAccepted(client: TestClient, go: string): Promise<void> {
  const receipt = await eventually(async () => {
    const found = (await client.receipts()).get(go);
    expect(found, go).not.to.equal(undefined);
    return found;
  });
  expect(receipt?.resultCode).to.equal('1');
}

function suite(minFreeBytes: string, about: (tools: () => Tools) => void): void {
  describe(`the engine on a disk that is full, ${minFreeBytes} kept free`, () => {
    let tools: Tools;
    const opened: (() => unknown)[] = [];
    before(async () => {
      const disk = mountSmallDisk(48);
      opened.push(disk.remove);
      const engine = await startEngine({ config: { dataDir: disk.dir, landing: { minFreeBytes } } });
      opened.push(engine.stop);
      const { session, end } = await openSession(engine);
      opened.push(end);
      tools = { disk, engine, client: await openClient(engine), session };
    });
    after(async () => {
      for (const close of opened.reverse()) await close();
    });
    about(() => tools);
  });
}

interface Tools {
  readonly disk: SmallDisk;
  readonly engine: TestEngine;
  readonly client: TestClient;
  readonly session: RawSession;
}

const names = async ({ engine }: Tools, folder = 'IN') =>
  (await engine.db('folder_files').where({ folder }).select('name')).map(({ name }) => name);

async function blobFiles({ disk }: Tools): Promise<number> {
  const found = await readdir(join(disk.dir, 'blobs'), { recursive: true }).catch(() => [] as string[]);
  return found.filter((name) => name.length > 2).length;
}

function testsWithReserve(tools: () => Tools): void {
  it('refuses a file that does not fit, keeps nothing of it, and works on', async () => {
    const { disk, session, client } = tools();
    await expectAccepted(client, await sendSet(client));
    const free = await disk.free();
    expect(await put(session, '/IN/large', Buffer.alloc(60 * MIB, 1))).to.equal(SENTENCE);
    expect([await names(tools()), await blobFiles(tools())]).to.deep.equal([[], 0]);
    expect(await disk.free()).to.be.greaterThan(free - 5 * MIB);
    await eventually(() => putOrThrow(session, '/IN/small')); // what is known may be a second old
    await client.sftp('rm IN/small\n');
    await expectAccepted(client, await sendSet(client));
  });

  it('refuses every upload below the threshold, and lets files be fetched and removed', async () => {
    const { disk, session, client } = tools();
    await eventually(() => putOrThrow(session, '/IN/before'));
    await disk.fill(6 * MIB);
    await eventually(async () => expect(await put(session, '/IN/before', Buffer.from('x'))).to.equal(SENTENCE));
    expect(await put(session, '/IN/small', Buffer.from('x'))).to.equal(SENTENCE);
    expect(await names(tools())).to.deep.equal(['before']);
    expect((await client.fetched()).names).to.have.length.greaterThan(5);
    await client.sftp('rm IN/before\n');
    expect(await names(tools())).to.deep.equal([]);
    await disk.empty();
    await eventually(() => putOrThrow(session, '/IN/small'));
    await expectAccepted(client, await sendSet(client));
  });
}

function testsWithoutReserve(tools: () => Tools): void {
  it('refuses a large file when the disk runs full, and keeps nothing of it', async () => {
    const { session } = tools();
    expect(await put(session, '/IN/large', Buffer.alloc(60 * MIB, 1))).to.equal(SENTENCE);
    expect([await names(tools()), await blobFiles(tools())]).to.deep.equal([[], 0]);
  });

  it('refuses small files when the database has no room, and takes them in when it has', async () => {
    const { disk, session, client } = tools();
    await disk.fill(0);
    const taken: string[] = [];
    let refused: string | undefined;
    for (let count = 0; count < 300 && refused === undefined; count += 1) {
      refused = await put(session, `/IN/small${count}`, Buffer.alloc(60_000, 1));
      if (refused === undefined) taken.push(`small${count}`);
    }
    expect(refused).to.equal(SENTENCE);
    await disk.empty();
    expect(await names(tools())).to.have.members(taken);
    await expectAccepted(client, await sendSet(client));
  });

  it('answers a set whose files came in just before the disk was full', async () => {
    const { disk, client } = tools();
    const go = await sendSet(client);
    await disk.fill(0);
    expect(await names(tools())).to.be.an('array');
    await disk.empty();
    await expectAccepted(client, go);
  });
}

withSmallDisks('a full disk', () => {
  suite('8MiB', testsWithReserve);
  suite('0B', testsWithoutReserve);
});
