import { reasonOf } from './lifeline.ts';
import type { ConsumeMessage, RabbitSession } from './rabbitmq-session.ts';

export interface WatchdogDeps {
  /** The queue's name in RabbitMQ. */
  readonly name: string;
  readonly checkEveryMs: number;
  /** True when nothing is in hand. */
  isIdle(): boolean;
  /** True when another message could be taken in hand. */
  hasRoom(): boolean;
}

/** Proves at each check that a consumer is alive, or makes it so. */
export interface Watchdog {
  /** Consumes the queue on the session's channel; the session is lost when its consumer turns out to be dead. */
  guard(session: RabbitSession, receive: (raw: ConsumeMessage | null) => void): Promise<void>;
  /** Ends the consumer; what is delivered until that is certain is still received. */
  stop(): Promise<void>;
}

const MOST_UNANSWERED = 2; // checks that were due while one was under way

/**
 * Creates the watchdog of one subscription. RabbitMQ may forget a consumer without a word, and then nothing ever comes.
 * A consumer that got something since the last check is alive. One that has nothing in hand is subscribed anew, which
 * proves it whatever was wrong. One that is at work, has room and got nothing twice while messages waited is dead.
 * So is the session when RabbitMQ leaves a check without an answer while two more become due.
 */
export function createWatchdog({ name, checkEveryMs, isIdle, hasRoom }: WatchdogDeps): Watchdog {
  let tag = '';
  let tags = 0;
  let stopped = false;
  let current: RabbitSession | undefined;
  let busy: Promise<void> = Promise.resolve();

  async function guard(session: RabbitSession, receive: (raw: ConsumeMessage | null) => void): Promise<void> {
    let received = 0;
    let overlooked = false;
    const take = (raw: ConsumeMessage | null) => {
      received += 1;
      receive(raw);
    };

    async function check(): Promise<void> {
      const alive = received > 0 || stopped;
      received = 0;
      const wasOverlooked = overlooked;
      overlooked = !alive && !isIdle() && (await isOverlooked(session));
      if (overlooked && wasOverlooked) session.lose('consumer forgotten');
      if (!alive && isIdle()) await renew();
    }

    async function renew(): Promise<void> {
      await session.channel.cancel(tag);
      if (!stopped) await consume(session, take);
    }

    await consume(session, take);
    current = session;
    let checking = false;
    let unanswered = 0;
    const timer = setInterval(() => {
      if (checking) {
        // a queue or channel may hang while the connection's heartbeat goes on
        unanswered += 1;
        if (unanswered >= MOST_UNANSWERED) session.lose('no answer to a check');
        return;
      }
      checking = true;
      unanswered = 0;
      busy = check()
        .catch((error: unknown) => session.lose(reasonOf(error)))
        .finally(() => {
          checking = false;
        });
    }, checkEveryMs);
    void session.lost.then(() => {
      clearInterval(timer);
      if (current === session) current = undefined;
    });
  }

  async function consume({ channel }: RabbitSession, take: (raw: ConsumeMessage | null) => void): Promise<void> {
    tags += 1;
    tag = `${name} ${tags}`;
    await channel.consume(name, take, { consumerTag: tag });
  }

  async function isOverlooked({ channel }: RabbitSession): Promise<boolean> {
    const { messageCount } = await channel.checkQueue(name);
    return messageCount > 0 && hasRoom();
  }

  return {
    guard,
    async stop() {
      stopped = true;
      await busy;
      // a failure means that the consumer is gone, which is what was asked
      await current?.channel.cancel(tag).catch(() => undefined);
    },
  };
}
