import type { NumberedEvent } from '../mailboxes/events.ts';
import { type SigningWebhook, type WebhookRow, webhookIn } from '../mailboxes/webhooks.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { change, insertRows, rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';

/** An event that a webhook could not be told of. */
export interface WebhookLetter {
  readonly id: number;
  readonly webhook: string;
  readonly organisation: string;
  readonly url: string;
  /** Of the event in the feed. */
  readonly sequence: number;
  readonly at: string;
  /** Why it was given up, or why its replay failed. */
  readonly answer: string;
  /** Somebody wants it tried again. */
  readonly replayAt?: string;
}

/** What is said of a sending that failed. */
interface Said {
  readonly answer: string;
  readonly now: Date;
}

/** Keeps what was given up. */
export function addLetters(tx: Db, webhook: string, events: readonly NumberedEvent[], { answer, now }: Said) {
  const at = now.toISOString();
  const rows = events.map(({ sequence }) => ({ webhook, sequence, at, answer }));
  return insertRows(tx, 'webhook_letters', rows, 'orIgnore');
}

const SELECT = `select l.id, l.webhook, l.sequence, l.at, l.answer, l.replay_at, w.organisation, w.url
  from webhook_letters l join webhooks w on w.id = l.webhook`;

/** What was given up, the oldest first, from after a letter on. */
export async function webhookLetters(db: Db, { after, limit }: { readonly after: number; readonly limit: number }) {
  const rows = await rowsOf<LetterRow>(db, `${SELECT} where l.id > ? order by l.id limit ?`, [after, limit]);
  return rows.map(letterIn);
}

/** Has a letter tried again, or all of a webhook. @returns how many. */
export function askReplay(
  db: Db,
  which: { readonly letter: number } | { readonly webhook: string },
  { who, now }: { readonly who: string; readonly now: Date },
): Promise<number> {
  const [column, value] = 'letter' in which ? (['id', which.letter] as const) : (['webhook', which.webhook] as const);
  return inTransaction(db, async (tx) => {
    const sql = `update webhook_letters set replay_at = ? where ${column} = ?`;
    const letters = await change(tx, sql, [now.toISOString(), value]);
    const line = { what: 'webhook letter replayed', outcome: 'asked', facts: { letters } } as const;
    if (letters > 0) await audit(tx, { at: now, who, ...line, subject: `${column} ${value}` });
    return letters;
  });
}

/** A letter that is to be tried again, with where it goes. */
export interface Replay {
  readonly letter: number;
  readonly sequence: number;
  readonly webhook: SigningWebhook;
}

/** Letters that are to be tried again: of each webhook in the order of the events. */
export async function wantedReplays(db: Db, limit: number): Promise<Replay[]> {
  const sql = `select w.*, l.id as letter, l.sequence from webhook_letters l join webhooks w on w.id = l.webhook
    where l.replay_at is not null order by l.webhook, l.sequence limit ?`;
  const rows = await rowsOf<WebhookRow & { letter: number; sequence: string | number }>(db, sql, [limit]);
  return rows.map((row) => ({ letter: row.letter, sequence: Number(row.sequence), webhook: webhookIn(row) }));
}

/** Ends a letter whose replay was taken, or keeps it with why it was not. */
export function settleReplay(
  db: Db,
  { letter, webhook, sequence }: Replay,
  { answer, now }: Partial<Said> & { now: Date },
) {
  return inTransaction(db, async (tx) => {
    const values = answer === undefined ? [letter] : [answer, letter];
    const keep = 'update webhook_letters set replay_at = null, answer = ? where id = ?';
    const changed = await change(tx, answer === undefined ? 'delete from webhook_letters where id = ?' : keep, values);
    if (changed === 0) return;
    const { id: subject, organisation } = webhook;
    const outcome = answer === undefined ? 'taken' : 'failed';
    const line = { what: 'webhook letter replayed', subject, outcome, organisation, facts: { sequence } } as const;
    await audit(tx, { at: now, who: 'engine', ...line });
  });
}

interface LetterRow extends Pick<WebhookLetter, 'id' | 'webhook' | 'organisation' | 'url' | 'at' | 'answer'> {
  readonly sequence: string | number;
  readonly replay_at: string | null;
}

const letterIn = ({ replay_at, sequence, ...row }: LetterRow): WebhookLetter => ({
  ...{ ...row, sequence: Number(sequence) },
  ...(replay_at !== null && { replayAt: replay_at }),
});
