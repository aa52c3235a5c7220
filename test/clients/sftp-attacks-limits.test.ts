import { once } from 'node:events';
import { expect } from 'chai';
import ssh2, { type Client } from 'ssh2';
import { filesOf } from '../support/content.ts';
import { eventually } from '../support/eventually.ts';
import {
  type ClientDesk,
  connect,
  type Login,
  openDesk,
  openGreeted,
  openRaw,
  str,
  u32,
} from '../support/sftp-client.ts';
import { startSftpServer, type TestSftpOptions, type TestSftpServer } from '../support/sftp-server.ts';
import { sendRaw, socketOf } from '../support/ssh-raw.ts';

const WRITE_NEW = u32(2 | 8 | 16);
const WRITE_ON = u32(2 | 8);
const [OPEN, CLOSE, WRITE, RENAME] = [3, 4, 6, 18];
const FAILURE = 4;
const byte = (value: number) => Buffer.from([value]);

/** Asks for a channel; the window is that of any client. */
const openChannel = (client: Client, id: number) =>
  sendRaw(client, byte(90), str('session'), u32(id), u32(2 ** 21), u32(2 ** 15));
const subsystem = (client: Client, channel: number, name: string, answer: 0 | 1) =>
  sendRaw(client, byte(98), u32(channel), str('subsystem'), byte(answer), str(name));

/** What the server says to channels that are asked for by hand. */
function watchChannels(client: Client) {
  const seen = { opened: [] as number[], refused: 0 };
  const { _handlers } = (client as unknown as { _protocol: { _handlers: Record<string, unknown> } })._protocol;
  _handlers['CHANNEL_OPEN_CONFIRMATION'] = (_: unknown, { sender }: { sender: number }) => seen.opened.push(sender);
  _handlers['CHANNEL_OPEN_FAILURE'] = () => {
    seen.refused += 1;
  };
  return seen;
}

describe('SFTP limits under attack', function () {
  this.timeout(60_000);
  let desk: ClientDesk;
  let server: TestSftpServer;
  let user: Login;
  const clients: Client[] = [];

  beforeEach(() => {
    desk = openDesk();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server.stop();
    desk.remove();
  });

  async function start(options: Partial<TestSftpOptions> = {}): Promise<Client> {
    const key = desk.newKey();
    const senders = [{ number: '123456', login: 'voorbeeld', publicKey: key.publicKey }];
    server = await startSftpServer({ senders, ...options });
    user = { port: server.port, login: 'voorbeeld', key };
    return login();
  }

  async function login(): Promise<Client> {
    const client = await connect(user);
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  describe('channels', () => {
    it('count from when they are opened, not from when SFTP starts on them', async () => {
      const client = await start({ limits: { sessionsPerConnection: 3 } });
      const seen = watchChannels(client);
      for (let id = 0; id < 20; id += 1) openChannel(client, 1_000 + id);
      await eventually(() => expect(seen).to.deep.equal({ opened: [0, 1, 2], refused: 17 }));
      sendRaw(client, byte(97), u32(1));
      openChannel(client, 2_000);
      await eventually(() => expect(seen.opened).to.have.lengthOf(4));
    });

    it('free their place when they are closed', async () => {
      const client = await start({ limits: { sessionsPerConnection: 1 } });
      for (let round = 0; round < 5; round += 1) {
        const { channel } = await eventually(() => openGreeted(client));
        channel.close();
        await once(channel, 'close');
      }
    });

    it('on which nothing starts end the connection in time, and so do too many of them', async () => {
      const slow = await start({ limits: { authTimeoutMs: 300 } });
      openChannel(slow, 1_000);
      await once(slow, 'close');
      const busy = await login();
      const closed = once(busy, 'close');
      const seen = watchChannels(busy);
      for (let id = 0; id < 100; id += 1) {
        openChannel(busy, 2_000 + id);
        sendRaw(busy, byte(97), u32(id));
      }
      await closed;
      expect(seen.opened.length).to.be.at.most(100);
    });

    it('take a foreign subsystem without an answer, and SFTP twice, and go on', async () => {
      const client = await start();
      const bystander = await openGreeted(client);
      const seen = watchChannels(client);
      for (const id of [1_000, 1_001]) openChannel(client, id);
      await eventually(() => expect(seen.opened).to.have.lengthOf(2));
      const [first = 0, second = 0] = seen.opened;
      subsystem(client, first, 'netconf', 0);
      for (const answer of [1, 1, 0] as const) subsystem(client, second, 'sftp', answer);
      expect((await bystander.ask(17, str('/IN'))).type).to.equal(105);
      expect(socketOf(client).destroyed).to.equal(false);
    });

    it('opened and closed 1,500 times leave no listener behind', async () => {
      const client = await start();
      const warnings: string[] = [];
      const note = (warning: Error) => void warnings.push(warning.name);
      process.on('warning', note);
      for (let round = 0; round < 1_500; round += 1) {
        const { channel } = await openRaw(client);
        channel.close();
        await once(channel, 'close');
      }
      process.off('warning', note);
      expect(warnings).to.deep.equal([]);
    });
  });

  describe('answers that nobody reads', () => {
    /** Sends requests and reads nothing until the server cuts the connection, or too many were sent. */
    async function flood(client: Client, most: number): Promise<boolean> {
      const socket = socketOf(client);
      socket.pause();
      let over = false;
      socket.once('close', () => {
        over = true;
      });
      for (let count = 0; !over && count < most; count += 1) {
        sendRaw(client, byte(80), str('a'), byte(1));
        if (count % 2_000 === 0 || socket.writableLength > 2 ** 20) await new Promise((next) => setTimeout(next, 1));
      }
      return over;
    }

    it('end the connection', async () => {
      expect(await flood(await start(), 2_000_000)).to.equal(true);
    });

    it('end it sooner before the log-in', async () => {
      await start();
      const client = new ssh2.Client().on('error', () => undefined);
      await new Promise<void>((resolve) => {
        const authHandler = () => resolve();
        client.connect({ host: '127.0.0.1', port: user.port, username: 'x', authHandler: authHandler as never });
      });
      expect(await flood(client, 2_000_000)).to.equal(true);
    });
  });

  describe('folders', () => {
    const MB = 1_000_000;
    const small = { fileBytes: 10 * MB, folderBytes: 10 * MB, partialBytes: 10 * MB };

    it('count what is open, under one name or many', async () => {
      const session = await openGreeted(await start({ landing: small }));
      const handles: Buffer[] = [];
      for (let count = 0; count < 8; count += 1) {
        const { body } = await session.ask(OPEN, str(`/IN/f${count % 3}`), WRITE_NEW, u32(0));
        handles.push(body);
      }
      const piece = Buffer.alloc(200_000, 66);
      let taken = 0;
      for (const handle of handles) {
        for (let at = 0; at < 9 * MB; at += piece.length) {
          const reply = await session.ask(WRITE, handle, u32(0), u32(at), str(piece));
          if (reply.status !== 0) {
            expect(reply).to.include({ status: FAILURE });
            expect(reply.text).to.match(/IN is full/);
            break;
          }
          taken += piece.length;
        }
      }
      expect(taken).to.be.within(9 * MB, 10 * MB + 4 * 2 ** 20);
    });

    it('keep a complete file complete when a client opens it to go on, and leaves', async () => {
      const client = await start();
      const session = await openGreeted(client);
      const { body } = await session.ask(OPEN, str('/IN/FI.A'), WRITE_NEW, u32(0));
      await session.ask(WRITE, body, u32(0), u32(0), str(Buffer.alloc(200_000, 66)));
      await session.ask(CLOSE, body);
      const before = await server.db('folder_files');
      for (let count = 0; count < 20; count += 1) await session.ask(OPEN, str('/IN/FI.A'), WRITE_ON, u32(0));
      expect(await server.db('folder_files')).to.deep.equal(before);
      expect(await filesOf(server.blobs)).to.have.lengthOf(1);
      client.destroy();
      const again = await openGreeted(await login());
      expect((await again.ask(17, str('/IN/FI.A'))).type).to.equal(105);
      expect(await server.db('folder_files')).to.deep.equal(before);
    });

    it('refuse a hole of more than 16 MiB', async () => {
      const session = await openGreeted(await start());
      const { body } = await session.ask(OPEN, str('/IN/FI.A'), WRITE_NEW, u32(0));
      const far = await session.ask(WRITE, body, u32(0), u32(2 ** 31 - 1), str('x'));
      expect(far.status).to.equal(FAILURE);
      expect(far.text).to.match(/16 MiB/);
      const cut = await session.ask(10, body, u32(1), u32(0), u32(2 ** 30));
      expect(cut.text).to.match(/16 MiB/);
    });

    it('rename a file that is being uploaded, and lose nothing', async () => {
      const session = await openGreeted(await start());
      const { body } = await session.ask(OPEN, str('/IN/x.part'), WRITE_NEW, u32(0));
      await session.ask(WRITE, body, u32(0), u32(0), str(Buffer.alloc(200_000, 66)));
      expect((await session.ask(RENAME, str('/IN/x.part'), str('/IN/GO.Y'))).status).to.equal(0);
      expect((await session.ask(CLOSE, body)).status).to.equal(0);
      const read = await session.ask(OPEN, str('/IN/GO.Y'), u32(1), u32(0));
      expect(read.type).to.equal(102);
      expect((await session.ask(5, read.body, u32(0), u32(199_000), u32(10_000))).body.length).to.equal(1_004);
      expect(server.arrivals.map(({ name }) => name)).to.deep.equal(['GO.Y']);
    });
  });
});
