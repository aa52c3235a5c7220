import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Origin, originOf } from '../../../engine/core/origin.ts';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../../../engine/core/proxy-header.ts';
import { localHeader, proxyHeader } from '../../support/proxy-header.ts';

const FOUR = { from: '192.0.2.1', to: '192.0.2.99', ports: [40_000, 2222] as const };

describe('a PROXY header', () => {
  it('says where the client is, over IPv4 and IPv6', () => {
    expect(readProxyHeader(proxyHeader(FOUR))).to.deep.equal({
      ...{ kind: 'proxied', length: 28 },
      source: { address: '192.0.2.1', port: 40_000 },
      destination: { address: '192.0.2.99', port: 2222 },
    });
    const six = readProxyHeader(proxyHeader({ from: '2001:db8::a:1', to: 'fe80::1' }));
    expect(six).to.deep.include({ kind: 'proxied', length: 52, source: { address: '2001:db8::a:1', port: 40_000 } });
    const mapped = readProxyHeader(proxyHeader({ from: '::ffff:c000:201', to: '::1' }));
    expect(mapped).to.deep.include({ source: { address: '192.0.2.1', port: 40_000 } });
  });

  it('ends where it says, passing over what follows the addresses', () => {
    const more = Buffer.from('ea000501766f6964', 'hex');
    const bytes = Buffer.concat([proxyHeader({ more }), Buffer.from('SSH-2.0-x\r\n')]);
    expect(readProxyHeader(bytes)).to.include({ kind: 'proxied', length: 36 });
  });

  it('of a health check says nothing', () => {
    expect(readProxyHeader(localHeader())).to.deep.equal({ kind: 'local', length: 16 });
    expect(readProxyHeader(proxyHeader({ command: 0x20 }))).to.deep.equal({ kind: 'local', length: 28 });
  });

  it('is waited for from every beginning of it', () => {
    const whole = proxyHeader(FOUR);
    for (let length = 0; length < whole.length; length += 1) {
      expect(readProxyHeader(whole.subarray(0, length)), String(length)).to.deep.equal({ kind: 'more' });
    }
  });

  const changed = (at: number, ...octets: number[]) => {
    const bytes = proxyHeader(FOUR);
    bytes.set(octets, at);
    return bytes;
  };
  const wrong: Record<string, Buffer> = {
    'another first octet': changed(0, 0x53),
    'version 1': Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.99 40000 22\r\n'),
    'a signature that differs at its end': changed(11, 0x0b),
    'another version': changed(12, 0x31),
    'an unknown command': changed(12, 0x22),
    UDP: changed(13, 0x12),
    'a Unix socket': changed(13, 0x31),
    'no family, from a proxy that does not speak for itself': changed(13, 0x00),
    'less than its addresses': changed(14, 0, 11),
    'IPv6 in the room of IPv4': changed(13, 0x21),
    'more than the limit': changed(14, 0xff, 0xff),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`with ${what} is none, and nothing more is waited for`, () => {
      expect(readProxyHeader(bytes)).to.deep.equal({ kind: 'invalid' });
    });
  }

  it('may be as long as the limit and no longer', () => {
    const room = MAX_PROXY_HEADER_BYTES - 28;
    expect(readProxyHeader(proxyHeader({ more: Buffer.alloc(room) }))).to.include({ kind: 'proxied' });
    expect(readProxyHeader(proxyHeader({ more: Buffer.alloc(room + 1) }))).to.include({ kind: 'invalid' });
  });
});

describe('the origin of a connection', () => {
  let server: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
  });

  async function arrival(): Promise<{ client: Socket; socket: Socket }> {
    const arrived = once(server, 'connection');
    const client = connect((server.address() as { port: number }).port, '127.0.0.1');
    clients.push(client);
    const [socket] = await arrived;
    clients.push(socket);
    socket.on('error', () => undefined);
    return { client, socket };
  }
  const trusting = () => true;

  it('is the peer for whom no header is waited, and what it sends is left as it is', async () => {
    const { client, socket } = await arrival();
    client.write(proxyHeader());
    expect(await originOf(socket, () => false)).to.deep.equal({
      ...{ address: '127.0.0.1', cameTo: '127.0.0.1', proxied: false },
    });
    const [first] = await once(socket, 'data');
    expect(first.equals(proxyHeader())).to.equal(true);
  });

  it('is what a trusted proxy says, in however many pieces, and what follows can be read', async () => {
    const { client, socket } = await arrival();
    const origin = originOf(socket, trusting);
    const bytes = Buffer.concat([proxyHeader(), Buffer.from('hello')]);
    for (const octet of bytes) client.write(Buffer.from([octet]));
    expect(await origin).to.deep.equal({ address: '192.0.2.1', cameTo: '192.0.2.99', proxied: true });
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (text.length >= 5) break;
    }
    expect(text).to.equal('hello');
  });

  it('is the proxy itself for its health check', async () => {
    const { client, socket } = await arrival();
    client.write(localHeader());
    expect(await originOf(socket, trusting)).to.include({ address: '127.0.0.1', proxied: false });
  });

  const faults: Record<string, [Buffer, Origin | string]> = {
    'sends something else': [Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'PROXY header not valid'],
    'sends nothing': [Buffer.alloc(0), 'no PROXY header in time'],
    'sends half of it': [proxyHeader().subarray(0, 20), 'no PROXY header in time'],
  };
  for (const [what, [bytes, fault]] of Object.entries(faults)) {
    it(`is not known when the proxy ${what}`, async () => {
      const { client, socket } = await arrival();
      if (bytes.length > 0) client.write(bytes);
      expect(await originOf(socket, trusting, 100)).to.equal(fault);
    });
  }

  it('is not known when the proxy goes away', async () => {
    const { client, socket } = await arrival();
    client.end(proxyHeader().subarray(0, 20));
    expect(await originOf(socket, trusting)).to.equal('PROXY header not valid');
  });
});
