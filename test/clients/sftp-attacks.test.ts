import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import { placeFiles } from '../../engine/landing/folder-files.ts';
import { type Attack, openAttack } from '../support/sftp-attack.ts';
import { connect, openGreeted, openRaw, type RawSession, sftp, str, u32 } from '../support/sftp-client.ts';

const OPEN = 3;
const CLOSE = 4;
const READ = 5;
const WRITE = 6;
const WRITE_NEW = u32(2 | 8 | 16);
const NO_ATTRIBUTES = u32(0);
const FAILURE = 4;
const UNSUPPORTED = 8;

describe('SFTP under attack', function () {
  this.timeout(120_000);
  let attack: Attack;
  let desk: Attack['desk'];
  let server: Attack['server'];
  let user: Attack['user'];
  let works: Attack['works'];
  let withSession: Attack['withSession'];

  before(async () => {
    attack = await openAttack();
    ({ desk, server, user, works, withSession } = attack);
  });

  after(() => attack.close());

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
