import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { expect } from 'chai';
import type { Client } from 'ssh2';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { closed } from '../support/closed.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { ftplib, type RawFtp, rawFtp } from '../support/ftp.ts';
import { openSession, put } from '../support/raw-upload.ts';
import { type ClientKey, connect, str, u32 } from '../support/sftp-client.ts';
import { sendRaw, socketOf } from '../support/ssh-raw.ts';

const MiB = 2 ** 20;
const byte = (value: number) => Buffer.from([value]);

/** What broke other servers of these protocols, tried on this one (README.md). */
describe('lessons of other servers of SFTP and FTP', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let port: number;
  const open: { destroy(): unknown }[] = [];

  before(async () => {
    port = await freePort();
    engine = await startEngine({
      ftp: { port, authTimeout: '2s' },
      sftp: { authTimeout: '2s' },
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

  it('a login that drips in byte by byte is cut off in time', async () => {
    for (const [to, line] of [
      [port, `USER ${'x'.repeat(1_000)}`],
      [engine.port, `SSH-2.0-${'x'.repeat(1_000)}`],
    ] as const) {
      const socket = dial(to, '127.0.0.1').on('error', () => undefined);
      open.push(socket.resume());
      let at = 0;
      const drip = setInterval(() => socket.write(line[at++ % line.length] ?? 'x'), 50);
      const asked = performance.now();
      await closed(socket).finally(() => clearInterval(drip));
      expect(performance.now() - asked).to.be.within(1_000, 6_000);
    }
  });

  it('FTP keeps memory bounded while a client asks for a large file and does not read it', async () => {
    const { session, end } = await openSession(engine);
    expect(await put(session, '/IN/large', Buffer.alloc(60 * MiB, 7))).to.equal(undefined);
    end();
    const client = await loggedIn();
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 3; count += 1) {
      const one = count === 0 ? client : await loggedIn();
      const data = await dataOf(one);
      data.pause();
      one.send('RETR /IN/large\r\n');
      expect(await one.reply()).to.match(/^150 /);
    }
    const bystander = await loggedIn();
    for (let turn = 0; turn < 300; turn += 1) await bystander.ask('SIZE /IN/large');
    expect(process.memoryUsage().rss - before).to.be.below(100 * MiB); // all of them would be 180
  });

  it('FTP takes up the TLS session of the commands again for data, as clients ask for it', async () => {
    const printed = await ftplib(`
import ftplib, ssl
class Reusing(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        conn = self.context.wrap_socket(conn, session=self.sock.session)
        print(conn.session_reused)
        return conn, size
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = ssl._create_unverified_context(); context.minimum_version = context.maximum_version = version
    f = Reusing(context=context); f.connect('127.0.0.1', ${port}); f.login('voorbeeld', '${PASSWORD}'); f.prot_p()
    f.retrlines('NLST', lambda line: None); f.close()`);
    expect(printed.trim().split('\n')).to.deep.equal(['True', 'True']);
  });

  it('SSH requests for a subsystem that are cut short, empty or far too long end that connection at most', async () => {
    const key = await ownKey();
    const requests = [
      Buffer.concat([u32(0), str('subsystem'), byte(1)]),
      Buffer.concat([u32(0), str('subsystem'), byte(1), u32(0xffff_ffff)]),
      Buffer.concat([u32(0), str('subsystem'), byte(1), str('')]),
      Buffer.concat([u32(0), str('subsystem'), byte(1), str('sftp'.repeat(5_000))]),
      Buffer.concat([u32(77), str('subsystem'), byte(1), str('sftp')]),
    ];
    for (const request of requests) {
      const client: Client = await connect({ port: engine.port, login: 'voorbeeld', key });
      open.push(client);
      client.on('error', () => undefined);
      sendRaw(client, byte(90), str('session'), u32(1), u32(2 ** 21), u32(2 ** 15));
      sendRaw(client, byte(98), request);
      sendRaw(client, byte(97), u32(0));
      const ended = closed(client);
      socketOf(client).end();
      await ended;
      const { session, end } = await openSession(engine);
      expect((await session.ask(17, str('/IN'))).type).to.equal(105);
      end();
    }
  });
});
