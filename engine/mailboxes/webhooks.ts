import { randomBytes, randomUUID } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import { inTurn } from '../store/advisory-locks.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { addRow, rowsOf, write } from '../store/sql.ts';
import type { MailboxEventType } from './events.ts';

/** Where an organisation wants to be told of what happens in its mailboxes. */
export interface Webhook {
  readonly id: string;
  /** Enterprise number of whose mailboxes it is told of. */
  readonly organisation: string;
  readonly url: string;
  readonly types: readonly MailboxEventType[];
  readonly createdAt: string;
  /** It was told of what came up to this number of the feed. */
  readonly lastSequence: number;
  /** Failures in a row. */
  readonly attempts: number;
  readonly failingSince?: string;
  readonly lastFailure?: string;
}

/** A webhook as whoever sends to it needs it. */
export interface SigningWebhook extends Webhook {
  readonly secret: string;
}

/** Who changes webhooks, and when. */
export interface By {
  readonly who: string;
  readonly now: Date;
}

const MOST_PER_ORGANISATION = 10;
const SECRET_BYTES = 32;

/**
 * Adds one that is told of what comes from now on. Its secret is given here and nowhere else.
 *
 * @throws limit_exceeded when the organisation has ten.
 */
export async function addWebhook(
  tx: Db,
  { organisation, url, types }: Pick<Webhook, 'organisation' | 'url' | 'types'>,
  { who, now }: By,
): Promise<SigningWebhook> {
  await inTurn(tx, 'webhooks', organisation); // those who add at the same moment count each other's
  if ((await webhooksOf(tx, organisation)).length >= MOST_PER_ORGANISATION)
    throw new EngineError('limit_exceeded', `an organisation has at most ${MOST_PER_ORGANISATION} webhooks`);
  const [id, secret] = [randomUUID(), `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`];
  const [newest] = await rowsOf<{ last: string | number }>(tx, 'select last from mailbox_event_numbers where id = 1');
  const [at, lastSequence] = [now.toISOString(), Number(newest?.last ?? 0)];
  const progress = { created_by: who, created_at: at, last_sequence: lastSequence, due_at: at };
  await addRow(tx, 'webhooks', { id, organisation, url, types: types.join(), secret, ...progress });
  await note(tx, { id, organisation, url }, 'added', { who, now });
  return { id, organisation, url, types, secret, createdAt: at, lastSequence, attempts: 0 };
}

/** Removes one and what was given up of it; of this organisation only, when one is named. @returns false when there is none. */
export async function removeWebhook(
  tx: Db,
  { id, organisation }: { readonly id: string; readonly organisation?: string },
  by: By,
): Promise<boolean> {
  const [row] = await rowsOf<WebhookRow>(tx, 'select * from webhooks where id = ?', [id]);
  if (!row || (organisation !== undefined && row.organisation !== organisation)) return false;
  await write(tx, 'delete from webhooks where id = ?', [id]);
  await note(tx, row, 'removed', by);
  return true;
}

function note(tx: Db, about: Pick<Webhook, 'id' | 'organisation' | 'url'>, outcome: string, { who, now }: By) {
  const { id, organisation, url } = about;
  const facts = { host: new URL(url).host }; // the rest of a URL may be a secret
  return audit(tx, { at: now, who, what: 'webhook changed', subject: id, outcome, organisation, facts });
}

/** Those of an organisation, the oldest first. */
export async function webhooksOf(db: Db, organisation: string): Promise<Webhook[]> {
  const sql = 'select * from webhooks where organisation = ? order by created_at, id';
  return (await rowsOf<WebhookRow>(db, sql, [organisation])).map(plain);
}

/** Those of everybody, by organisation. */
export async function allWebhooks(db: Db, limit: number): Promise<Webhook[]> {
  const sql = 'select * from webhooks order by organisation, created_at, id limit ?';
  return (await rowsOf<WebhookRow>(db, sql, [limit])).map(plain);
}

const plain = (row: WebhookRow): Webhook => {
  const { secret: _, ...webhook } = webhookIn(row);
  return webhook;
};

/** A row of the table. */
export interface WebhookRow {
  readonly id: string;
  readonly organisation: string;
  readonly url: string;
  readonly types: string;
  readonly secret: string;
  readonly created_at: string;
  readonly last_sequence: string | number;
  readonly attempts: number;
  readonly failing_since: string | null;
  readonly answer: string | null;
}

/** What a row says. */
export function webhookIn(row: WebhookRow): SigningWebhook {
  const { id, organisation, url, secret, attempts } = row;
  return {
    ...{ id, organisation, url, secret, attempts },
    types: row.types.split(',') as MailboxEventType[],
    createdAt: row.created_at,
    lastSequence: Number(row.last_sequence),
    ...(row.failing_since !== null && { failingSince: row.failing_since }),
    ...(row.answer !== null && { lastFailure: row.answer }),
  };
}
