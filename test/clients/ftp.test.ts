import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { aDeclaration } from '../support/declarations.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { ftplib } from '../support/ftp.ts';
import { openClient, type TestClient } from '../support/sender.ts';

const SENDER = { channels: ['sftp', 'ftp'], passwordFile: 'password', networks: ['publilink'] };

describe('FTP and FTPS with real clients', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let client: TestClient;
  let port: number;
  let implicitPort: number;

  before(async () => {
    [port, implicitPort] = [await freePort(), await freePort()];
    engine = await startEngine({
      ftp: { port, implicitPort },
      config: { networks: { publilink: ['127.0.0.1/32'] } },
      senders: [SENDER],
    });
    client = await openClient(engine);
  });
  after(() => engine.stop());

  const curl = (...args: string[]) => {
    const common = ['-sS', '-k', '--max-time', '30', '-u', `voorbeeld:${PASSWORD}`];
    return run('curl', [...common, ...args], { cwd: client.dir });
  };
  const lftp = (commands: string) => {
    const settings = 'set ssl:verify-certificate no; set net:max-retries 1; set net:timeout 15';
    const login = ['-u', `voorbeeld,${PASSWORD}`];
    return run('lftp', [...login, '-e', `${settings}; ${commands}; bye`, `ftp://127.0.0.1:${port}`], {
      cwd: client.dir,
    });
  };

  const names = (sequence: string) => {
    const stem = `DMFA.123456.${fileDate(new Date())}.${sequence}.R`;
    return [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`] as const;
  };

  async function prepare(sequence: string): Promise<readonly [string, string, string]> {
    const [fi, fs, go] = names(sequence);
    await client.write(fi, aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
    await client.sign(fi);
    await client.write(go, '');
    return [fi, fs, go];
  }

  const plain = () => `ftp://127.0.0.1:${port}`;
  const implicit = () => `ftps://127.0.0.1:${implicitPort}`;
  const python = (sequence: string, open: string) =>
    ftplib(`
import ftplib, ssl
${open}
f.login('voorbeeld', '${PASSWORD}')
${open.includes('TLS') ? 'f.prot_p()' : ''}
f.cwd('IN')
for name in ${JSON.stringify(names(sequence))}:
    f.storbinary('STOR ' + name, open('${client.dir}/' + name, 'rb'))
f.quit()`);
  const puts = (sequence: string) => names(sequence).map((name) => `put -O IN ${name}`);

  const ways: Readonly<Record<string, (sequence: string) => Promise<unknown>>> = {
    'curl, plain FTP over a fixed link': async (sequence) => {
      for (const name of names(sequence)) await curl('-T', name, `${plain()}/IN/`);
    },
    'curl, explicit TLS': async (sequence) => {
      for (const name of names(sequence)) await curl('--ssl-reqd', '-T', name, `${plain()}/IN/`);
    },
    'curl, implicit TLS': async (sequence) => {
      for (const name of names(sequence)) await curl('-T', name, `${implicit()}/IN/`);
    },
    'lftp, plain': (sequence) => lftp(`set ftp:ssl-allow no; ${puts(sequence).join('; ')}`),
    'lftp, explicit TLS': (sequence) => lftp(`set ftp:ssl-force yes; ${puts(sequence).join('; ')}`),
    'ftplib, plain': (sequence) => python(sequence, `f = ftplib.FTP(); f.connect('127.0.0.1', ${port})`),
    'ftplib, explicit TLS': (sequence) =>
      python(sequence, `f = ftplib.FTP_TLS(context=ssl._create_unverified_context()); f.connect('127.0.0.1', ${port})`),
  };

  for (const [at, [way, send]] of Object.entries(ways).entries()) {
    it(`a submission by ${way} gets its positive receipt`, async () => {
      const sequence = `0010${at}`;
      const [, , go] = await prepare(sequence);
      await send(sequence);
      await eventually(async () => {
        const receipt = (await client.receipts()).get(go);
        expect(receipt).to.deep.include({ resultCode: '1', errors: [] });
      }, 20_000);
      const [row] = await engine.db('submissions').where('stem', 'like', `%.${sequence}.R`).select('channel');
      expect(row).to.deep.equal({ channel: 'ftp' });
    });
  }

  it('answers are fetched whole and deleted by curl, lftp and ftplib', async () => {
    const [one, two, three] = (await curl(`${plain()}/OUT/`, '--list-only')).trim().split(/\r?\n/).sort();
    await curl('-o', 'fetched', `${implicit()}/OUT/${one}`);
    await curl('-o', 'again', '-r', '10-', `${plain()}/OUT/${one}`);
    const whole = await readFile(join(client.dir, 'fetched'));
    expect((await readFile(join(client.dir, 'again'))).equals(whole.subarray(10))).to.equal(true);
    await curl('-Q', `DELE /OUT/${one}`, '-l', `${plain()}/OUT/`);
    await lftp(`set ftp:ssl-force yes; get -E OUT/${two}`);
    await ftplib(`
import ftplib
f = ftplib.FTP(); f.connect('127.0.0.1', ${port}); f.login('voorbeeld', '${PASSWORD}')
f.retrbinary('RETR OUT/${three}', open('${client.dir}/third', 'wb').write)
f.delete('OUT/${three}')`);
    const left = (await curl(`${plain()}/OUT/`, '--list-only')).trim().split(/\r?\n/);
    expect(left)
      .not.to.include.members([one ?? ''])
      .and.not.to.include.members([two ?? '']);
    expect(left).not.to.include(three);
  });

  it('a broken upload is gone on with, and a file renamed to a GO is one', async () => {
    const bytes = Buffer.alloc(300_000, 'abcdefg');
    await client.write('part', bytes.subarray(0, 100_000));
    await client.write('whole', bytes);
    await curl('-T', 'part', `${plain()}/IN/resumed`);
    await curl('-T', 'whole', '-C', '100000', `${plain()}/IN/resumed`);
    await curl('-o', 'back', `${plain()}/IN/resumed`);
    expect((await readFile(join(client.dir, 'back'))).equals(bytes)).to.equal(true);
    const [fi, fs, go] = await prepare('00120');
    for (const name of [fi, fs]) await curl('-T', name, `${plain()}/IN/${name}.tmp`);
    await curl('-T', go, `${plain()}/IN/go.tmp`);
    const renames = [`${fi}.tmp ${fi}`, `${fs}.tmp ${fs}`, `go.tmp ${go}`].flatMap((pair) => {
      const [from, to] = pair.split(' ');
      return ['-Q', `RNFR /IN/${from}`, '-Q', `RNTO /IN/${to}`];
    });
    await curl(...renames, '-l', `${plain()}/IN/`);
    await eventually(async () => expect((await client.receipts()).get(go)?.resultCode).to.equal('1'), 20_000);
  });
});
