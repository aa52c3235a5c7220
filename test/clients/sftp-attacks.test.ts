import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { expect } from 'chai';
import ssh2, { type ParsedKey } from 'ssh2';
import { placeFiles } from '../../engine/landing/folder-files.ts';
import { eventually } from '../support/eventually.ts';
import {
  type ClientDesk,
  type ClientKey,
  connect,
  type Login,
  openDesk,
  openGreeted,
  openRaw,
  type RawSession,
  sftp,
  ssh,
  str,
  u32,
} from '../support/sftp-client.ts';
import { startSftpServer, type TestSftpServer } from '../support/sftp-server.ts';

const OPEN = 3;
const CLOSE = 4;
const READ = 5;
const WRITE = 6;
const WRITE_NEW = u32(2 | 8 | 16);
const NO_ATTRIBUTES = u32(0);
const DENIED = 3;
const FAILURE = 4;
const UNSUPPORTED = 8;

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => '',
    (error: Error) => error.message,
  );

describe('SFTP under attack', function () {
  this.timeout(120_000);
  let desk: ClientDesk;
  let server: TestSftpServer;
  let keys: { mine: ClientKey; other: ClientKey; stranger: ClientKey };
  let user: Login;

  before(async () => {
    desk = openDesk();
    keys = { mine: desk.newKey(), other: desk.newKey(), stranger: desk.newKey() };
    server = await startSftpServer({
      senders: [
        { number: '123456', login: 'voorbeeld', publicKey: keys.mine.publicKey },
        { number: '654321', login: 'ander', publicKey: keys.other.publicKey },
      ],
      limits: { connectionsPerSender: 8, authAttempts: 3, handlesPerSession: 5 },
      landing: { fileBytes: 300_000_000 },
    });
    user = { port: server.port, login: 'voorbeeld', key: keys.mine };
  });

  after(async () => {
    await server.stop();
    desk.remove();
  });

  const works = async () => {
    const result = await sftp(user, ['ls']);
    expect(result.code, result.stderr).to.equal(0);
  };

  async function withSession<T>(work: (session: RawSession) => Promise<T>, greeted = true): Promise<T> {
    const client = await connect(user);
    try {
      return await work(greeted ? await openGreeted(client) : await openRaw(client));
    } finally {
      client.destroy();
    }
  }

  describe('logging in', () => {
    it('refuses a stranger, and a sender who comes with the key of another', async () => {
      for (const key of [keys.stranger, keys.other]) {
        expect(await failureOf(connect({ ...user, key }))).to.match(/authentication methods failed/);
      }
      expect(await failureOf(connect({ ...user, login: 'nobody', key: keys.mine }))).to.match(/methods failed/);
      await works();
    });

    it('refuses a password, and asks no questions', async () => {
      for (const more of [{ password: 'x' }, { password: 'x', tryKeyboard: true }]) {
        const { key, ...rest } = user;
        expect(key.file).to.be.a('string');
        const login = { ...rest, key: { ...key, privateKey: '' } };
        const failed = connect(login, { ...more, authHandler: ['none', 'password', 'keyboard-interactive'] as never });
        expect(await failureOf(failed)).to.match(/methods failed/);
      }
    });

    it('answers an unknown login and a wrong key alike, in sentences and in time', async () => {
      const times: Record<string, number[]> = { voorbeeld: [], nobody: [] };
      for (let round = 0; round < 10; round += 1) {
        for (const login of ['voorbeeld', 'nobody']) {
          const from = performance.now();
          expect(await failureOf(connect({ ...user, login, key: keys.stranger }))).to.match(/methods failed/);
          times[login]?.push(performance.now() - from);
        }
      }
      const [known, unknown] = Object.values(times).map((list) => list.toSorted((a, b) => a - b)[5] ?? 0);
      expect((known ?? 0) / (unknown ?? 1)).to.be.within(0.4, 2.5);
    });

    it('does not take a signature of another key for the key that it names', async () => {
      const attempt = (key: ParsedKey) =>
        connect(user, { authHandler: [{ type: 'publickey', username: 'voorbeeld', key }] as never });
      (await attempt(forgedKey(keys.mine, keys.mine))).destroy();
      expect(await failureOf(attempt(forgedKey(keys.mine, keys.stranger)))).to.match(/methods failed/);
    });

    it('closes the connection after too many attempts', async () => {
      const failed = await failureOf(
        connect(
          { ...user, login: 'voorbeeld', key: keys.stranger },
          {
            authHandler: Array.from({ length: 10 }, () => ({
              type: 'publickey',
              username: 'voorbeeld',
              key: keys.stranger.privateKey,
            })) as never,
          },
        ),
      );
      expect(failed).to.not.equal('');
      await works();
    });

    it('closes a connection that says nothing in time', async () => {
      const quick = await startSftpServer({ senders: [], limits: { authTimeoutMs: 200 } });
      const socket = connectSocket(quick.port, '127.0.0.1').resume();
      await once(socket, 'close');
      await quick.stop();
    });

    it('offers strict key exchange, no SHA-1, no CBC', async () => {
      const socket = connectSocket(server.port, '127.0.0.1');
      socket.write('SSH-2.0-probe\r\n');
      let offer = '';
      socket.on('data', (bytes: Buffer) => {
        offer += bytes.toString('latin1');
      });
      await eventually(() => expect(offer).to.contain('kex-strict-s-v00@openssh.com'));
      socket.destroy();
      expect(offer).to.not.match(/sha1|-cbc|ssh-rsa|ssh-dss|arcfour|md5|group1-/);
    });

    for (const [what, algorithms] of Object.entries({
      'CBC ciphers': { cipher: ['aes128-cbc'] },
      'SHA-1 key exchange': { kex: ['diffie-hellman-group14-sha1'] },
      'SHA-1 MACs': { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] },
    })) {
      it(`refuses ${what}`, async () => {
        expect(await failureOf(connect(user, { algorithms: algorithms as never }))).to.match(/no matching/);
      });
    }

    it('limits the connections of one sender, and lets others in', async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => connect(user)));
      expect(await failureOf(connect(user))).to.match(/methods failed/);
      const other = await connect({ ...user, login: 'ander', key: keys.other });
      for (const client of [...clients, other]) client.destroy();
      await eventually(works);
    });
  });

  describe('everything but SFTP', () => {
    it('is refused: shell, commands and forwarding', async () => {
      expect((await ssh(user, ['-T'])).code).to.not.equal(0);
      expect((await ssh(user, ['-T', 'id'])).code).to.not.equal(0);
      expect((await ssh(user, ['-T', '-s', 'netconf'])).code).to.not.equal(0);
      const forward = ['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:127.0.0.1:1'];
      expect((await ssh(user, forward)).code).to.not.equal(0);
      const client = await connect(user);
      const opened = new Promise<unknown>((resolve) => {
        client.forwardOut('127.0.0.1', 1, '127.0.0.1', server.port, (error) => resolve(error));
      });
      expect(await opened).to.be.instanceOf(Error);
      client.destroy();
    });
  });

  describe('names', () => {
    const paths = {
      '256 bytes': `/IN/${'x'.repeat(256)}`,
      NUL: '/IN/a\0b',
      'a line feed': '/IN/a\nb',
      'a carriage return': '/IN/a\rb',
      'an escape': '/IN/\u001b[2J',
      'a backslash': '/IN/..\\..\\x',
      'a leading hyphen': '/IN/-rf',
      'text direction': '/IN/\u202egpj.exe',
      'bytes that are not UTF-8': Buffer.from([...Buffer.from('/IN/'), 0xff, 0xfe]),
      'an overlong slash': Buffer.from([...Buffer.from('/IN/..'), 0xc0, 0xaf, 0x61]),
      'a folder inside': '/IN/sub/x',
      'the root': '/x',
      'a folder that begins alike': '/IN2/x',
      'a folder in another case': '/in/x',
      'the way to the file system': '/IN/../../../../etc/passwd',
      'OUT through IN': '/IN/../OUT/x',
      'a long path': `/IN/${'a/../'.repeat(2_000)}x`,
    };
    for (const [what, path] of Object.entries(paths)) {
      it(`with ${what} are refused with a sentence, and the session goes on`, async () => {
        await withSession(async (session) => {
          const reply = await session.ask(OPEN, str(path), WRITE_NEW, NO_ATTRIBUTES);
          expect(reply.status).to.equal(DENIED);
          expect(reply.text).to.match(/^[a-zA-Z][^\p{Cc}]+$/u);
          expect((await session.ask(17, str('/IN'))).type).to.equal(105);
        });
      });
    }

    const good = {
      '255 bytes': 'x'.repeat(255),
      'a dot at the end': 'a.',
      'a space at the end': 'a ',
      'a semicolon and quotes': `a;'"$(id)\``,
      percent: '%2e%2e%2f',
    };
    for (const [what, name] of Object.entries(good)) {
      it(`with ${what} are taken as they are`, async () => {
        await withSession(async (session) => {
          const { type, body } = await session.ask(OPEN, str(`/IN/${name}`), WRITE_NEW, NO_ATTRIBUTES);
          expect(type).to.equal(102);
          expect((await session.ask(CLOSE, body)).status).to.equal(0);
        });
        expect(await server.db('folder_files').where({ sender: '123456', name })).to.have.lengthOf(1);
      });
    }

    it('never reach the folder of another sender, whatever is asked', async () => {
      await placeFiles(server.db, '654321', 'OUT', [{ name: 'FO.SECRET', bytes: Buffer.from('secret') }], new Date());
      await withSession(async (session) => {
        const path = str('/OUT/FO.SECRET');
        expect((await session.ask(OPEN, path, u32(1), NO_ATTRIBUTES)).status).to.equal(2);
        expect((await session.ask(17, path)).status).to.equal(2);
        expect((await session.ask(13, path)).status).to.equal(2);
        expect((await session.ask(18, path, str('/IN/x'))).status).to.equal(DENIED);
        expect((await session.ask(18, path, str('/OUT/y'))).status).to.equal(DENIED);
        expect((await session.ask(20, path, str('/IN/x'))).status).to.equal(UNSUPPORTED);
        expect((await session.ask(200, str('hardlink@openssh.com'), path, str('/IN/x'))).status).to.equal(UNSUPPORTED);
      });
      expect(await server.db('folder_files').where({ sender: '654321' })).to.have.lengthOf(1);
    });
  });

  describe('packets', () => {
    const garbage: Record<string, (session: RawSession) => void> = {
      'a length of zero': ({ channel }) => channel.write(u32(0)),
      'a length of 4 GiB': ({ channel }) => channel.write(u32(0xffff_ffff)),
      'an unknown type': ({ send }) => send(99, u32(1)),
      'an OPEN that ends early': ({ send }) => send(OPEN, u32(1), u32(500)),
      'a WRITE with less data than it says': ({ send }) =>
        send(WRITE, u32(1), str(Buffer.alloc(4)), Buffer.alloc(8), u32(1_000), Buffer.alloc(10)),
      'a RENAME without a second name': ({ send }) => send(18, u32(1), str('/IN/a')),
      'attributes without end': ({ send }) => send(9, u32(1), str('/IN/a'), u32(0x8000_0000), u32(0xffff_ffff)),
      'a second INIT': ({ send }) => send(1, u32(3)),
      'random bytes': ({ channel }) => channel.write(randomBytes(1_000)),
    };
    for (const [what, send] of Object.entries(garbage)) {
      it(`with ${what} end that connection and no other`, async () => {
        await withSession(async (bystander) => {
          const client = await connect(user);
          const closed = once(client, 'close');
          client.on('error', () => undefined);
          const session = await openGreeted(client);
          send(session);
          await closed;
          expect((await bystander.ask(17, str('/IN'))).type).to.equal(105);
        });
      });
    }

    it('before INIT end the connection', async () => {
      const client = await connect(user);
      const closed = once(client, 'close');
      (await openRaw(client)).send(17, u32(1), str('/'));
      await closed;
      await works();
    });

    it('to handles that are not open, or are of another kind, get an answer', async () => {
      await withSession(async (session) => {
        for (const handle of [Buffer.alloc(0), Buffer.alloc(4), randomBytes(4), randomBytes(200)]) {
          expect((await session.ask(CLOSE, str(handle))).status).to.equal(2);
          expect((await session.ask(READ, str(handle), Buffer.alloc(8), u32(10))).status).to.equal(2);
        }
        const { body } = await session.ask(11, str('/'));
        expect((await session.ask(READ, body, Buffer.alloc(8), u32(10))).status).to.equal(UNSUPPORTED);
      });
    });

    it('that open more handles than allowed are refused', async () => {
      await withSession(async (session) => {
        for (let count = 0; count < 5; count += 1) expect((await session.ask(11, str('/'))).type).to.equal(102);
        expect((await session.ask(11, str('/'))).status).to.equal(FAILURE);
      });
    });

    it('for offsets beyond the limit are refused', async () => {
      await withSession(async (session) => {
        const { body } = await session.ask(OPEN, str('/IN/FI.FAR'), WRITE_NEW, NO_ATTRIBUTES);
        const far = Buffer.from('7fffffffffffffff', 'hex');
        expect((await session.ask(WRITE, body, far, str('x'))).status).to.equal(FAILURE);
        expect((await session.ask(CLOSE, body)).status).to.equal(0);
      });
    });
  });

  describe('memory', () => {
    const rss = () => process.memoryUsage().rss;

    it('stays bounded while a client asks for a large file and does not read it', async () => {
      const { sha256 } = await server.blobs.put(server.db, randomBytes(40_000_000));
      await placeFiles(server.db, '123456', 'OUT', [{ name: 'FO.BIG', sha256 }], new Date());
      await withSession(async (session) => {
        const { body } = await session.ask(OPEN, str('/OUT/FO.BIG'), u32(1), NO_ATTRIBUTES);
        const before = rss();
        session.channel.pause();
        const request = Buffer.concat([Buffer.from([READ]), u32(9), body, Buffer.alloc(8), u32(255_000)]);
        const one = Buffer.concat([u32(request.length), request]);
        session.channel.write(Buffer.concat(Array.from({ length: 2_000 }, () => one)));
        await withSession(async (bystander) => {
          for (let turn = 0; turn < 300; turn += 1) await bystander.ask(17, str('/IN'));
        });
        // 2000 answers would be 500 MB
        expect(rss() - before).to.be.below(120_000_000);
      });
      await works();
    });

    it('stays bounded while 100 MB come in', async () => {
      const file = desk.put('large', randomBytes(100_000_000));
      const before = rss();
      let peak = 0;
      const timer = setInterval(() => {
        peak = Math.max(peak, rss());
      }, 20);
      const result = await sftp(user, [`put ${file} IN/FI.LARGE`]);
      clearInterval(timer);
      expect(result.code, result.stderr).to.equal(0);
      expect(peak - before).to.be.below(120_000_000);
    });
  });
});

/** A key that names one key and signs with another. */
function forgedKey(named: ClientKey, signing: ClientKey): ParsedKey {
  const parse = (text: string) => {
    const key = ssh2.utils.parseKey(text);
    if (key instanceof Error) throw key;
    return key;
  };
  const blob = parse(named.publicKey).getPublicSSH();
  return Object.assign(parse(signing.privateKey), { getPublicSSH: () => blob });
}
