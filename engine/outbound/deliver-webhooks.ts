import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { eventsOf, type NumberedEvent, numberEvents } from '../mailboxes/events.ts';
import type { SigningWebhook } from '../mailboxes/webhooks.ts';
import type { Db } from '../store/database.ts';
import { requestFor } from './webhook-event.ts';
import { settleReplay, wantedReplays } from './webhook-letters.ts';
import type { PostWebhook } from './webhook-outlet.ts';
import { dueWebhooks, nextEvents, noteFailure, notePassed, noteTaken } from './webhook-progress.ts';

export interface WebhookDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly post: PostWebhook;
  /** What the engine calls itself as a document provider. */
  readonly feed: string;
  readonly giveUpMs: number;
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
}

const TURN_MS = 20_000; // so that a slow one keeps others waiting no longer
const AT_ONCE = 16;
const MOST_WEBHOOKS = 5_000;
const MOST_REPLAYS = 100;
const PAGE = 500;

/**
 * Tells each webhook of what has come since it was last told, one event after the other: the next goes out when the one before
 * was taken, or given up. What was taken as the process died is sent again under the same id.
 *
 * @returns how many events were taken.
 */
export async function deliverWebhooks(deps: WebhookDeps): Promise<number> {
  const { db, clock } = deps;
  await numberEvents(db);
  const until = new Date(clock().getTime() + TURN_MS);
  let taken = await replay(deps, until);
  const waiting = (await dueWebhooks(db, clock(), MOST_WEBHOOKS)).values();
  const serve = async () => {
    for (const webhook of waiting) {
      const more = await turn(deps, webhook, until); // not `taken += await`: others count meanwhile
      taken += more;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, serve)); // nothing goes on after this has failed
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return taken;
}

/** Tells one webhook of events until there are none, one fails, or its time is up. */
async function turn(deps: WebhookDeps, webhook: SigningWebhook, until: Date): Promise<number> {
  let [taken, at]: [number, SigningWebhook | undefined] = [0, webhook];
  while (at !== undefined && deps.clock() < until) {
    const events = await nextEvents(deps.db, at, PAGE);
    if (events.length === 0) break;
    const round = await tell(deps, at, events, until);
    taken += round.taken;
    at = round.at;
  }
  return taken;
}

interface Round {
  readonly taken: number;
  /** Where the webhook stands; undefined: not now, or no more. */
  readonly at?: SigningWebhook;
}

async function tell(
  deps: WebhookDeps,
  webhook: SigningWebhook,
  events: readonly NumberedEvent[],
  until: Date,
): Promise<Round> {
  const { db, clock } = deps;
  const wanted = events.filter(({ eventType }) => webhook.types.includes(eventType));
  let [taken, at] = [0, webhook];
  for (const event of wanted) {
    if (clock() >= until) return { taken };
    if (!(await tellOne(deps, at, wanted.slice(taken)))) return { taken };
    at = { ...at, lastSequence: event.sequence };
    taken += 1;
  }
  const last = events.at(-1)?.sequence ?? at.lastSequence;
  if (last === at.lastSequence) return { taken, at };
  return (await notePassed(db, at, last)) ? { taken, at: { ...at, lastSequence: last } } : { taken };
}

/** Sends the first of what waits. @returns false when the webhook is to be left alone now. */
async function tellOne(deps: WebhookDeps, webhook: SigningWebhook, waiting: readonly NumberedEvent[]) {
  const { db, clock, log, post, feed, giveUpMs, proceed } = deps;
  const [event] = waiting;
  if (!event) return false;
  proceed?.();
  const answer = await post(requestFor(webhook, event, feed, clock()));
  const now = clock();
  if (answer.kind === 'taken') return noteTaken(db, webhook, event.sequence, now);
  const failure = { answer: answer.text, now, waiting, giveUpMs, jitter: Math.random() };
  const givenUp = await noteFailure(db, webhook, failure);
  log.warn({ webhook: webhook.id, sequence: event.sequence, reason: answer.text, givenUp }, 'webhook failed');
  return false;
}

/** Sends what an operator wants sent again: each once. */
async function replay(deps: WebhookDeps, until: Date): Promise<number> {
  const { db, clock, post, feed, proceed } = deps;
  let taken = 0;
  for (const one of await wantedReplays(db, MOST_REPLAYS)) {
    if (clock() >= until) break;
    proceed?.();
    const [event] = await eventsOf(db, one.webhook.organisation, { after: one.sequence - 1, limit: 1 });
    if (event?.sequence !== one.sequence) continue; // the feed keeps what it has told
    const answer = await post(requestFor(one.webhook, event, feed, clock()));
    if (answer.kind === 'taken') taken += 1;
    await settleReplay(db, one, { now: clock(), ...(answer.kind === 'failed' && { answer: answer.text }) });
  }
  return taken;
}
