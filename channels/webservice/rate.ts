import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Counts a request of a sender, and tells it in the headers how many are left; false when it has made too many. */
export type MayAsk = (sender: string, request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

const WINDOW_MS = 60_000;

/** So many requests of each sender in a minute, in this process. The plugin must be registered. */
export function createMayAsk(app: FastifyInstance, perMinute: number): MayAsk {
  const senders = new WeakMap<FastifyRequest, string>();
  const keyGenerator = (request: FastifyRequest) => senders.get(request) ?? '';
  const count = app.createRateLimit({ max: perMinute, timeWindow: WINDOW_MS, keyGenerator });

  return async (sender, request, reply) => {
    senders.set(request, sender);
    const counted = await count(request);
    if (counted.isAllowed) return true;
    const { max, remaining, ttlInSeconds } = counted;
    reply
      .header('ratelimit-limit', max)
      .header('ratelimit-remaining', remaining)
      .header('ratelimit-reset', ttlInSeconds);
    if (counted.isExceeded) reply.header('retry-after', ttlInSeconds);
    return !counted.isExceeded;
  };
}
