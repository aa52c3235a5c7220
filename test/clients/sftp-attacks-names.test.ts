import { expect } from 'chai';
import { placeFiles } from '../../engine/landing/folder-files.ts';
import { REFUSED_PATHS, TAKEN_NAMES } from '../support/nasty-paths.ts';
import { type Attack, openAttack } from '../support/sftp-attack.ts';
import { str, u32 } from '../support/sftp-client.ts';

const OPEN = 3;
const CLOSE = 4;
const WRITE_NEW = u32(2 | 8 | 16);
const NO_ATTRIBUTES = u32(0);
const DENIED = 3;
const UNSUPPORTED = 8;

describe('SFTP under attack with names', function () {
  this.timeout(120_000);
  let attack: Attack;
  let server: Attack['server'];
  let withSession: Attack['withSession'];

  before(async () => {
    attack = await openAttack();
    ({ server, withSession } = attack);
  });

  after(() => attack.close());

  describe('names', () => {
    const paths = {
      ...REFUSED_PATHS,
      'a line feed': '/IN/a\nb',
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

    for (const [what, name] of Object.entries(TAKEN_NAMES)) {
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
});
