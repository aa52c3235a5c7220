import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type DataDoor, type DoorOptions, openDoor } from '../../../../channels/ftp/data-door.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';
import { closed } from '../../../support/closed.ts';
import { localHeader, proxyHeader } from '../../../support/proxy-header.ts';

const BALANCER = '127.0.0.9';
const CLIENT = '192.0.2.7';

describe('an FTP data connection', () => {
  let door: DataDoor;
  const sockets: Socket[] = [];

  async function open(with_: Partial<DoorOptions>): Promise<void> {
    const ports = { from: 0, to: 0 };
    door = await openDoor({ localAddress: '127.0.0.1', peer: '127.0.0.3', ports, log: silentLogger(), ...with_ });
  }
  afterEach(() => {
    door.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  function come(localAddress: string, bytes: Buffer): Socket {
    const socket = connect({ port: door.port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    sockets.push(socket);
    socket.write(bytes);
    return socket.resume();
  }

  /** What the door's owner reads first. */
  async function taken(): Promise<string> {
    const socket = await door.connection(AbortSignal.timeout(5_000));
    sockets.push(socket);
    for await (const bytes of socket) return String(bytes);
    return '';
  }

  it('is taken from the client alone, straight or although its commands come through a load balancer', async () => {
    await open({});
    await closed(come(BALANCER, Buffer.from('theirs')));
    come('127.0.0.3', Buffer.from('mine'));
    expect(await taken()).to.equal('mine');
  });

  it('behind a load balancer is taken from there, for this client, and from nobody else', async () => {
    await open({ peer: CLIENT, isProxy: (address) => address === BALANCER });
    const refused: [string, Buffer][] = [
      ['127.0.0.3', proxyHeader({ from: CLIENT })],
      [BALANCER, proxyHeader({ from: '192.0.2.8' })],
      [BALANCER, localHeader()],
      [BALANCER, Buffer.from('no header at all')],
    ];
    for (const [from, bytes] of refused) await closed(come(from, bytes));
    come(BALANCER, Buffer.concat([proxyHeader({ from: CLIENT }), Buffer.from('mine')]));
    expect(await taken()).to.equal('mine');
  });
});
