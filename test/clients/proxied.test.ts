import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { closed } from '../support/closed.ts';
import { PASSWORD, startEngine, type TestEngine } from '../support/engine.ts';
import { rawFtp } from '../support/ftp.ts';
import { localHeader, proxyHeader } from '../support/proxy-header.ts';
import { recorder } from '../support/recorder.ts';
import { BALANCED, type LoadBalancer, loadBalancer } from '../support/through-proxy.ts';

const BALANCER = '127.0.0.9';
const CLIENT = '192.0.2.7';
const LINKED = '10.20.0.1';

describe('behind a load balancer that sends the PROXY protocol', function () {
  this.timeout(60_000);
  let engine: TestEngine;
  const ports = { explicit: 0, implicit: 0, data: 0, sftp: 0 };
  const balancers: LoadBalancer[] = [];
  const log = recorder();

  before(async () => {
    [ports.explicit, ports.implicit, ports.data] = [await freePort(), await freePort(), await freePort()];
    engine = await startEngine({
      ftp: {
        ...{ port: ports.explicit, implicitPort: ports.implicit, proxies: [BALANCER], authTimeout: '20s' },
        passivePorts: { from: ports.data, to: ports.data },
      },
      config: { networks: { publilink: ['10.20.0.0/16'] }, logins: { perAddress: 4 } },
      sftp: { proxies: [BALANCER] },
      log: log.log,
      senders: [{ channels: ['sftp', 'ftp'], passwordFile: 'password', networks: ['publilink'] }],
    });
    ports.sftp = engine.port;
  });
  afterEach(async () => {
    for (const balancer of balancers.splice(0)) await balancer.close();
  });
  after(() => engine.stop());

  async function balance(to: number, client: string, port?: number): Promise<number> {
    const balancer = await loadBalancer({ to, as: BALANCER, client, ...(port !== undefined && { port }) });
    balancers.push(balancer);
    return balancer.port;
  }

  /** Sends bytes from an address and gives all that comes back until the server closes, or the first of it. */
  async function talk(port: number, localAddress: string, bytes: Buffer, whole = true): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    socket.write(bytes);
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      if (!whole) socket.destroy();
    });
    await closed(socket);
    return text;
  }

  it('SFTP works with a real client, and plain FTP from a fixed link behind it', async () => {
    const port = await balance(ports.sftp, CLIENT);
    const options = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
    const args = [...options, '-i', engine.loginKey, '-P', String(port), '-b', '/dev/stdin', `voorbeeld@${BALANCED}`];
    expect(await run('bash', ['-c', `echo ls | sftp ${args.join(' ')}`])).to.match(/IN +.*OUT/s);

    const ftp = await balance(ports.explicit, LINKED);
    const client = await rawFtp(ftp, BALANCED);
    expect(await client.ask('USER voorbeeld')).to.match(/^331 /);
    expect(await client.ask(`PASS ${PASSWORD}`)).to.match(/^230 /);
    client.close();
  });

  it('plain FTP is refused to a client outside the links, whatever the address of the load balancer', async () => {
    const client = await rawFtp(await balance(ports.explicit, CLIENT), BALANCED);
    expect(await client.ask('USER voorbeeld')).to.match(/^530 .*AUTH TLS/);
    client.close();
  });

  it('TLS begins after the header, with AUTH TLS and from the first byte, and data come through it too', async () => {
    await balance(ports.data, CLIENT, ports.data);
    for (const [way, port] of [
      ['ftp', await balance(ports.explicit, CLIENT)],
      ['ftps', await balance(ports.implicit, CLIENT)],
    ] as const) {
      const listed = await curlThrough(`${way}://${BALANCED}:${port}/`);
      expect(listed.split(/\r?\n/), way).to.include('INTEST-S');
    }
  });

  async function curlThrough(url: string): Promise<string> {
    const common = ['-sS', '-k', '--max-time', '20', '-u', `voorbeeld:${PASSWORD}`, '--ssl-reqd', '--list-only'];
    return run('curl', [...common, url]);
  }

  it('a header of anybody else is garbage, on every listener', async () => {
    const forged = proxyHeader({ from: LINKED });
    expect(
      await talk(ports.explicit, '127.0.0.3', Buffer.concat([forged, Buffer.from('USER voorbeeld\r\n')])),
    ).to.match(/^220 .*\r\n500 .*\r\n221 /);
    expect(await talk(ports.implicit, '127.0.0.3', forged)).to.not.contain('220');
    expect(await talk(ports.sftp, '127.0.0.3', Buffer.concat([forged, Buffer.from('SSH-2.0-x\r\n')]))).to.not.contain(
      '\0',
    );
  });

  it('a load balancer that sends none, or a broken one, is cut off before a word is said to it', async () => {
    for (const port of Object.values({ ...ports, data: ports.sftp })) {
      for (const bytes of [
        Buffer.from('SSH-2.0-x\r\n'),
        Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n'),
        Buffer.alloc(20),
      ]) {
        expect(await talk(port, BALANCER, bytes)).to.equal('');
      }
    }
  });

  it('its health check is answered', async () => {
    expect(await talk(ports.explicit, BALANCER, localHeader(), false)).to.match(/^220 /);
    expect(await talk(ports.sftp, BALANCER, localHeader(), false)).to.match(/^SSH-2\.0-bode/);
    const secure = connectTls({
      socket: await plainWith(localHeader()),
      rejectUnauthorized: false,
    });
    const [greeting] = await once(secure, 'data');
    expect(String(greeting)).to.match(/^220 /);
    secure.destroy();
  });

  it('a header and the first bytes of TLS may come in one piece', async () => {
    const socket = connect({ port: ports.implicit, host: '127.0.0.1', localAddress: BALANCER });
    let first = proxyHeader({ from: CLIENT });
    const joined = new Duplex({
      read: () => undefined,
      write(bytes, _, done) {
        socket.write(Buffer.concat([first, bytes]), done);
        first = Buffer.alloc(0);
      },
    });
    socket.on('data', (bytes) => joined.push(bytes));
    const secure = connectTls({ socket: joined, rejectUnauthorized: false });
    const [greeting] = await once(secure, 'data');
    expect(String(greeting)).to.match(/^220 /);
    socket.destroy();
  });

  it('failed logins are those of the client behind it: the load balancer is never banned', async () => {
    const guesser = '10.20.0.66';
    const port = await balance(ports.explicit, guesser);
    for (let turn = 0; turn < 4; turn += 1) {
      const client = await rawFtp(port, BALANCED);
      await client.ask(`USER login${turn}`);
      expect(await client.ask('PASS wrong')).to.equal('530 login incorrect');
      client.close();
    }
    expect((await rawFtp(port, BALANCED)).socket.destroyed, 'the guesser').to.equal(true);
    const other = await rawFtp(await balance(ports.explicit, LINKED), BALANCED);
    expect(await other.ask('USER voorbeeld')).to.match(/^331 /);
    other.close();
    const lines = log.lines('"reason":"address banned"').map((line) => JSON.parse(line).remote);
    expect(lines).to.deep.equal([guesser]);
  });

  async function plainWith(bytes: Buffer) {
    const socket = connect({ port: ports.implicit, host: '127.0.0.1', localAddress: BALANCER });
    await once(socket, 'connect');
    socket.write(bytes);
    return socket;
  }
});
