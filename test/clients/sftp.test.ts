import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { expect } from 'chai';
import { findLanded, placeFiles } from '../../engine/landing/folder-files.ts';
import { eventually } from '../support/eventually.ts';
import { type ClientDesk, type Login, lftp, openDesk, sftp, startSftp } from '../support/sftp-client.ts';
import { startSftpServer, type TestSftpServer } from '../support/sftp-server.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('SFTP with the real clients', function () {
  this.timeout(180_000);
  let desk: ClientDesk;
  let server: TestSftpServer;
  let user: Login;
  let fail: Error | undefined;
  let taking = false; // whether the intake takes the files away, as the real one does

  before(async () => {
    desk = openDesk();
    const key = desk.newKey();
    server = await startSftpServer({
      senders: [{ number: '123456', login: 'voorbeeld', publicKey: key.publicKey }],
      onArrival: async ({ folder }) => {
        if (fail) throw fail;
        if (taking) await server.db('folder_files').where({ folder }).del();
      },
    });
    user = { port: server.port, login: 'voorbeeld', key };
  });

  beforeEach(async () => {
    fail = undefined;
    taking = false;
    server.arrivals.length = 0;
    await server.db('folder_files').del();
  });

  after(async () => {
    await server.stop();
    desk.remove();
  });

  const landed = (name: string) => findLanded(server.db, '123456', 'IN', name);
  const succeed = async (commands: readonly string[], more: readonly string[] = []) => {
    const result = await sftp(user, commands, more);
    expect(result.code, result.stderr).to.equal(0);
    return result.stdout;
  };

  it('shows exactly the six folders', async () => {
    const shown = await succeed(['pwd', 'ls -1', 'cd IN', 'pwd', 'cd ../../..', 'pwd']);
    const lines = shown.split('\n').filter((line) => line !== '' && !line.startsWith('sftp>'));
    const folders = ['IN', 'INTEST', 'INTEST-S', 'OUT', 'OUTTEST', 'OUTTEST-S'];
    const at = (path: string) => `Remote working directory: ${path}`;
    expect(lines).to.deep.equal([at('/'), ...folders, at('/IN'), at('/')]);
  });

  it('takes put -p with the time of the file, and shows it with ls -l', async () => {
    const file = desk.put('FI.A', randomBytes(4_096));
    utimesSync(file, new Date('2024-03-01T10:00:00Z'), new Date('2024-03-01T10:00:00Z'));
    const shown = await succeed([`put -p ${file} IN/FI.A`, 'ls -l IN']);
    expect(shown).to.match(/-rw-------\s+1 123456\s+123456\s+4096 Mar {2}1 {2}2024 (IN\/)?FI\.A/);
  });

  for (const size of [0, 4_096, 65_536, 65_537, 5_000_000]) {
    it(`gives back ${size} bytes as they were sent`, async () => {
      const bytes = randomBytes(size);
      const file = desk.put('sent', bytes);
      await succeed([`put ${file} IN/FI.A`, `get IN/FI.A ${desk.path('back')}`]);
      expect(readFileSync(desk.path('back')).equals(bytes)).to.equal(true);
      expect(await landed('FI.A')).to.include({ size, sha256: sha256(bytes) });
    });
  }

  it('renames a temporary name, and tells of the GO only then', async () => {
    const file = desk.put('x', 'x');
    await succeed([`put ${file} IN/GO.A.part`, 'rename IN/GO.A.part IN/GO.A']);
    expect(server.arrivals.map(({ name }) => name)).to.deep.equal(['GO.A']);
  });

  it('replaces what has the new name when a client renames', async () => {
    const [one, two] = [desk.put('1', 'one'), desk.put('2', 'two')];
    await succeed([`put ${one} IN/FI.A`, `put ${two} IN/FI.A.part`, 'rename IN/FI.A.part IN/FI.A']);
    expect(await landed('FI.A')).to.include({ sha256: sha256(Buffer.from('two')) });
  });

  it('removes what is pending, also by a pattern', async () => {
    const file = desk.put('x', 'x');
    await succeed([`put ${file} IN/FI.1`, `put ${file} IN/FI.2`, `put ${file} IN/FS.1`, 'rm IN/FI.*']);
    expect(await server.db('folder_files').pluck('name')).to.deep.equal(['FS.1']);
  });

  it('goes on with an upload whose client was killed', async () => {
    const bytes = randomBytes(8_000_000);
    const file = desk.put('large', bytes);
    const child = startSftp(user, [`put ${file} IN/FI.A`], ['-l', '16000']);
    const sizeNow = async () => {
      const row = await server.db('folder_files').where({ name: 'FI.A' }).first();
      return row?.file ? ((await server.blobs.files.sizeOf(row.file)) ?? 0) : 0;
    };
    await eventually(async () => expect(await sizeNow()).to.be.greaterThan(500_000));
    child.kill('SIGKILL');
    await eventually(async () => expect(Number((await server.db('folder_files').first()).size)).to.be.greaterThan(0));
    expect(await landed('FI.A')).to.equal(undefined);
    await succeed([`reput ${file} IN/FI.A`]);
    expect(await landed('FI.A')).to.include({ size: bytes.length, sha256: sha256(bytes) });
  });

  it('fails the put of a GO when the intake fails, and tells of it again at the next put', async () => {
    const file = desk.put('go', '');
    fail = new Error('the store is down');
    const failed = await sftp(user, [`put ${file} IN/GO.A`]);
    expect(failed.code).to.equal(1);
    expect(failed.stderr).not.to.contain('store is down');
    fail = undefined;
    await succeed([`put ${file} IN/GO.A`]);
    expect(server.arrivals).to.have.lengthOf(2);
  });

  it('does not mind that a set is taken away as soon as its GO is there', async () => {
    taking = true;
    const [declaration, go] = [desk.put('FI.A', 'x'), desk.put('GO.A', '')];
    const shown = await succeed([`put -p ${declaration} IN/FI.A`, `put -p ${go} IN/GO.A`, 'ls IN']);
    expect(shown).to.not.match(/(FI|GO)\.A\s*$/);
  });

  it('puts an interrupted upload and its GO right when the upload is made whole', async () => {
    const bytes = randomBytes(4_000_000);
    const [file, go] = [desk.put('large', bytes), desk.put('go', '')];
    const child = startSftp(user, [`put ${file} IN/FI.A`], ['-l', '8000']);
    await eventually(async () => expect(await server.db('folder_files').where({ name: 'FI.A' })).to.have.lengthOf(1));
    child.kill('SIGKILL');
    await eventually(async () => expect(Number((await server.db('folder_files').first()).size)).to.be.greaterThan(0));
    await succeed([`put ${go} IN/GO.A`]);
    expect(await landed('FI.A')).to.equal(undefined);
    await succeed([`reput ${file} IN/FI.A`, `put ${go} IN/GO.A`]);
    expect(await landed('FI.A')).to.include({ sha256: sha256(bytes) });
    expect(server.arrivals).to.have.lengthOf(2);
  });

  it('lets the sender read and delete in OUT, and nothing else', async () => {
    await placeFiles(server.db, '123456', 'OUT', [{ name: 'FO.A', bytes: Buffer.from('answer') }], new Date());
    await placeFiles(server.db, '654321', 'OUT', [{ name: 'FO.B', bytes: Buffer.from('not yours') }], new Date());
    const file = desk.put('x', 'x');
    mkdirSync(desk.path('fetched'));
    await succeed([`get -r OUT ${desk.path('fetched')}`, 'rm OUT/FO.A']);
    expect(readdirSync(desk.path('fetched/OUT'))).to.deep.equal(['FO.A']);
    expect(readFileSync(desk.path('fetched/OUT/FO.A'), 'utf8')).to.equal('answer');
    expect((await sftp(user, ['ls OUT/FO.A'])).code).to.equal(1);
    const denied = {
      [`put ${file} OUT/x`]: /Permission denied/,
      [`put ${file} x`]: /Permission denied/,
      'mkdir IN/sub': /Permission denied/,
      'rmdir IN': /Permission denied/,
      'rm IN': /Permission denied|not a regular file|No such/,
      'symlink IN/a IN/b': /Operation unsupported/,
      'ln IN/a IN/b': /hardlink|unsupported/i,
      'rename IN OUT': /Permission denied/,
    };
    for (const [command, message] of Object.entries(denied)) {
      const result = await sftp(user, [command]);
      expect(result.code, command).to.equal(1);
      expect(result.stderr, command).to.match(message);
    }
  });

  it('lists 5000 files', async () => {
    const now = new Date();
    const rows = Array.from({ length: 5_000 }, (_, index) => ({ name: `FI.${index}`, bytes: Buffer.from('x') }));
    for (let at = 0; at < rows.length; at += 50) {
      await placeFiles(server.db, '123456', 'IN', rows.slice(at, at + 50), now);
    }
    const lines = (await succeed(['ls -1 IN'])).split('\n').filter((line) => line.includes('FI.'));
    expect(new Set(lines).size).to.equal(5_000);
  });

  it('serves four sessions at once', async () => {
    const file = desk.put('f', randomBytes(4_096));
    const sessions = [0, 1, 2, 3].map((session) => {
      const puts = Array.from({ length: 25 }, (_, index) => `put ${file} IN/FI.${session}.${index}`);
      return succeed(puts);
    });
    await Promise.all(sessions);
    expect(await server.db('folder_files').where({ state: 'complete' })).to.have.lengthOf(100);
  });

  it('logs in with RSA and ECDSA keys too', async () => {
    for (const type of ['rsa', 'ecdsa'] as const) {
      const key = desk.newKey(type);
      const other = await startSftpServer({ senders: [{ number: '123456', login: 'v', publicKey: key.publicKey }] });
      const result = await sftp({ port: other.port, login: 'v', key }, ['ls']);
      await other.stop();
      expect(result.code, result.stderr).to.equal(0);
    }
  });

  describe('lftp', () => {
    const run = async (commands: readonly string[]) => {
      const result = await lftp(user, commands);
      expect(result.code, result.stderr).to.equal(0);
      return result.stdout;
    };

    it('puts, lists, renames, fetches and removes', async () => {
      const bytes = randomBytes(200_000);
      const file = desk.put('l', bytes);
      const shown = await run([
        `put ${file} -o IN/FI.A`,
        'mv IN/FI.A IN/FI.B',
        'cls -1 IN',
        `get IN/FI.B -o ${desk.path('l.back')}`,
        'rm IN/FI.B',
      ]);
      expect(shown).to.contain('FI.B');
      expect(readFileSync(desk.path('l.back')).equals(bytes)).to.equal(true);
      expect(await server.db('folder_files')).to.have.lengthOf(0);
    });

    it('goes on with a partial file', async () => {
      const bytes = randomBytes(300_000);
      const first = desk.put('p', bytes.subarray(0, 100_000));
      await run([`put ${first} -o IN/FI.A`]);
      const whole = desk.put('p', bytes);
      await run([`put -c ${whole} -o IN/FI.A`]);
      expect(await landed('FI.A')).to.include({ sha256: sha256(bytes) });
    });

    it('does not mind that a set is taken away as soon as its GO is there', async () => {
      taking = true;
      const [declaration, go] = [desk.put('FI.A', 'x'), desk.put('GO.A', '')];
      await run([`put ${declaration} -o IN/FI.A`, `put ${go} -o IN/GO.A`]);
      expect(server.arrivals).to.have.lengthOf(1);
      expect(await server.db('folder_files')).to.deep.equal([]);
    });

    it('mirrors a directory in parallel', async () => {
      mkdirSync(desk.path('many'));
      for (let index = 0; index < 40; index += 1) desk.put(`many/FI.${index}`, randomBytes(1_000));
      await run([`mirror -R -P 4 ${desk.path('many')} IN`]);
      expect(await server.db('folder_files').where({ state: 'complete' })).to.have.lengthOf(40);
    });
  });
});
