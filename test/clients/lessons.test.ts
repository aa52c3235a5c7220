import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { closed } from '../support/closed.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type RawFtp, rawFtp } from '../support/ftp.ts';
import { openSession, put } from '../support/raw-upload.ts';
import { type Recorder, recorder } from '../support/recorder.ts';
import { type ClientKey, connect, openDesk, str, u32 } from '../support/sftp-client.ts';
import { beginForged, parsedKey, sendRaw } from '../support/ssh-raw.ts';

const INSS = '85073003328';
const byte = (value: number) => Buffer.from([value]);

/** What broke other products for the transfer of files, tried on this one (README.md). */
describe('lessons of others, over SFTP and FTP', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let port: number;
  let log: Recorder;
  const open: { destroy(): unknown }[] = [];

  before(async () => {
    port = await freePort();
    log = recorder();
    engine = await startEngine({
      ftp: { port, authTimeout: '2s' },
      sftp: { authTimeout: '2s' },
      log: log.log,
      config: { networks: { publilink: ['127.0.0.1'] }, landing: { minFreeBytes: '0B' } },
      senders: [{ channels: ['sftp', 'ftp'], passwordFile: 'password', networks: ['publilink'] }],
    });
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });
  after(() => engine.stop());

  async function ftp(): Promise<RawFtp> {
    const client = await rawFtp(port);
    open.push(client.socket);
    return client;
  }

  async function loggedIn(): Promise<RawFtp> {
    const client = await ftp();
    await client.ask('USER voorbeeld');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^230 /);
    return client;
  }

  async function dataOf(client: RawFtp) {
    const [, number] = /\|\|\|(\d+)\|/.exec(await client.ask('EPSV')) ?? [];
    const socket = dial(Number(number), '127.0.0.1').on('error', () => undefined);
    open.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  const ownKey = async (): Promise<ClientKey> => {
    const [privateKey, publicKey] = await Promise.all([
      readFile(engine.loginKey, 'utf8'),
      readFile(`${engine.loginKey}.pub`, 'utf8'),
    ]);
    return { file: engine.loginKey, privateKey, publicKey };
  };

  it('FTP carries out nothing before the login has ended, whatever is sent along with it', async () => {
    const client = await ftp();
    client.send('USER voorbeeld\r\nPASS wrong\r\nPWD\r\nEPSV\r\nMKD x\r\n');
    const replies = [];
    for (let count = 0; count < 5; count += 1) replies.push((await client.reply()).slice(0, 3));
    expect(replies).to.deep.equal(['331', '530', '530', '530', '530']);
  });

  it('SFTP opens no channel before the login has ended, whatever is sent along with it', async () => {
    const key = await ownKey();
    const stranger = openDesk();
    let opened = false;
    const wrong = {
      algorithm: 'ssh-ed25519',
      blob: parsedKey(key.publicKey).getPublicSSH(),
      signer: stranger.newKey(),
    };
    const client = beginForged({ port: engine.port, login: 'voorbeeld' }, wrong, (begun) => {
      const { _handlers } = (begun as unknown as { _protocol: { _handlers: Record<string, unknown> } })._protocol;
      _handlers['USERAUTH_FAILURE'] = () => undefined; // the library's client would give up
      _handlers['CHANNEL_OPEN_CONFIRMATION'] = () => {
        opened = true;
      };
      sendRaw(begun, byte(90), str('session'), u32(1), u32(2 ** 21), u32(2 ** 15));
    });
    open.push(client);
    await closed(client);
    expect(opened).to.equal(false);
    stranger.remove();
  });

  it('SFTP takes a login with a NUL for what it is, an unknown one', async () => {
    const key = await ownKey();
    for (const login of ['voorbeeld\0', '\0voorbeeld', '../voorbeeld', "voorbeeld' --"]) {
      const failed = await connect({ port: engine.port, login, key }).catch((error: Error) => error.message);
      expect(failed, JSON.stringify(login)).to.match(/methods failed|closed/);
    }
  });

  it('nothing that is uploaded becomes a file of its own name, can be executed, or is read as configuration', async () => {
    const names = ['bode.yaml', 'networks.yaml', 'server.pem', 'ssh_host_ed25519_key', 'autorun.sh', 'x.node', '.env'];
    const { session, end } = await openSession(engine);
    for (const name of names) {
      const text = `#!/bin/sh\ntouch ${join(engine.dir, 'executed')}\n${'#'.repeat(100_000)}`;
      expect(await put(session, `/IN/${name}`, Buffer.from(text))).to.equal(undefined);
    }
    end();
    const files = await readdir(engine.config.dataDir, { recursive: true, withFileTypes: true });
    const own = ['ssh_host_ed25519_key', 'server.pem']; // the engine's
    for (const file of files.filter((entry) => entry.isFile())) {
      const path = join(file.parentPath, file.name);
      if (!own.includes(file.name)) expect(names, path).to.not.include(file.name);
      expect((await stat(path)).mode & 0o111, path).to.equal(0);
      const isOwn = own.includes(file.name) && (await readFile(path, 'latin1')).startsWith('#!/bin/sh');
      expect(isOwn, path).to.equal(false);
    }
    expect(await readdir(engine.dir)).to.not.include('executed');
  });

  it('no reply shows a path of the server, a stack, or a class', async () => {
    const client = await loggedIn();
    const lines = [
      'SIZE x',
      'CWD /etc',
      'RNTO x',
      'MLST /IN/none',
      'OPTS X',
      'SITE x',
      'REST x',
      'TYPE X',
      'RETR x',
      'FEAT',
    ];
    const replies = [];
    for (const line of [...lines, 'HELP', 'STAT', 'SYST', `STOR ${'x'.repeat(300)}`, 'EPRT |9|']) {
      replies.push(await client.ask(line));
    }
    const { session, end } = await openSession(engine);
    for (const path of ['/etc/passwd', '/IN/none', '/OUT/../x', `/IN/${'x'.repeat(300)}`, '/IN/a\0']) {
      for (const type of [3, 7, 11, 13, 17]) replies.push((await session.ask(type, str(path), u32(1), u32(0))).text);
    }
    end();
    for (const reply of replies) {
      expect(reply).to.not.match(/node_modules|\bat .*:\d+|Error:|\.[jt]s\b|\/tmp\/|bode-flow|sqlite|select /i);
      expect(reply).to.not.include(engine.dir);
    }
  });

  it('no log line holds a control character of a name, a password, or an INSS number', async () => {
    const { session, end } = await openSession(engine);
    expect(await put(session, `/IN/FI_${INSS}.xml`, Buffer.from('x'))).to.equal(undefined);
    expect(await put(session, '/IN/\u001b[2J\u202e', Buffer.from('x'))).to.match(/refused/);
    end();
    const client = await loggedIn();
    const data = await dataOf(client);
    client.send(`STOR /IN/FS_85.07.30-033.28\r\n`);
    expect(await client.reply()).to.match(/^150 /);
    data.end('x');
    await client.reply();
    const other = await ftp();
    for (const login of [INSS, 'my password 1', 'a\u001b[2J']) {
      await other.ask(`USER ${login}`);
      await other.ask('PASS very secret 1');
    }
    await eventually(() => expect(log.count('refused')).to.be.at.least(3));
    const written = log.lines().join('');
    expect(log.count('file uploaded')).to.be.at.least(2);
    expect(written).to.not.match(/85073003328|85\.07\.30-033\.28|very secret|my password|geheim wachtwoord/);
    expect(written).to.not.match(/[\u0080-\u009f\u2028\u2029\u202a-\u202e]|\\u001b/);
  });
});
