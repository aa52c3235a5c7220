import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { recorder } from '../support/recorder.ts';
import { type ClientDesk, connect, type Login, openDesk, openGreeted, str, u32 } from '../support/sftp-client.ts';
import { startSftpServer, type TestSender, type TestSftpOptions, type TestSftpServer } from '../support/sftp-server.ts';
import { beginForged, getsIn, parsedKey, socketOf } from '../support/ssh-raw.ts';

const WRITE_NEW = u32(2 | 8 | 16);
const OPEN = 3;
const OPENDIR = 11;
const DENIED = 3;

describe('SFTP log-in under attack', function () {
  this.timeout(60_000);
  let desk: ClientDesk;
  let server: TestSftpServer | undefined;
  let user: Login;
  let senders: TestSender[];

  beforeEach(() => {
    desk = openDesk();
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    desk.remove();
  });

  async function start(options: Partial<TestSftpOptions> = {}, type?: 'ed25519' | 'rsa' | 'ecdsa') {
    const key = desk.newKey(type);
    senders = [{ number: '123456', login: 'voorbeeld', publicKey: key.publicKey }];
    server = await startSftpServer({ senders, ...options });
    user = { port: server.port, login: 'voorbeeld', key };
    return server;
  }

  async function works(): Promise<void> {
    (await connect(user)).destroy();
  }

  describe('with the key of another under the name of an algorithm', () => {
    for (const [type, algorithm] of [
      ['ed25519', 'ssh-ed25519'],
      ['ecdsa', 'ecdsa-sha2-nistp256'],
      ['rsa', 'rsa-sha2-256'],
    ] as const) {
      it(`is refused: ${type}`, async () => {
        await start({}, type);
        const attacker = desk.newKey(type);
        const blob = parsedKey(user.key.publicKey).getPublicSSH();
        const own = parsedKey(attacker.publicKey).getPublicSSH().toString('base64');
        const plain = algorithm.startsWith('rsa') ? 'ssh-rsa' : algorithm;
        for (const name of [`${plain} ${own}`, `${plain} ${own} `, `${plain}\t${own}`, `${plain}\n${plain} ${own}`]) {
          expect(await getsIn(user, { algorithm: name, blob, signer: attacker }), name).to.equal(false);
        }
        await works();
      });
    }

    it('is refused with any name but that of the key itself', async () => {
      await start();
      const blob = parsedKey(user.key.publicKey).getPublicSSH();
      expect(await getsIn(user, { algorithm: 'ssh-ed25519', blob, signer: user.key })).to.equal(true);
      const names = [
        'ssh-rsa',
        'rsa-sha2-256',
        'ssh-dss',
        'SSH-ED25519',
        ' ssh-ed25519',
        'ssh-ed25519 ',
        'toString',
        '',
      ];
      for (const algorithm of [...names, 'ssh-ed25519-cert-v01@openssh.com', 'sk-ssh-ed25519@openssh.com']) {
        expect(await getsIn(user, { algorithm, blob, signer: user.key }), algorithm).to.equal(false);
      }
    });

    it('is refused with bytes after the key', async () => {
      await start();
      const blob = parsedKey(user.key.publicKey).getPublicSSH();
      for (const more of [Buffer.alloc(1), Buffer.from('\n'), str('x')]) {
        const longer = Buffer.concat([blob, more]);
        expect(await getsIn(user, { algorithm: 'ssh-ed25519', blob: longer, signer: user.key })).to.equal(false);
      }
    });
  });

  it('takes no place when the client is gone before the answer', async () => {
    const gate = createGate<void>();
    let asked = 0;
    const { log, count } = recorder();
    await start({
      log,
      limits: { connectionsPerSender: 2 },
      beforeLookUp: () => {
        asked += 1;
        return gate.opened;
      },
    });
    const blob = parsedKey(user.key.publicKey).getPublicSSH();
    const forged = { algorithm: 'ssh-ed25519', blob, signer: user.key };
    for (let round = 1; round <= 3; round += 1) {
      const client = beginForged(user, forged);
      await eventually(() => expect(asked).to.equal(round));
      socketOf(client).resetAndDestroy();
      await eventually(() => expect(count('sftp connection failed')).to.equal(round));
    }
    gate.open();
    const clients = await Promise.all([connect(user), connect(user)]);
    expect(count('sftp login')).to.equal(2);
    for (const client of clients) client.destroy();
  });

  it('limits the connections of one address that have not logged in', async () => {
    await start({ limits: { startups: 6, startupsPerAddress: 4 } });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => opened(user.port)));
    const fifth = connectSocket(user.port, '127.0.0.1').on('error', () => undefined);
    await closeOf(fifth);
    const elsewhere = await opened(user.port, '127.0.0.2');
    for (const socket of [...sockets, elsewhere]) socket.destroy();
    await eventually(works);
  });

  it('lets the honest in when many strangers hold every place', async () => {
    await start({ limits: { startups: 6, startupsPerAddress: 4 } });
    const held = [];
    for (let count = 0; count < 6; count += 1) held.push(await opened(user.port, `127.0.0.${2 + (count % 2)}`));
    await works();
    expect(held.filter(({ closed }) => closed)).to.have.lengthOf(1);
    for (const socket of held) socket.destroy();
  });

  it('cuts off a client that sends an identification without end', async () => {
    await start();
    const socket = await opened(user.port);
    const closed = closeOf(socket);
    for (let count = 0; count < 20; count += 1) socket.write(Buffer.alloc(1_000, 'A'));
    await closed;
    await works();
  });

  it('ends a session whose key, or sender, has been taken away, when it opens something after 30 seconds', async () => {
    let now = Date.now();
    await start({ clock: () => new Date(now) });
    const client = await connect(user);
    client.on('error', () => undefined);
    const closed = once(client, 'close');
    const session = await openGreeted(client);
    const open = () => session.ask(OPEN, str('/IN/FI.A'), WRITE_NEW, u32(0));
    now += 31_000;
    expect((await open()).type).to.equal(102);
    senders.length = 0;
    expect((await open()).type).to.equal(102);
    now += 31_000;
    const refused = await session.ask(OPENDIR, str('/IN')).catch((error: Error) => error);
    if (!(refused instanceof Error)) expect(refused.status).to.equal(DENIED);
    await closed;
  });
});

/** Resolves when a socket closes, by error or not. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** A socket on which the server has said who it is. */
async function opened(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connectSocket({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
  await once(socket, 'data');
  return socket;
}
