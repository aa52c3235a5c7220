import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { findLanded } from '../../engine/landing/folder-files.ts';
import { sweepParts } from '../../engine/landing/sweep.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { openStore } from '../../engine/store/database.ts';
import { eventually } from '../support/eventually.ts';
import { type ClientDesk, type Login, openDesk, sftp, startSftp } from '../support/sftp-client.ts';

const PROGRAM = fileURLToPath(new URL('../../scripts/bench/sftp-server.js', import.meta.url));

describe('SFTP when the server is killed', function () {
  this.timeout(120_000);
  let desk: ClientDesk;
  let dir: string;
  let user: Login;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(process.execPath, [PROGRAM, dir, desk.path('key.pub')], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(createInterface({ input: child.stdout! }), 'line');
    user = { ...user, port: Number(line) };
  }

  async function kill(): Promise<void> {
    if (!child || child.signalCode !== null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async function withStore<T>(
    work: (store: { db: ReturnType<typeof openStore>; blobs: ReturnType<typeof createBlobStore> }) => Promise<T>,
  ) {
    const db = openStore({ url: `sqlite:${join(dir, 'bode.sqlite')}` });
    try {
      return await work({ db, blobs: createBlobStore({ dir: join(dir, 'blobs'), log: silentLogger() }) });
    } finally {
      await db.destroy();
    }
  }

  beforeEach(async () => {
    desk = openDesk();
    dir = desk.path('server');
    mkdirSync(dir);
    const key = desk.newKey();
    desk.put('key.pub', key.publicKey);
    user = { port: 0, login: 'bench', key };
    await start();
  });

  afterEach(async () => {
    await kill();
    desk.remove();
  });

  it('has every file whose upload it acknowledged', async () => {
    const file = desk.put('f', randomBytes(4_096));
    const puts = Array.from({ length: 500 }, (_, index) => `put ${file} IN/FI.${String(index).padStart(3, '0')}`);
    const client = startSftp(user, puts);
    const closed = once(client, 'close'); // it may close in the same turn as the server ends
    let echoed = '';
    client.stdout.on('data', (bytes: Buffer) => {
      echoed += bytes.toString();
    });
    await eventually(() => expect(echoed).to.contain('FI.100'));
    await kill();
    await closed;
    // a command is echoed when the one before it is done
    const last = Number(/FI\.(\d+)\s*$/.exec(echoed.trimEnd())?.[1] ?? 0);
    expect(last).to.be.at.least(100);
    await withStore(async ({ db }) => {
      const names = await db('folder_files').where({ state: 'complete' }).orderBy('name').pluck('name');
      expect(names.length).to.be.at.least(last);
    });
  });

  it('goes on with the upload that it was killed in, and leaves nothing over', async () => {
    const bytes = randomBytes(6_000_000);
    const file = desk.put('large', bytes);
    const client = startSftp(user, [`put ${file} IN/FI.A`], ['-l', '16000']);
    const closed = once(client, 'close');
    await withStore(async ({ db, blobs }) => {
      await eventually(async () => {
        const row = await db('folder_files').where({ name: 'FI.A' }).first();
        expect((await blobs.files.sizeOf(row.file)) ?? 0).to.be.greaterThan(500_000);
      });
    });
    await kill();
    await closed;
    await start();
    const resumed = await sftp(user, ['ls -l IN', `reput ${file} IN/FI.A`]);
    expect(resumed.code, resumed.stderr).to.equal(0);
    await withStore(async ({ db, blobs }) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(await findLanded(db, '123456', 'IN', 'FI.A')).to.include({ size: bytes.length, sha256 });
      const sweep = { db, blobs, clock: systemClock, log: silentLogger(), graceMs: -60_000 };
      expect(await sweepParts(sweep)).to.equal(0);
    });
  });
});
