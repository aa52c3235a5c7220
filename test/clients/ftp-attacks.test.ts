import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { ftplib, type RawFtp, rawFtp } from '../support/ftp.ts';

const LINK = '127.0.0.2'; // stands for a fixed link
const OTHER = '127.0.0.3';

describe('FTP, attacked', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  let port: number;
  const open: RawFtp[] = [];

  before(async () => {
    port = await freePort();
    engine = await startEngine({
      ftp: { port, authTimeout: '2s', authAttempts: 3, startupsPerAddress: 5 },
      config: { networks: { publilink: [`${LINK}/32`] } },
      senders: [
        { channels: ['ftp'], passwordFile: 'password', networks: ['publilink'] },
        { number: '654321', login: 'ander', channels: ['ftp'], passwordFile: 'password' },
      ],
    });
  });
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });
  after(() => engine.stop());

  async function from(address: string): Promise<RawFtp> {
    const client = await rawFtp(port, '127.0.0.1', address);
    open.push(client);
    return client;
  }

  async function loggedIn(login = 'voorbeeld'): Promise<RawFtp> {
    const client = await from(LINK);
    await client.ask(`USER ${login}`);
    expect(await client.ask(`PASS ${PASSWORD}`)).to.equal('230 welcome');
    return client;
  }

  const passivePort = (reply: string) => Number(/\|\|\|(\d+)\|/.exec(reply)?.[1]);

  it('plain FTP is refused before the login from an address of no fixed link', async () => {
    const client = await from(OTHER);
    expect(await client.ask('USER voorbeeld')).to.match(/^530 .*AUTH TLS/);
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^503 /);
    expect(await client.ask('EPSV')).to.equal('530 log in first');
  });

  it('a sender that is bound to no link gets the same answer as a wrong password', async () => {
    const client = await from(LINK);
    await client.ask('USER ander');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.equal('530 login incorrect');
    await client.ask('USER niemand');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.equal('530 login incorrect');
    await client.ask('USER voorbeeld');
    expect(await client.ask('PASS wrong')).to.match(/^421 /);
    expect(await client.reply()).to.equal('closed');
  });

  it('the server connects to nobody: PORT and EPRT are refused with a sentence', async () => {
    const client = await loggedIn();
    for (const line of ['PORT 127,0,0,1,0,22', 'EPRT |1|127.0.0.1|22|']) {
      expect(await client.ask(line)).to.match(/^502 .*EPSV or PASV/);
    }
  });

  it('a data connection from another address is cut off, and the sender gets its own', async () => {
    const client = await loggedIn();
    const data = passivePort(await client.ask('EPSV'));
    const thief = connect({ port: data, host: '127.0.0.1', localAddress: OTHER });
    thief.on('error', () => undefined).resume(); // a socket that nobody reads does not see its end
    await once(thief, 'close');
    const own = connect({ port: data, host: '127.0.0.1', localAddress: LINK });
    client.send('NLST\r\n');
    expect(await client.reply()).to.match(/^150 /);
    const [listing] = await once(own, 'data');
    expect(String(listing)).to.match(/^IN\r\nOUT\r\n/);
    expect(await client.reply()).to.match(/^226 /);
  });

  it('what is sent before encryption begins counts for nothing after it', async () => {
    const client = await from(LINK);
    client.send('AUTH TLS\r\nUSER voorbeeld\r\n');
    expect(await client.reply()).to.match(/^234 /);
    client.send('PASS x\r\n'); // no TLS: the handshake fails, and nothing is answered
    expect(await client.reply()).to.equal('closed');
  });

  it('a client that sends no line, too long a line, or too much before its login, is cut off', async () => {
    const silent = await from(OTHER);
    const long = await from(OTHER);
    long.send('A'.repeat(10_000));
    expect(await long.reply()).to.match(/^500 .*too long/);
    const flood = await from(OTHER);
    flood.send('\r\n'.repeat(20_000));
    expect(await flood.reply()).to.match(/^421 /);
    expect(await silent.reply(), 'after authTimeout').to.equal('closed');
  });

  it('one address cannot take all places of those that have not logged in', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => from(OTHER)));
    expect(clients).to.have.length(5);
    expect(await from(OTHER).then((client) => client.socket.destroyed)).to.equal(true);
    await loggedIn();
  });

  it('no path leads out of the six folders, and no name is more than a name', async () => {
    const client = await loggedIn();
    const nowhere = ['/IN2/x', '/IN/../../etc/passwd', '/etc/passwd', 'IN/a/b', '/in/x', '/INTEST/../IN2/x'];
    for (const path of nowhere) expect(await client.ask(`SIZE ${path}`), path).to.match(/^550 /);
    for (const name of ['a\x00b', 'a\rb', '\xff\xfe', '..\\x', '-rf', 'a\x1b[2J']) {
      expect(await client.ask(`SIZE /IN/${name}`), JSON.stringify(name)).to.match(/^5(50|53) /);
    }
    expect(await client.ask('CWD /IN/../OUT')).to.match(/^250 /);
    expect(await client.ask('PWD')).to.match(/^257 "\/OUT"/);
    expect(await client.ask('MKD x')).to.match(/^550 /);
    expect(await client.ask('CONSTRUCTOR')).to.match(/^500 /);
    expect(await client.ask('SITE EXEC ls')).to.match(/^500 /);
  });

  it('data waits for its encryption where the control connection had to be encrypted', async () => {
    const printed = await ftplib(`
import ftplib, ssl
f = ftplib.FTP_TLS(context=ssl._create_unverified_context(), source_address=('${OTHER}', 0))
f.connect('127.0.0.1', ${port}); f.login('ander', '${PASSWORD}')
for attempt in ('f.nlst()', 'f.prot_c()'):
    try: eval(attempt); print('taken')
    except ftplib.all_errors as error: print(error)
f.prot_p(); print(f.nlst()[0]); f.quit()`);
    expect(printed.trim().split('\n')).to.deep.equal([
      '550 from your address only encrypted: PROT P first',
      '534 from your address only encrypted: PROT P',
      'IN',
    ]);
  });

  it('ABOR ends a transfer, and the connection goes on', async () => {
    const client = await loggedIn();
    const data = connect({ port: passivePort(await client.ask('EPSV')), host: '127.0.0.1', localAddress: LINK });
    data.on('error', () => undefined);
    expect(await client.ask('STOR /IN/never')).to.match(/^150 /);
    data.write('some of it');
    expect(await client.ask('STAT')).to.match(/^213 /);
    client.send('\xff\xf4\xff\xf2ABOR\r\n');
    expect([await client.reply(), await client.reply()].map((reply) => reply.slice(0, 3))).to.deep.equal([
      '426',
      '226',
    ]);
    expect(await client.ask('PWD')).to.match(/^257 /);
    await eventually(async () => {
      const [row] = await engine.db('folder_files').where({ name: 'never' }).select('state');
      expect(row).to.deep.equal({ state: 'partial' });
    });
  });
});
