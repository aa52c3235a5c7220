import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { ftplib } from '../support/ftp.ts';
import { LONG } from '../support/long.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { prepareSet } from '../support/sets.ts';
import { type WebClient, webClient } from '../support/web.ts';

const RUNS = LONG ? 30 : 2;
const SENDER = { channels: ['sftp', 'ftp', 'webservice'], passwordFile: 'password', networks: ['publilink'] };

/** What a client program does with files of the directory that it works in. */
interface Way {
  put(names: readonly string[]): Promise<unknown>;
  list(): Promise<readonly string[]>;
  fetch(name: string, to: string): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

describe('every client sends, fetches and deletes, and gets the same receipt', function () {
  this.timeout(LONG ? 3_600_000 : 300_000);
  let engine: TestEngine;
  let client: TestClient;
  let web: WebClient;
  let ftp: number;
  let ftps: number;
  let password: string;

  before(async () => {
    const port = await freePort();
    [ftp, ftps] = [await freePort(), await freePort()];
    engine = await startEngine({
      ftp: { port: ftp, implicitPort: ftps },
      webservice: { port },
      config: { networks: { publilink: ['127.0.0.1/32'] } },
      senders: [SENDER],
    });
    client = await openClient(engine);
    web = webClient(port, client.dir, engine.pki.sender.key);
    password = (await run('rclone', ['obscure', PASSWORD])).trim();
  });
  after(() => engine.stop());

  const inDir = (program: string, args: readonly string[], input?: string) =>
    run(program, args, { cwd: client.dir, ...(input !== undefined && { input }) });
  const lines = (text: string) => text.split(/\r?\n/).filter((line) => line !== '');

  function sftp(): Way {
    const batch = (...commands: string[]) => client.sftp(`${commands.join('\n')}\n`);
    return {
      put: (names) => batch(...names.map((name) => `put ${name} IN/`)),
      list: async () => lines(await batch('@ls -1 OUT')).map((name) => name.replace('OUT/', '').trim()),
      fetch: (name, to) => batch(`get OUT/${name} ${to}`),
      remove: (name) => batch(`rm OUT/${name}`),
    };
  }

  function lftp(url: string, settings: string, login: string): Way {
    const common = `set ssl:verify-certificate no; set net:max-retries 1; set net:timeout 20; set cmd:fail-exit yes; ${settings}`;
    const talk = (commands: string) => inDir('lftp', ['--norc', '-u', login, '-e', `${common}; ${commands}; bye`, url]);
    return {
      put: (names) => talk(names.map((name) => `put -O IN ${name}`).join('; ')),
      list: async () => lines(await talk('cls -1 OUT/')).map((name) => name.replace(/^OUT\//, '')),
      fetch: (name, to) => talk(`get OUT/${name} -o ${to}`),
      remove: (name) => talk(`rm OUT/${name}`),
    };
  }

  function curl(url: string, login: readonly string[], remove: (name: string) => string): Way {
    const talk = (...args: string[]) => inDir('curl', ['-sS', '-k', '--max-time', '60', ...login, ...args]);
    return {
      async put(names) {
        for (const name of names) await talk('-T', name, `${url}/IN/`);
      },
      list: async () => lines(await talk('--list-only', `${url}/OUT/`)).filter((name) => !name.startsWith('.')),
      fetch: (name, to) => talk('-o', to, `${url}/OUT/${name}`),
      remove: (name) => talk('-Q', remove(name), '--list-only', '-o', '/dev/null', `${url}/OUT/`),
    };
  }

  function https(): Way {
    const talk = async (path: string, ...args: string[]) => web.curl(path, ...(await web.bearer()), ...args);
    return {
      async put(names) {
        const sent = await talk('/REST/batch/v1/submissions', ...names.flatMap((name) => ['-F', `file=@${name}`]));
        expect(sent.status, sent.body).to.equal(201);
      },
      async list() {
        const { items } = JSON.parse((await talk('/REST/batch/v1/out')).body) as { items: { name: string }[] };
        return items.map(({ name }) => name);
      },
      fetch: async (name, to) => writeFile(join(client.dir, to), (await talk(`/REST/batch/v1/out/${name}`)).body),
      async remove(name) {
        expect((await talk(`/REST/batch/v1/out/${name}`, '-X', 'DELETE')).status).to.equal(204);
      },
    };
  }

  function python(open: string, more: string): Way {
    const talk = (body: string) =>
      ftplib(`import ftplib, ssl\n${open}\nf.login('voorbeeld', '${PASSWORD}')\n${more}\n${body}\nf.quit()`);
    const at = (name: string) => `'${client.dir}/${name}'`;
    return {
      put: (names) => talk(names.map((name) => `f.storbinary('STOR IN/${name}', open(${at(name)}, 'rb'))`).join('\n')),
      list: async () => lines(await talk(`f.cwd('OUT')\nprint('\\n'.join(f.nlst()))`)),
      fetch: (name, to) => talk(`f.retrbinary('RETR OUT/${name}', open(${at(to)}, 'wb').write)`),
      remove: (name) => talk(`f.delete('OUT/${name}')`),
    };
  }

  function rclone(remote: string, options: readonly string[]): Way {
    const talk = (...args: string[]) =>
      inDir('rclone', [...args, '--config', '/dev/null', '--retries', '1', ...options]);
    return {
      async put(names) {
        for (const name of names) await talk('copyto', name, `${remote}IN/${name}`);
      },
      list: async () => lines(await talk('lsf', `${remote}OUT`)),
      fetch: (name, to) => talk('copyto', `${remote}OUT/${name}`, to),
      remove: (name) => talk('deletefile', `${remote}OUT/${name}`),
    };
  }

  const login = `voorbeeld,${PASSWORD}`;
  const user = ['-u', `voorbeeld:${PASSWORD}`];
  const dele = (name: string) => `DELE /OUT/${name}`;
  const connectSsh = () =>
    `ssh -a -x -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i ${engine.loginKey}`;
  const ftpOptions = () => [
    '--ftp-host',
    '127.0.0.1',
    '--ftp-port',
    String(ftp),
    '--ftp-user',
    'voorbeeld',
    '--ftp-pass',
    password,
  ];
  const ssl = 'ftplib.FTP_TLS(context=ssl._create_unverified_context())';

  const ways: Readonly<Record<string, () => Way>> = {
    'OpenSSH sftp': sftp,
    'lftp, sftp': () =>
      lftp(`sftp://127.0.0.1:${engine.port}`, `set sftp:connect-program "${connectSsh()}"`, 'voorbeeld,'),
    'lftp, ftp': () => lftp(`ftp://127.0.0.1:${ftp}`, 'set ftp:ssl-allow no', login),
    'lftp, ftps explicit': () =>
      lftp(`ftp://127.0.0.1:${ftp}`, 'set ftp:ssl-force yes; set ftp:ssl-protect-data yes', login),
    'lftp, ftps implicit': () => lftp(`ftps://127.0.0.1:${ftps}`, 'set ftp:ssl-protect-data yes', login),
    'curl, sftp': () =>
      curl(
        `sftp://127.0.0.1:${engine.port}`,
        ['-u', 'voorbeeld:', '--key', engine.loginKey, '--pubkey', `${engine.loginKey}.pub`],
        (name) => `rm /OUT/${name}`,
      ),
    'curl, ftp': () => curl(`ftp://127.0.0.1:${ftp}`, user, dele),
    'curl, ftps explicit': () => curl(`ftp://127.0.0.1:${ftp}`, [...user, '--ssl-reqd'], dele),
    'curl, ftps implicit': () => curl(`ftps://127.0.0.1:${ftps}`, user, dele),
    'curl, https': https,
    'ftplib, ftp': () => python(`f = ftplib.FTP(); f.connect('127.0.0.1', ${ftp})`, ''),
    'ftplib, ftps explicit': () => python(`f = ${ssl}; f.connect('127.0.0.1', ${ftp})`, 'f.prot_p()'),
    'rclone, sftp': () =>
      rclone(':sftp:', [
        '--sftp-host',
        '127.0.0.1',
        '--sftp-port',
        String(engine.port),
        '--sftp-user',
        'voorbeeld',
        '--sftp-key-file',
        engine.loginKey,
        '--sftp-disable-hashcheck',
      ]),
    'rclone, ftp': () => rclone(':ftp:', ftpOptions()),
    'rclone, ftps explicit': () =>
      rclone(':ftp:', [...ftpOptions(), '--ftp-explicit-tls', '--ftp-no-check-certificate']),
  };

  let sequence = 0;
  let first: string | undefined;

  /** A receipt without what differs from one submission to another: ticket, names, times. */
  const plain = (receipt: string) =>
    receipt.replaceAll(/>[^<]*(\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\.R(\.\d)?|[0-9A-Z]{13})[^<]*</g, '><');

  async function fetchAll(way: Way, names: readonly string[], directory: string): Promise<void> {
    await mkdir(join(client.dir, directory));
    for (const name of names) {
      await way.fetch(name, `${directory}/${name}`);
      await way.remove(name);
    }
  }

  for (const [name, open] of Object.entries(ways)) {
    it(`${name}: ${RUNS} times`, async () => {
      const way = open();
      for (let count = 0; count < RUNS; count += 1) {
        sequence += 1;
        const { fi, fs, go } = await prepareSet(client, { sequence: String(sequence).padStart(5, '0') });
        await way.put([fi, fs, go]);
        const names = await eventually(async () => {
          const listed = await way.list();
          expect(listed, 'receipt and notification, with signature and GO each').to.have.length(6);
          return listed;
        }, 30_000);
        const directory = `got-${sequence}`;
        await fetchAll(way, names, directory);
        expect(await way.list()).to.deep.equal([]);
        const got = await readdir(join(client.dir, directory));
        expect(got).to.have.members(names);
        const receipt = await readFile(
          join(client.dir, directory, got.find((file) => file.startsWith('FO.ACRF.'))!),
          'utf8',
        );
        expect(receipt).to.include(go).and.include('<ResultCode>1</ResultCode>');
        first ??= plain(receipt);
        expect(plain(receipt)).to.equal(first);
        await rm(join(client.dir, directory), { recursive: true });
      }
    });
  }
});
