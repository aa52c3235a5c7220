import { readFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { expect } from 'chai';
import { createApp } from '../../app.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type RawFtp, rawFtp } from '../support/ftp.ts';
import { type ClientKey, connect, openDesk } from '../support/sftp-client.ts';

const LINKS = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7'];
const [ATTACKER = '', HONEST = '', GUESSER = '', OTHER = '', TIMED = '', SHARED = ''] = LINKS;

describe('logins under attack, over all channels', function () {
  this.timeout(120_000);
  let engine: PreparedEngine;
  let app: Service;
  let port: number;

  before(async () => {
    port = await freePort();
    engine = await prepareEngine({
      ftp: { port, authAttempts: 3, startupsPerAddress: 50, idle: '1m' },
      config: {
        networks: { publilink: LINKS },
        logins: { perAddress: 20, perAddressAndLogin: 5, allow: [TIMED] },
      },
      senders: [{ channels: ['sftp', 'ftp'], passwordFile: 'password', networks: ['publilink'] }],
    });
    await start();
  });
  after(async () => {
    await app.stop();
    await engine.remove();
  });

  async function start(): Promise<void> {
    app = await createApp(engine.config, silentLogger(), new AbortController().signal);
    await app.start();
  }

  const from = (address: string): Promise<RawFtp> => rawFtp(port, '127.0.0.1', address);

  /** The reply to a password, after USER; `closed` when the connection is. */
  async function guess(client: RawFtp, login: string, password: string): Promise<string> {
    await client.ask(`USER ${login}`);
    return client.ask(`PASS ${password}`);
  }

  async function logsIn(address: string): Promise<string> {
    const client = await from(address);
    const reply = await guess(client, 'voorbeeld', PASSWORD);
    client.close();
    return reply;
  }

  const ownKey = async (): Promise<ClientKey> => {
    const privateKey = await readFile(engine.loginKey, 'utf8');
    return { file: engine.loginKey, privateKey, publicKey: '' };
  };

  /** Whether SFTP says who it is to somebody at this address. */
  const greets = (address: string) =>
    new Promise<boolean>((resolve) => {
      const socket = dial({ port: engine.port, host: '127.0.0.1', localAddress: address });
      socket.on('error', () => undefined).once('close', () => resolve(false));
      socket.once('data', () => {
        resolve(true);
        socket.destroy();
      });
    });

  /** Sends wrong passwords, three a connection, and tells how often the server said what. */
  async function attack(address: string, count: number, loginOf: (turn: number) => string) {
    const replies: Record<string, number> = {};
    const note = (reply: string) => {
      replies[reply] = (replies[reply] ?? 0) + 1;
    };
    for (let sent = 0; sent < count; sent += 1) {
      const client = await from(address);
      if (client.socket.destroyed) note('turned away');
      else note(await guess(client, loginOf(sent), `wrong ${sent}`));
      client.close();
      if (sent % 1_000 === 0) await expectQuickLogin();
    }
    return replies;
  }

  async function expectQuickLogin(): Promise<void> {
    const asked = performance.now();
    expect(await logsIn(HONEST)).to.equal('230 welcome');
    expect(performance.now() - asked, 'an honest login meanwhile').to.be.below(2_000);
  }

  it('10,000 wrong passwords cost little, and nobody else notices', async () => {
    const started = performance.now();
    const replies = await attack(ATTACKER, 10_000, (turn) => `login${turn}`);
    expect(replies).to.deep.equal({ '530 login incorrect': 20, 'turned away': 9_980 });
    expect(performance.now() - started, 'all of it').to.be.below(60_000);
  });

  it('as many for one login are not even looked at, and ban nobody else at that address', async () => {
    const replies = await attack(SHARED, 2_000, () => 'voorbeeld');
    expect(replies).to.deep.equal({ '530 login incorrect': 5, '530 too many failed logins: try again later': 1_995 });
    const neighbour = await from(SHARED);
    expect(await guess(neighbour, 'ander', PASSWORD)).to.equal('530 login incorrect');
    neighbour.close();
  });

  it('an address that is banned over FTP is banned over SFTP, and still after a restart', async () => {
    expect(await greets(ATTACKER)).to.equal(false);
    expect(await greets(HONEST)).to.equal(true);
    await app.stop();
    await start();
    expect((await from(ATTACKER)).socket.destroyed).to.equal(true);
    expect(await greets(ATTACKER)).to.equal(false);
    expect(await logsIn(HONEST)).to.equal('230 welcome');
  });

  it('guessing one login bans it from that address only, right password or not, and says so of any name', async () => {
    for (const login of ['voorbeeld', 'niemand']) {
      for (let count = 0; count < 5; count += 1) {
        const client = await from(GUESSER);
        expect(await guess(client, login, 'wrong')).to.equal('530 login incorrect');
        client.close();
      }
      const client = await from(GUESSER);
      expect(await guess(client, login, PASSWORD)).to.equal('530 too many failed logins: try again later');
      client.close();
    }
    expect(await logsIn(OTHER)).to.equal('230 welcome');
  });

  it('a success takes back what was mistyped before it', async () => {
    for (let round = 0; round < 4; round += 1) {
      const client = await from(OTHER);
      for (const word of ['wrong', 'again']) expect(await guess(client, 'voorbeeld', word)).to.match(/^530 /);
      expect(await guess(client, 'voorbeeld', PASSWORD)).to.equal('230 welcome');
      client.close();
    }
  });

  it('FTP answers an unknown login and a wrong password alike, in words and in time', async () => {
    const times: Record<string, number[]> = { voorbeeld: [], niemand: [] };
    for (let round = 0; round < 12; round += 1) {
      for (const login of ['voorbeeld', 'niemand']) {
        const client = await from(TIMED);
        const asked = performance.now();
        expect(await guess(client, login, 'wrong password')).to.equal('530 login incorrect');
        times[login]?.push(performance.now() - asked);
        client.close();
      }
    }
    const [known, unknown] = Object.values(times).map((list) => list.toSorted((a, b) => a - b)[6] ?? 0);
    expect((known ?? 0) / (unknown ?? 1)).to.be.within(0.4, 2.5);
  });

  it('SFTP scores a connection that ends without a login once, however many keys it offers, and no honest one', async () => {
    const desk = openDesk();
    await engine.db('login_scores').delete();
    const own = await ownKey();
    const strangers = [desk.newKey(), desk.newKey(), desk.newKey()];
    const offer = (keys: readonly ClientKey[]) =>
      connect(
        { port: engine.port, login: 'voorbeeld', key: { ...own, privateKey: '' } },
        {
          authHandler: keys.map(({ privateKey }) => ({
            type: 'publickey',
            username: 'voorbeeld',
            key: privateKey,
          })) as never,
        },
      );
    (await offer([...strangers, own])).destroy();
    await offer(strangers).catch(() => undefined);
    await eventually(async () => {
      const rows = await engine.db('login_scores').where({ network: '127.0.0.1', login: 'voorbeeld' });
      expect(rows.map(({ score }) => score)).to.deep.equal([1]);
    });
    desk.remove();
  });

  it('a name that no sender has, however odd, is a wrong login and nothing else', async () => {
    for (const login of ["' or 1=1 --", 'voorbeeld\0', 'voorbeeld\r', '../../123456', '%00', 'x'.repeat(4_000)]) {
      const client = await from(TIMED);
      expect(await guess(client, login, PASSWORD), JSON.stringify(login.slice(0, 20))).to.equal('530 login incorrect');
      client.close();
    }
  });
});
