import { connect as dial } from 'node:net';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { closed } from '../support/closed.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type RawFtp, rawFtp } from '../support/ftp.ts';
import { openSession, put } from '../support/raw-upload.ts';
import { str, u32 } from '../support/sftp-client.ts';
import { sendRaw, socketOf } from '../support/ssh-raw.ts';

const FILES = 3;
const MiB = 2 ** 20;

/** What each channel must do alike; the protocol is all that differs. */
interface Channel {
  /** Puts a file; gives the sentence of a refusal. */
  put(path: string, bytes: Buffer): Promise<string | undefined>;
  /** Logs in, does nothing, and resolves when the server has ended it. */
  idles(): Promise<void>;
  /** Resolves when the server has ended a connection that says nothing. */
  saysNothing(): Promise<void>;
  /** Sends up to so many bytes without logging in; gives whether it was cut off. */
  floods(bytes: number): Promise<boolean>;
  /** Sends one line, or packet, far too long; gives whether it was cut off. */
  saysTooMuch(): Promise<boolean>;
}

describe('limits of a channel', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  let port: number;

  before(async () => {
    port = await freePort();
    const limits = { idle: '2s', authTimeout: '1s' };
    engine = await startEngine({
      sftp: limits,
      ftp: { ...limits, port },
      config: {
        networks: { publilink: ['127.0.0.0/8'] },
        landing: { fileBytes: '1MiB', filesPerFolder: FILES, folderBytes: '2MiB' },
      },
      // one for each channel: they would share their folders
      senders: [
        {},
        { number: '654321', login: 'ander', channels: ['ftp'], passwordFile: 'password', networks: ['publilink'] },
      ],
    });
  });
  after(() => engine.stop());

  async function ftp(): Promise<RawFtp> {
    const client = await rawFtp(port);
    await client.ask('USER ander');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^230 /);
    return client;
  }

  const closeOf = (to: number) => closed(dial(to, '127.0.0.1').resume()).then(() => undefined);

  async function ftpPut(path: string, bytes: Buffer): Promise<string | undefined> {
    const client = await ftp();
    const [, data] = /\|\|\|(\d+)\|/.exec(await client.ask('EPSV')) ?? [];
    const socket = dial(Number(data), '127.0.0.1').on('error', () => undefined);
    client.send(`STOR ${path}\r\n`);
    const begun = await client.reply();
    if (begun.startsWith('150')) socket.end(bytes);
    const ended = begun.startsWith('150') ? await client.reply() : begun;
    client.close();
    socket.destroy();
    return ended.startsWith('226') ? undefined : ended;
  }

  async function sftpPut(path: string, bytes: Buffer): Promise<string | undefined> {
    const { session, end } = await openSession(engine);
    const refused = await put(session, path, bytes);
    end();
    return refused;
  }

  /** A client that has exchanged keys and does not log in. */
  async function stranger(): Promise<ssh2.Client> {
    const client = new ssh2.Client().on('error', () => undefined);
    await new Promise<void>((resolve) => {
      const authHandler = () => resolve();
      client.connect({ host: '127.0.0.1', port: engine.port, username: 'x', authHandler: authHandler as never });
    });
    return client;
  }

  const channels: Record<string, Channel> = {
    SFTP: {
      put: sftpPut,
      async idles() {
        const { session } = await openSession(engine);
        await closed(session.channel);
      },
      saysNothing: () => closeOf(engine.port),
      async floods(bytes) {
        const client = await stranger();
        const socket = socketOf(client);
        const ignored = Buffer.alloc(16_000);
        for (let sent = 0; sent < bytes && !socket.destroyed; sent += ignored.length) {
          sendRaw(client, Buffer.from([2]), str(ignored)); // SSH_MSG_IGNORE
          await new Promise((next) => setImmediate(next)); // hears of its end
        }
        await eventually(() => expect(socket.destroyed).to.equal(true), 500); // well before authTimeout
        return true;
      },
      async saysTooMuch() {
        const { session } = await openSession(engine);
        session.channel.write(u32(300_000));
        await closed(session.channel);
        return true;
      },
    },
    FTP: {
      put: ftpPut,
      async idles() {
        expect(await (await ftp()).reply()).to.match(/^421 /);
      },
      saysNothing: () => closeOf(port),
      async floods(bytes) {
        const client = await rawFtp(port);
        client.send('NOOP\r\n'.repeat(Math.min(bytes, 60_000) / 6));
        await closed(client.socket);
        return true;
      },
      async saysTooMuch() {
        const client = await ftp();
        client.send(`STOR ${'x'.repeat(300_000)}`);
        await closed(client.socket);
        return true;
      },
    },
  };

  for (const [name, channel] of Object.entries(channels)) {
    describe(name, () => {
      it('refuses more files in IN than a sender may have, with a sentence', async () => {
        for (let count = 0; count < FILES; count += 1) {
          expect(await channel.put(`/IN/f${count}`, Buffer.from('x'))).to.equal(undefined);
        }
        expect(await channel.put('/IN/one-too-many', Buffer.from('x'))).to.match(/IN is full: it holds 3 files/);
      });

      it('refuses more bytes in a file, and in IN, than a sender may have, with a sentence', async () => {
        expect(await channel.put('/INTEST/large', Buffer.alloc(MiB + 1))).to.match(/1048576|larger|too large/);
        for (const name of ['first', 'second']) await channel.put(`/INTEST/${name}`, Buffer.alloc(MiB));
        expect(await channel.put('/INTEST/third', Buffer.alloc(MiB))).to.match(/INTEST is full/);
      });

      it('ends a connection that has logged in and does nothing', () => channel.idles());

      it('ends a connection that does not log in in time', () => channel.saysNothing());

      it('ends a connection that sends much without logging in', async () => {
        expect(await channel.floods(4 * MiB)).to.equal(true);
      });

      it('ends a connection that sends one line or packet that is too long', async () => {
        expect(await channel.saysTooMuch()).to.equal(true);
      });
    });
  }
});
