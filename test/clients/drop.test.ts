import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { aDeclaration } from '../support/declarations.ts';
import { makeDirectory, type TestDirectory } from '../support/drop.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type Receipt, type TestClient } from '../support/sender.ts';
import { lftpTo, startVsftpd, type Vsftpd } from '../support/vsftpd.ts';

const DAY = fileDate(new Date());
const WITHIN_MS = 20_000;

/** What is sent: writes the files of a set and names them, in the order in which they go. */
type Prepare = (client: TestClient, stem: string) => Promise<string[]>;

const whole: Prepare = async (client, stem) => {
  const names = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`] as const;
  await client.write(names[0], aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
  await client.sign(names[0]);
  await client.write(names[2], '');
  return [...names];
};

const CASES: Readonly<Record<string, Prepare>> = {
  'a good set': whole,
  'a set whose content is not what was signed (125)': async (client, stem) => {
    const names = await whole(client, stem);
    await client.write(names[0]!, aDeclaration({ forms: [{ companyId: '0206731645', persons: 2 }] }));
    return names;
  },
  'a set without its signature (122)': async (client, stem) => {
    const [fi, , go] = await whole(client, stem);
    return [fi!, go!];
  },
  'a GO alone (142, 122)': async (client, stem) => [(await whole(client, stem)).at(-1)!],
  'a set whose FI is misnamed (131)': async (client, stem) => {
    const [fi, fs, go] = await whole(client, stem);
    const misnamed = fi!.replace(/\.1\.1$/, '.1');
    await run('mv', [join(client.dir, fi!), join(client.dir, misnamed)]);
    return [misnamed, fs!, go!];
  },
  'a set that is cancelled before its GO (277)': async (client, stem) => {
    const [fi, fs] = await whole(client, stem);
    await client.write(`TD.${stem}.1`, '');
    return [fi!, fs!, `TD.${stem}.1`];
  },
  'a file of another environment (119)': async (client, stem) => whole(client, stem.replace(/R$/, 'T')),
};

describe('a drop folder that vsftpd fills', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let client: TestClient;
  let directory: TestDirectory;
  let vsftpd: Vsftpd;
  let work: string;

  before(async () => {
    directory = await makeDirectory();
    engine = await startEngine({
      drop: { directories: { '123456': directory.path }, poll: '100ms' },
      senders: [{ channels: ['sftp', 'drop'] }],
    });
    client = await openClient(engine);
    work = `${directory.path}-vsftpd`;
    vsftpd = await startVsftpd(directory.path, work);
  });
  after(async () => {
    await vsftpd?.stop();
    await engine?.stop();
    await directory?.remove();
    await rm(work, { recursive: true, force: true });
  });

  const curl = (...args: string[]) => run('curl', ['-sS', '--max-time', '30', ...args], { cwd: client.dir });
  const url = (path: string) => `ftp://127.0.0.1:${vsftpd.port}/${path}`;
  const ways = {
    curl: async (names: readonly string[]) => {
      for (const name of names) await curl('-T', name, url('IN/'));
    },
    lftp: (names: readonly string[]) =>
      lftpTo(
        vsftpd.port,
        `set xfer:use-temp-file yes; ${names.map((name) => `put -O IN ${name}`).join('; ')}`,
        client.dir,
      ),
    sftp: (names: readonly string[]) => client.sftp(`${names.map((name) => `put ${name} IN/`).join('\n')}\n`),
  };
  const receiptFor = (go: string): Promise<Receipt> =>
    eventually(async () => {
      const receipt = (await client.receipts()).get(go);
      expect(receipt, go).not.to.equal(undefined);
      return receipt!;
    }, WITHIN_MS);

  for (const [at, [what, prepare]] of Object.entries(CASES).entries()) {
    it(`${what} gets the receipt that it gets by SFTP`, async () => {
      const receipts = [];
      for (const [number, way] of (['sftp', 'curl', 'lftp'] as const).entries()) {
        const names = await prepare(client, `DMFA.123456.${DAY}.0${at}${number}01.R`);
        await ways[way](names);
        receipts.push(await receiptFor(names.at(-1)!));
      }
      const [first, ...others] = receipts.map(({ resultCode, errors }) => ({ resultCode, errors }));
      expect(others).to.deep.equal([first, first]);
      const [codes] = /(?<=\()[\d, ]+/.exec(what) ?? [];
      expect(first).to.deep.equal({ resultCode: codes ? '0' : '1', errors: codes ? codes.split(', ') : [] });
    });
  }

  it('the same files again by SFTP get the same ticket', async () => {
    const names = await whole(client, `DMFA.123456.${DAY}.09001.R`);
    await ways.curl(names);
    const first = await receiptFor(names[2]!);
    await ways.sftp(names);
    await eventually(async () => {
      const events = await engine.db('events').where({ ticket: first.ticket, what: 'repeated' });
      expect(events).to.have.length(1);
    }, WITHIN_MS);
    expect((await receiptFor(names[2]!)).ticket).to.equal(first.ticket);
  });

  it('answers are fetched over FTP, and what is deleted there is deleted for SFTP, too', async () => {
    const { names: bySftp } = await client.fetched();
    const list = async () => (await curl('-l', url('OUT/'))).trim().split(/\r?\n/).filter(Boolean).sort();
    await eventually(async () => expect(await list()).to.deep.equal(bySftp));
    const [one, two] = [bySftp[0]!, bySftp[1]!];
    await curl('-o', 'fetched', url(`OUT/${one}`));
    expect(await run('cmp', [join(client.dir, 'fetched'), join(client.dir, 'from-OUT', one)])).to.equal('');
    expect((await stat(directory.in('OUT', one))).mode & 0o7777).to.equal(0o640);
    await curl('-Q', `DELE OUT/${one}`, '-l', url('OUT/'));
    await lftpTo(vsftpd.port, `get -E OUT/${two} -o second`, client.dir);
    await eventually(async () => {
      const left = await engine.db('folder_files').where({ folder: 'OUT' }).select('name');
      expect(left.map(({ name }) => name).sort()).to.deep.equal(bySftp.slice(2));
    }, WITHIN_MS);
    expect(await client.sftp('ls -1 OUT\n'))
      .not.to.include(one)
      .and.not.to.include(two);
    await lftpTo(vsftpd.port, 'mrm OUT/*', client.dir);
    await eventually(
      async () => expect(await engine.db('folder_files').where({ folder: 'OUT' })).to.deep.equal([]),
      WITHIN_MS,
    );
    expect(await list()).to.deep.equal([]);
  });

  it('the daemon can neither look into what the engine has claimed nor put anything there', async () => {
    if (process.getuid?.() !== 0)
      return void expect((await stat(join(directory.path, '.bode'))).mode & 0o777).to.equal(0o700);
    await client.write('evil', 'x');
    const refused = await curl('-T', 'evil', url('.bode/claims/')).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(refused).to.match(/curl .* ended with \d+/);
  });
});
