import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { reasonOf, type Session } from './lifeline.ts';
import { topologyOf } from './topology.ts';

export type { ConfirmChannel, ConsumeMessage };

/** A connection to RabbitMQ with one channel, its queues declared. */
export interface RabbitSession extends Session {
  readonly channel: ConfirmChannel;
  /** The reason while RabbitMQ takes no publishes from this connection (memory or disk alarm). */
  blocked(): string | undefined;
  /** Gives the session up: it counts as lost. */
  lose(reason: string): void;
}

const CONNECT_WITHIN_MS = 10_000;

/** Connects and declares the namespace's queues; rejects when RabbitMQ is away or refuses them. */
export async function openSession(address: string, name: string, namespace: string): Promise<RabbitSession> {
  const connection = await connect(address, {
    noDelay: true, // without it a publish in sequence waits 40 ms for a delayed TCP ack
    keepAlive: true,
    keepAliveDelay: 5_000,
    timeout: CONNECT_WITHIN_MS,
    clientProperties: { connection_name: name },
  });
  const { lost, lose } = losable(connection);
  const blocked = blockedOf(connection);
  let channel: ConfirmChannel | undefined;
  const close = () => closeWithin(connection, channel, CONNECT_WITHIN_MS);
  try {
    channel = await connection.createConfirmChannel();
    channel.on('error', lose);
    channel.on('close', () => lose('channel closed'));
    await declare(channel, namespace);
    return { channel, lost, lose, blocked, close };
  } catch (error) {
    await close().catch(() => undefined); // the first error is the one that tells
    throw error;
  }
}

function losable(connection: ChannelModel) {
  let lose: (reason: unknown) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    lose = (reason) => resolve(reasonOf(reason));
  });
  connection.on('error', lose);
  connection.on('close', (error) => lose(error ?? 'connection closed'));
  return { lost, lose };
}

function blockedOf(connection: ChannelModel): () => string | undefined {
  let reason: string | undefined;
  connection.on('blocked', (why) => {
    reason = why;
  });
  connection.on('unblocked', () => {
    reason = undefined;
  });
  return () => reason;
}

async function closeWithin(connection: ChannelModel, channel: ConfirmChannel | undefined, ms: number): Promise<void> {
  const patience = new AbortController();
  const over = delay(ms, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
  await Promise.race([closeInOrder(connection, channel), over]).finally(() => patience.abort());
}

/** The channel first: what was sent on it last, such as an acknowledgement, is overtaken by the end of the connection. */
async function closeInOrder(connection: ChannelModel, channel: ConfirmChannel | undefined): Promise<void> {
  try {
    await channel?.close();
  } catch {
    // it is closed already
  }
  await connection.close();
}

/** Makes the queues that are missing; harmless when all are there. */
export async function declare(channel: ConfirmChannel, namespace: string): Promise<void> {
  const { deadExchange, queues, bindings } = topologyOf(namespace);
  await channel.assertExchange(deadExchange, 'direct', { durable: true });
  for (const { name, arguments: options } of queues) {
    await channel.assertQueue(name, { durable: true, arguments: options });
  }
  for (const { queue, exchange, key } of bindings) await channel.bindQueue(queue, exchange, key);
}
