import { connect } from 'node:net';
import { expect } from 'chai';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { rawFtp } from '../support/ftp.ts';

const INSIDE = '127.0.0.2'; // the link of the sender
const OTHER_LINK = '127.0.0.3'; // a link of others
const OUTSIDE = '127.0.0.4'; // no link at all

describe('fixed links', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  let port: number;
  let bound: TestEngine;

  before(async () => {
    port = await freePort();
    const networks = { publilink: [`${INSIDE}/32`], irisnet: [`${OTHER_LINK}/32`] };
    const senders = [{ channels: ['sftp', 'ftp'], passwordFile: 'password', networks: ['publilink'] }];
    const observe = { port: await freePort() };
    engine = await startEngine({ ftp: { port }, config: { networks, observe }, senders });
    bound = await startEngine({
      ...{ config: { networks }, senders },
      sftp: { networks: ['publilink'] },
      ftp: { port: await freePort(), networks: ['publilink', 'irisnet'] },
    });
  });
  after(async () => {
    await engine.stop();
    await bound.stop();
  });

  const curl = (from: string, ...more: string[]) =>
    run('curl', [
      ...['-sS', '-k', '--max-time', '20', '--interface', from, '-u', `voorbeeld:${PASSWORD}`, '--list-only', ...more],
      `ftp://127.0.0.1:${port}/`,
    ]);

  it('let plain FTP in from a link of the sender', async () => {
    expect((await curl(INSIDE)).split(/\r?\n/)).to.include('INTEST-S');
  });

  it('refuse plain FTP from outside all links before the login, and count it', async () => {
    const client = await rawFtp(port, '127.0.0.1', OUTSIDE);
    expect(await client.ask('USER voorbeeld')).to.match(/^530 .*AUTH TLS/);
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^503 /);
    client.close();
    const shown = await (await fetch(`http://127.0.0.1:${engine.config.observe.port}/metrics`)).text();
    expect(shown).to.match(
      /bode_refusals_total\{channel="ftp",reason="not encrypted, and not from a fixed link"\} [1-9]/,
    );
  });

  it('refuse plain FTP from a link of others with the answer to a wrong password', async () => {
    const client = await rawFtp(port, '127.0.0.1', OTHER_LINK);
    await client.ask('USER voorbeeld');
    expect(await client.ask(`PASS ${PASSWORD}`)).to.equal('530 login incorrect');
    client.close();
  });

  it('do not bind what is encrypted: FTP with TLS and SFTP work from outside', async () => {
    expect((await curl(OUTSIDE, '--ssl-reqd')).split(/\r?\n/)).to.include('INTEST-S');
    expect(await sftpFrom(OUTSIDE, engine)).to.match(/OUTTEST-S/);
  });

  it('that a channel is bound to are all it takes connections from', async () => {
    const { port: ftp } = bound.config.channels.ftp;
    for (const [to, from, greeted] of [
      [bound.port, INSIDE, true],
      [bound.port, OTHER_LINK, false],
      [bound.port, OUTSIDE, false],
      [ftp, OTHER_LINK, true],
      [ftp, OUTSIDE, false],
    ] as const) {
      expect((await wordsOf(to, from)) !== '', `${from} to ${to}`).to.equal(greeted);
    }
    expect(await sftpFrom(INSIDE, bound)).to.match(/OUTTEST-S/);
  });

  function sftpFrom(address: string, { port, loginKey }: TestEngine): Promise<string> {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      `BindAddress=${address}`,
    ];
    const args = options.flatMap((option) => ['-o', option]).join(' ');
    return run('bash', ['-c', `echo ls | sftp ${args} -i ${loginKey} -P ${port} -b - voorbeeld@127.0.0.1`]);
  }

  /** The first that a server says to a client at an address; empty when it closes without a word. */
  function wordsOf(port: number, localAddress: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
      socket.once('close', () => resolve(''));
      socket.once('data', (bytes) => {
        resolve(String(bytes));
        socket.destroy();
      });
    });
  }
});
