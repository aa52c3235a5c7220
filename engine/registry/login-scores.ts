import { audit } from '../store/audit.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { afterFailure, fadesAt, leftOf, type Score, type ScoreKey, type ScorePolicy } from './login-score.ts';

interface Row {
  readonly network: string;
  readonly login: string;
  readonly score: number;
  readonly scored_at: string;
  readonly banned_until: string | null;
}

/** A score with what it is about. */
export interface Scored extends ScoreKey {
  readonly score: Score;
}

/** A score that has just grown, and whether a ban has begun with that. */
export interface Raised extends Scored {
  readonly began: boolean;
}

/** The scores of these keys, those that there are, in one look. */
export async function scoresOf(db: Db, keys: readonly ScoreKey[]): Promise<Scored[]> {
  const places = keys.map(() => '(network = ? and login = ?)').join(' or ');
  const bindings = keys.flatMap(({ network, login }) => [network, login]);
  return (await rowsOf<Row>(db, `select * from login_scores where ${places}`, bindings)).map(fromRow);
}

/**
 * Scores a failed login for its network, for its login, and for both together, in one transaction; gives the three new
 * scores. Failures that several processes score at the same time all count.
 */
export async function addFailure(db: Db, { network, login }: ScoreKey, now: Date, policy: ScorePolicy) {
  return inTransaction(db, async (tx) => {
    // always in this order: two transactions never wait for each other
    const ofLogin = await addTo(tx, { network: '', login }, now, policy.perLogin, policy.halfLifeMs);
    const ofNetwork = await addTo(tx, { network, login: '' }, now, policy.perAddress, policy.halfLifeMs);
    const limit = isBanned(ofLogin.score, now) ? 1 : policy.perAddressAndLogin;
    const ofBoth = await addTo(tx, { network, login }, now, limit, policy.halfLifeMs);
    return [ofLogin, ofNetwork, ofBoth] as const;
  });
}

async function addTo(tx: Db, key: ScoreKey, now: Date, limit: number, halfLifeMs: number): Promise<Raised> {
  const fresh = { ...key, score: 0, scored_at: now.toISOString(), banned_until: null, fades_at: now.toISOString() };
  await tx('login_scores').insert(fresh).onConflict(['network', 'login']).ignore();
  const before = await locked(tx, key);
  const score = afterFailure(before, now, limit, halfLifeMs);
  await save(tx, key, score, halfLifeMs);
  const stood = before !== undefined && isBanned(before, now);
  return { ...key, score, began: !stood && isBanned(score, now) };
}

async function locked(tx: Db, key: ScoreKey): Promise<Score | undefined> {
  const query = tx<Row>('login_scores').where(key);
  const row = await (isSqlite(tx) ? query : query.forUpdate()).first();
  return row && fromRow(row).score;
}

async function save(tx: Db, key: ScoreKey, score: Score, halfLifeMs: number): Promise<void> {
  await tx('login_scores')
    .where(key)
    .update({
      score: score.value,
      scored_at: score.at.toISOString(),
      banned_until: score.bannedUntil?.toISOString() ?? null,
      fades_at: fadesAt(score, halfLifeMs).toISOString(),
    });
}

/**
 * Takes back what a login has scored from a network, since it has now succeeded from there. Nothing else is forgiven:
 * whoever guesses at others' logins gains nothing by logging in under its own.
 */
export async function forgive(db: Db, key: ScoreKey, now: Date, halfLifeMs: number): Promise<void> {
  await inTransaction(db, async (tx) => {
    const others = [
      { network: '', login: key.login },
      { network: key.network, login: '' },
    ];
    for (const other of others) await locked(tx, other); // in the order of addFailure
    const own = await locked(tx, key);
    if (!own) return;
    await tx('login_scores').where(key).delete();
    for (const other of others) await takeOff(tx, other, leftOf(own, now, halfLifeMs), now, halfLifeMs);
  });
}

async function takeOff(tx: Db, key: ScoreKey, amount: number, now: Date, halfLifeMs: number): Promise<void> {
  const score = await locked(tx, key);
  if (!score) return;
  const value = Math.max(0, leftOf(score, now, halfLifeMs) - amount);
  await save(tx, key, { value, at: now, bannedUntil: score.bannedUntil }, halfLifeMs);
}

/** What is over its limit at a time, the longest ban first. */
export async function standingBans(db: Db, now: Date, limit: number): Promise<Scored[]> {
  const rows = await db<Row>('login_scores')
    .where('banned_until', '>', now.toISOString())
    .orderBy([{ column: 'banned_until', order: 'desc' }, 'network', 'login'])
    .limit(limit);
  return rows.map(fromRow);
}

/** Whose scores an operator forgets: of a network and all its logins, of a login from everywhere, of both together, or all. */
export interface Lift {
  readonly network?: string;
  readonly login?: string;
  readonly by: string;
  readonly reason: string;
  readonly now: Date;
}

/** Forgets scores, and with them their bans; audited. Gives how many bans stood. */
export async function liftBans(db: Db, { network, login, by, reason, now }: Lift): Promise<number> {
  return inTransaction(db, async (tx) => {
    const which = { ...(network !== undefined && { network }), ...(login !== undefined && { login }) };
    const gone: Row[] = await tx<Row>('login_scores').where(which);
    await tx('login_scores').where(which).delete();
    const stood = gone.map(fromRow).filter(({ score }) => isBanned(score, now)).length;
    const subject = [login, network].filter((part) => part !== undefined).join(' from ') || 'all';
    const facts = { reason, scores: gone.length };
    await audit(tx, { at: now, who: by, what: 'login ban lifted', subject, outcome: `${stood} lifted`, facts });
    return stood;
  });
}

/** Deletes the scores of which nothing is left; gives how many. */
export async function forgetFaded(db: Db, now: Date): Promise<number> {
  return db('login_scores').where('fades_at', '<', now.toISOString()).delete();
}

/** Whether a score is over its limit at a time. */
export function isBanned({ bannedUntil }: Score, now: Date): boolean {
  return bannedUntil !== null && bannedUntil > now;
}

function fromRow({ network, login, score, scored_at, banned_until }: Row): Scored {
  const bannedUntil = banned_until === null ? null : new Date(banned_until);
  return { network, login, score: { value: score, at: new Date(scored_at), bannedUntil } };
}
