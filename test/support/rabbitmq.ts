import { randomBytes } from 'node:crypto';
import { createServer, connect as dial, type Socket } from 'node:net';
import { type Channel, connect } from 'amqplib';
import { deadQueueOf, topologyOf } from '../../engine/broker/topology.ts';
import { serviceUrl } from './services.ts';

/** The RabbitMQ that this run tests against, or undefined. */
export const RABBITMQ_URL = serviceUrl('TEST_AMQP_URL');

/** A name that no other test uses for its queues. */
export const newNamespace = () => `test-${randomBytes(6).toString('hex')}`;

/** Does something on a channel of its own. */
export async function onChannel<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url, { noDelay: true });
  connection.on('error', () => undefined); // what fails, rejects its own call
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const result = await work(channel);
    await channel.close(); // in good order, so that what was sent arrives
    return result;
  } finally {
    await connection.close();
  }
}

/** Removes a namespace's queues and exchange. */
export async function removeNamespace(url: string, namespace: string): Promise<void> {
  await onChannel(url, async (channel) => {
    for (const { name } of topologyOf(namespace).queues) await channel.deleteQueue(name);
    await channel.deleteExchange(deadQueueOf(namespace));
  });
}

/** A way to a server that can be cut and mended. */
export interface Cable {
  /** The server's address through this cable. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  mend(): void;
  remove(): Promise<void>;
}

/** Lays a cable to the server of `url`. */
export async function layCable(url: string): Promise<Cable> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let whole = true;

  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = dial(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  const near = new URL(url);
  near.host = typeof address === 'object' && address ? `127.0.0.1:${address.port}` : '';
  return {
    url: near.href,
    cut,
    mend() {
      whole = true;
    },
    async remove() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
