import { EngineError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { createLifeline, reasonOf } from './lifeline.ts';
import { declare, type RabbitSession } from './rabbitmq-session.ts';
import { createWindow } from './window.ts';

/** What a message says about itself outside its body. */
export interface Properties {
  readonly messageId?: string;
  readonly type?: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

export interface Publisher {
  /** Publishes to the queue `key`; resolves on the broker's confirm, rejects with broker_unavailable otherwise. */
  send(key: string, content: Buffer, properties: Properties, signal?: AbortSignal): Promise<void>;
  /** False while a publish would be refused at once: not connected, or blocked by an alarm. */
  isUp(): boolean;
  /** How many consumers each queue was found to have, a few seconds ago at most; undefined when that is not known. */
  consumersOf(name: string): number | undefined;
  /** Resolves after the first try to connect. */
  readonly tried: Promise<void>;
  close(): Promise<void>;
}

export interface PublisherDeps {
  open(name: string): Promise<RabbitSession>;
  readonly namespace: string;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
  /** The queues whose consumers are counted. */
  readonly counted?: readonly string[];
}

const CONFIRM_WINDOW = 256;
const CONFIRM_WITHIN_MS = 30_000;
const COUNT_EVERY_MS = 3_000;
const REMAKE_AFTER_MS = 1_000; // made again at once, RabbitMQ would forget to tell its consumers that it was gone

/** Creates a publisher with a connection of its own; at most 256 messages await their confirm, each for 30 s at most. */
export function createPublisher({ open, namespace, log, telemetry, counted = [] }: PublisherDeps): Publisher {
  const pending = new Map<string, (error: EngineError) => void>();
  const consumers = new Map<string, number>();
  const window = createWindow(CONFIRM_WINDOW);
  let sequence = 0;
  let makeAgain: NodeJS.Timeout | undefined;

  const lifeline = createLifeline({ name: 'publisher', log, open: openPublisher, ...(telemetry && { telemetry }) });

  async function openPublisher(): Promise<RabbitSession> {
    const session = await open('publisher');
    const { channel } = session;
    channel.on('return', ({ fields, properties }) => {
      pending.get(String(properties.correlationId))?.(unavailable(`no queue ${fields.routingKey}`));
      makeAgain ??= setTimeout(() => remake(channel), REMAKE_AFTER_MS);
    });
    void session.lost.then((reason) => {
      for (const reject of pending.values()) reject(unavailable(reason));
    });
    keepCounting(session);
    return session;
  }

  function keepCounting({ channel, lost }: RabbitSession): void {
    const count = async () => {
      for (const name of counted) consumers.set(name, (await channel.checkQueue(name)).consumerCount);
    };
    const tell = (error: unknown) => log.debug({ reason: reasonOf(error) }, 'consumers not counted');
    const timer = setInterval(() => void count().catch(tell), COUNT_EVERY_MS);
    void count().catch(tell);
    void lost.then(() => {
      clearInterval(timer);
      consumers.clear();
    });
  }

  /** Someone removed a queue: made again, the next try finds it. */
  function remake(channel: RabbitSession['channel']): void {
    makeAgain = undefined;
    declare(channel, namespace).catch((error: unknown) => log.error({ reason: reasonOf(error) }, 'declare failed'));
  }

  const send: Publisher['send'] = async (key, content, properties, signal) => {
    await window.enter();
    try {
      if (signal?.aborted) throw unavailable('the engine is stopping');
      await confirmed(key, content, properties);
    } finally {
      window.leave();
    }
  };

  async function confirmed(key: string, content: Buffer, properties: Properties): Promise<void> {
    const session = lifeline.current();
    const obstacle = session ? session.blocked() : 'not connected';
    if (!session || obstacle) throw unavailable(obstacle ?? '');
    sequence += 1;
    const correlationId = String(sequence);
    const options = {
      ...properties,
      correlationId,
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
    };
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        pending.set(correlationId, reject);
        timer = setTimeout(() => reject(unavailable('no confirm in time')), CONFIRM_WITHIN_MS);
        session.channel.publish('', key, content, options, (error) =>
          error ? reject(unavailable(reasonOf(error))) : resolve(),
        );
      });
    } catch (error) {
      throw error instanceof EngineError ? error : unavailable(reasonOf(error));
    } finally {
      clearTimeout(timer);
      pending.delete(correlationId);
    }
  }

  async function close(): Promise<void> {
    clearTimeout(makeAgain);
    await lifeline.close();
  }

  function isUp(): boolean {
    const session = lifeline.current();
    return session !== undefined && session.blocked() === undefined;
  }

  return { send, isUp, consumersOf: (name) => consumers.get(name), tried: lifeline.tried, close };
}

const unavailable = (reason: string) => new EngineError('broker_unavailable', `the broker did not take it: ${reason}`);
