import type { Clock } from '../core/clock.ts';
import { tellOf } from '../mailboxes/deliver.ts';
import { addNotice } from '../mailboxes/notices.ts';
import type { Db } from '../store/database.ts';
import { change } from '../store/sql.ts';
import { type Candidate, type Step, throughPages } from './pages.ts';

/** When owners are told that a message goes, or that they have not read it. All in whole days. */
export interface WarningRules {
  /** Before the expiry: a warning each; the smallest of them to who has not read the message only. */
  readonly warnDays: readonly number[];
  /** Before the expiry: the event `documentExpirationAlert`, if unread (protocol §2.4: 7). */
  readonly alertDays: number;
  /** After the arrival: the event `newDocumentReminder`, if unread (protocol §2.4: 15). */
  readonly remindDays: number;
}

export interface WarnDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly rules: WarningRules;
  /** What this engine calls itself as a document provider. */
  readonly provider: string;
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
}

/** How many messages owners were warned, alerted and reminded of. */
export interface Warned {
  readonly warned: number;
  readonly alerted: number;
  readonly reminded: number;
}

/**
 * Warns of what expires soon and reminds of what lies unread: each once for each message and mailbox, whatever is cut off or
 * run twice, as the mark on its row commits with the notice or event. After an outage only the last warning that is due is
 * given. What a hold covers does not expire, so nobody is warned of it.
 */
export async function warnOwners(deps: WarnDeps): Promise<Warned> {
  const warned = await warn(deps);
  const alerted = await alert(deps);
  return { warned, alerted, reminded: await remind(deps) };
}

const DAY_MS = 86_400_000;
const daysFrom = (now: Date, days: number): string => new Date(now.getTime() + days * DAY_MS).toISOString();

async function warn({ db, clock, rules, proceed = goOn }: WarnDeps): Promise<number> {
  const now = clock();
  const days = [...rules.warnDays].sort((one, other) => one - other);
  const [last, first] = [days[0], days.at(-1)];
  if (last === undefined || first === undefined) return 0;
  const where = 'm.expires_at > ? and m.expires_at <= ? and (m.warned_days is null or m.warned_days > ?)';
  const selection = { where, bindings: [now.toISOString(), daysFrom(now, first), last], by: 'expires_at' } as const;
  const step: Step = async (tx, candidate) => {
    const due = days.find((day) => isDue(candidate, day, now));
    if (due === undefined || !(await markWarned(tx, candidate, due))) return false;
    const { mailbox, messageId, firstReadAt } = candidate.placed;
    if (due === last && firstReadAt !== undefined) return false;
    return addNotice(tx, { mailbox, messageId, kind: 'expiring', days: due, at: now.toISOString() });
  };
  return throughPages(db, selection, step, proceed);
}

/** A warning that would have come before the message did is none. */
function isDue({ placed }: Candidate, days: number, now: Date): boolean {
  const at = daysFrom(new Date(placed.expiresAt), -days);
  return at <= now.toISOString() && at > placed.receivedAt;
}

function alert({ db, clock, rules, provider, proceed = goOn }: WarnDeps): Promise<number> {
  const now = clock();
  const where = 'm.expires_at > ? and m.expires_at <= ? and m.first_read_at is null and m.alerted_at is null';
  const bindings = [now.toISOString(), daysFrom(now, rules.alertDays)];
  const step: Step = async (tx, candidate) => {
    if (!isDue(candidate, rules.alertDays, now)) return false;
    if (!(await markUnread(tx, candidate, 'alerted_at', now))) return false;
    return tellOf(tx, 'documentExpirationAlert', candidate, { provider, at: now });
  };
  return throughPages(db, { where, bindings, by: 'expires_at' }, step, proceed);
}

function remind({ db, clock, rules, provider, proceed = goOn }: WarnDeps): Promise<number> {
  const now = clock();
  const where = 'm.first_read_at is null and m.reminded_at is null and m.received_at <= ? and m.expires_at > ?';
  const bindings = [daysFrom(now, -rules.remindDays), now.toISOString()];
  const step: Step = async (tx, candidate) => {
    if (!(await markUnread(tx, candidate, 'reminded_at', now))) return false;
    return tellOf(tx, 'newDocumentReminder', candidate, { provider, at: now });
  };
  return throughPages(db, { where, bindings, by: 'received_at' }, step, proceed);
}

/** @returns false when a run beside this one was faster. */
async function markWarned(tx: Db, { placed: { mailbox, position } }: Candidate, days: number): Promise<boolean> {
  const sql = `update mailbox_messages set warned_days = ?
    where mailbox = ? and position = ? and (warned_days is null or warned_days > ?)`;
  return (await change(tx, sql, [days, mailbox, position, days])) === 1;
}

/** @returns false when a run beside this one was faster, or the message has been read. */
async function markUnread(tx: Db, { placed }: Candidate, column: 'alerted_at' | 'reminded_at', now: Date) {
  const sql = `update mailbox_messages set ${column} = ?
    where mailbox = ? and position = ? and ${column} is null and first_read_at is null`;
  return (await change(tx, sql, [now.toISOString(), placed.mailbox, placed.position])) === 1;
}

const goOn = () => undefined;
