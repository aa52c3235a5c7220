import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { placeFiles } from '../../engine/landing/folder-files.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { type RawFtp, rawFtp } from '../support/ftp.ts';
import { REFUSED_PATHS, TAKEN_NAMES } from '../support/nasty-paths.ts';

/** As the raw client sends it: byte by byte. */
const bytesOf = (text: string | Buffer) => Buffer.from(text).toString('latin1');

describe('FTP under attack with names', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  let port: number;
  let client: RawFtp;

  before(async () => {
    port = await freePort();
    engine = await startEngine({
      ftp: { port },
      config: { networks: { publilink: ['127.0.0.1'] } },
      senders: [
        { channels: ['ftp'], passwordFile: 'password', networks: ['publilink'] },
        { number: '654321', login: 'ander', channels: ['ftp'], passwordFile: 'password' },
      ],
    });
  });
  beforeEach(async () => {
    client = await rawFtp(port);
    await client.ask('USER voorbeeld');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^230 /);
  });
  afterEach(() => client.close());
  after(() => engine.stop());

  /** Opens a data connection for the next transfer. */
  async function data() {
    const [, number] = /\|\|\|(\d+)\|/.exec(await client.ask('EPSV')) ?? [];
    const socket = connect(Number(number), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  for (const [what, path] of Object.entries({ ...REFUSED_PATHS, 'a long path': `/IN/${'a/../'.repeat(850)}x` })) {
    it(`a path with ${what} is refused with a sentence, and the connection goes on`, async () => {
      const socket = await data();
      expect(await client.ask(`STOR ${bytesOf(path)}`)).to.match(/^55[03] [a-zA-Z][^\p{Cc}]+$/u);
      expect(await client.ask('PWD')).to.match(/^257 /);
      socket.destroy();
    });
  }

  for (const [what, name] of Object.entries(TAKEN_NAMES)) {
    it(`a name with ${what} is taken as it is`, async () => {
      const socket = await data();
      client.send(`STOR /IN/${bytesOf(name)}\r\n`);
      expect(await client.reply()).to.match(/^150 /);
      socket.end('x');
      expect(await client.reply()).to.equal('226 stored');
      expect(await engine.db('folder_files').where({ sender: '123456', name })).to.have.lengthOf(1);
      expect(await client.ask(`DELE /IN/${bytesOf(name)}`)).to.match(/^250 /);
    });
  }

  it('no name reaches the folder of another sender, whatever is asked', async () => {
    await placeFiles(engine.db, '654321', 'OUT', [{ name: 'FO.SECRET', bytes: Buffer.from('secret') }], new Date());
    for (const line of ['SIZE', 'MDTM', 'DELE', 'RNFR', 'MLST'].map((verb) => `${verb} /OUT/FO.SECRET`)) {
      expect(await client.ask(line), line).to.match(/^55[03] /);
    }
    const socket = await data();
    expect(await client.ask('RETR /OUT/FO.SECRET')).to.match(/^550 /);
    expect(await engine.db('folder_files').where({ sender: '654321' })).to.have.lengthOf(1);
    socket.destroy();
  });

  it('both Unicode forms of a letter are one name', async () => {
    for (const form of ['NFC', 'NFD']) {
      const socket = await data();
      client.send(`STOR /IN/${bytesOf('caf\u00e9'.normalize(form))}\r\n`);
      expect(await client.reply()).to.match(/^150 /);
      socket.end(form);
      expect(await client.reply()).to.equal('226 stored');
    }
    expect(await engine.db('folder_files').where('name', 'like', 'caf%')).to.have.lengthOf(1);
  });
});
