import { eventsOf, type NumberedEvent } from '../mailboxes/events.ts';
import { type SigningWebhook, type WebhookRow, webhookIn } from '../mailboxes/webhooks.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { change, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { addLetters } from './webhook-letters.ts';

/** Webhooks that something is to be told to and that are due, the longest due first. */
export async function dueWebhooks(db: Db, now: Date, limit: number): Promise<SigningWebhook[]> {
  const sql = `select * from webhooks where due_at <= ? and exists (select 1 from mailbox_events
    where ebox_id = webhooks.organisation and sequence > webhooks.last_sequence) order by due_at, id limit ?`;
  return (await rowsOf<WebhookRow>(db, sql, [now.toISOString(), limit])).map(webhookIn);
}

/** What comes next for a webhook, also what it did not ask for. */
export function nextEvents(db: Db, { organisation, lastSequence }: SigningWebhook, limit: number) {
  return eventsOf(db, organisation, { after: lastSequence, limit });
}

/** Notes that a webhook took an event. @returns false when it is gone, or somebody else has told it of this one. */
export async function noteTaken(db: Db, { id, lastSequence }: SigningWebhook, sequence: number, now: Date) {
  const sql = `update webhooks set last_sequence = ?, due_at = ?, attempts = 0, failing_since = null, answer = null
    where id = ? and last_sequence = ?`;
  return (await change(db, sql, [sequence, now.toISOString(), id, lastSequence])) === 1;
}

/** Passes over events that a webhook did not ask for. */
export async function notePassed(db: Db, { id, lastSequence }: SigningWebhook, sequence: number): Promise<boolean> {
  const sql = 'update webhooks set last_sequence = ? where id = ? and last_sequence = ?';
  return (await change(db, sql, [sequence, id, lastSequence])) === 1;
}

/** A sending that failed. */
export interface Failure {
  readonly answer: string;
  readonly now: Date;
  /** What would be sent now, the one that failed first. */
  readonly waiting: readonly NumberedEvent[];
  /** An event that a failing webhook could not be told of for so long is given up, in ms. */
  readonly giveUpMs: number;
  /** From 0 to 1. */
  readonly jitter: number;
}

const FIRST_PAUSE_MS = 5_000;
const MOST_PAUSE_MS = 3_600_000;

/** Puts a webhook off, longer each time, and gives up what has waited too long: at once, or not at all. @returns what was given up. */
export function noteFailure(db: Db, webhook: SigningWebhook, failure: Failure): Promise<number> {
  const { answer, now, waiting, jitter } = failure;
  const { id, attempts, lastSequence, failingSince = now.toISOString() } = webhook;
  const pauseMs = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20)) * (1 + jitter / 4);
  const over = waiting.slice(0, countOver(waiting, failingSince, failure));
  const values = [over.at(-1)?.sequence ?? lastSequence, attempts + 1, failingSince, later(now, pauseMs), answer];
  const sql = `update webhooks set last_sequence = ?, attempts = ?, failing_since = ?, due_at = ?, answer = ?
    where id = ? and last_sequence = ?`;
  return inTransaction(db, async (tx) => {
    if ((await change(tx, sql, [...values, id, lastSequence])) === 0) return 0;
    await giveUp(tx, webhook, over, failure);
    return over.length;
  });
}

const later = (now: Date, ms: number) => new Date(now.getTime() + Math.round(ms)).toISOString();

/** How many from the first on have waited too long: each since it was told of, or since the webhook fails. */
function countOver(waiting: readonly NumberedEvent[], failingSince: string, { now, giveUpMs }: Failure): number {
  const since = new Date(now.getTime() - giveUpMs).toISOString();
  if (failingSince > since) return 0;
  const first = waiting.findIndex(({ at }) => at > since);
  return first === -1 ? waiting.length : first;
}

async function giveUp(tx: Db, webhook: SigningWebhook, over: readonly NumberedEvent[], { answer, now }: Failure) {
  if (over.length === 0) return;
  await addLetters(tx, webhook.id, over, { answer, now });
  const facts = { events: over.length, from: over[0]?.sequence, to: over.at(-1)?.sequence };
  const { id: subject, organisation } = webhook;
  const what = 'webhook events given up';
  await audit(tx, { at: now, who: 'engine', what, subject, outcome: 'given up', organisation, facts });
}
