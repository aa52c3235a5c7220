import { createHash } from 'node:crypto';

/** How many failed logins are borne, and how fast they are forgotten. */
export interface ScorePolicy {
  /** From one network, whatever the logins: then all of it is turned away. */
  readonly perAddress: number;
  /** For one login from one network: then this login is turned away from there. */
  readonly perAddressAndLogin: number;
  /** For one login from everywhere: then each network gets one try at it instead of `perAddressAndLogin`. */
  readonly perLogin: number;
  /** Half of a score is forgotten in this time. */
  readonly halfLifeMs: number;
}

/** What failed logins amount to: of a network (`login` empty), of a login (`network` empty), or of a login from a network. */
export interface ScoreKey {
  readonly network: string;
  readonly login: string;
}

/** A score as it was at a time; it fades from then on. */
export interface Score {
  readonly value: number;
  readonly at: Date;
  /** While it stands the limit counts as reached; null when it does not. */
  readonly bannedUntil: Date | null;
}

const NOTHING_LEFT = 0.5; // less than one failure

/** What is left of a score; a clock that went back changes nothing. */
export function leftOf({ value, at }: Score, now: Date, halfLifeMs: number): number {
  return value * 2 ** -(Math.max(0, now.getTime() - at.getTime()) / halfLifeMs);
}

/**
 * The score after one more failure. Pure. At the limit it bans until half of the limit is left; it never counts more than
 * twice the limit, so a ban ends at the latest two half-lives after the last failure.
 */
export function afterFailure(before: Score | undefined, now: Date, limit: number, halfLifeMs: number): Score {
  const left = before === undefined ? 0 : leftOf(before, now, halfLifeMs);
  const value = Math.min(left + 1, limit * 2);
  // a limit of five is reached by the fifth of five in a row, although the first has faded a little
  if (Math.round(value) >= limit)
    return { value, at: now, bannedUntil: after(now, halfLifeMs * Math.log2((value * 2) / limit)) };
  const stands = before?.bannedUntil != null && before.bannedUntil > now;
  return { value, at: now, bannedUntil: stands ? before.bannedUntil : null };
}

/** When nothing is left of a score. */
export function fadesAt({ value, at }: Score, halfLifeMs: number): Date {
  return after(at, halfLifeMs * Math.log2(Math.max(1, value / NOTHING_LEFT)));
}

const after = (at: Date, ms: number) => new Date(at.getTime() + Math.ceil(ms));

/**
 * The name that a login is scored under: itself when it looks like one, else a mark. People type passwords and national
 * numbers into the wrong field, and those must not be stored.
 */
export function scoredLogin(login: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(login) && !/\d{9}/.test(login)) return login;
  return `#${createHash('sha256').update(login).digest('hex').slice(0, 32)}`;
}
