import { createRanges, parseCidr } from '../core/cidr.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { networkOf } from '../core/startups.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Db } from '../store/database.ts';
import { type ScoreKey, type ScorePolicy, scoredLogin } from './login-score.ts';
import { addFailure, forgive, type Scored, scoresOf } from './login-scores.ts';
import { REFUSALS, type RefusalReason } from './refusals.ts';
import { createStandings } from './standings.ts';

/** A connection: through which channel, and from which address it really comes. */
export interface Arrival {
  readonly channel: string;
  readonly address: string;
}

/** An attempt to log in: a connection, and the login that it names. */
export interface LoginTry extends Arrival {
  readonly login: string;
}

/**
 * What every channel asks before and tells after a login, whatever its protocol. Failed logins are scored per address,
 * per login, and per both, in the store: bans hold in every process and after a restart, and end by themselves. A login
 * that does not exist is treated as one that does. While the store is away nobody is banned, and nobody gets in.
 */
export interface LoginDefence {
  /** Whether this address may try at all; a refusal is logged and counted. Cheap: asked for each connection. */
  admits(arrival: Arrival): Promise<boolean>;
  /** Whether this login may be judged now; a refusal is logged and counted. Cheaper than any judging. */
  mayTry(attempt: LoginTry): Promise<boolean>;
  /** Writes down a refusal: one log line and a count; and scores it, if it is a failed login. */
  refused(who: Arrival | LoginTry, reason: RefusalReason): Promise<void>;
  /** Writes down a refusal that is scored later, or not at all. */
  note(who: Arrival | LoginTry, reason: RefusalReason): void;
  /** Scores a failed login that was noted before. */
  score(attempt: LoginTry): Promise<void>;
  /** Takes back what this login has scored from this network. Writes nothing where there is nothing. */
  succeeded(attempt: LoginTry): Promise<void>;
}

export interface LoginDefenceOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly policy: ScorePolicy;
  /** Ranges of addresses that are never scored and never banned. */
  readonly allow?: readonly string[];
}

/** What is known of a key; `until` is 0 when nothing is banned. */
interface Standing {
  readonly until: number;
  readonly scored: boolean;
}

const KNOWN_FOR_MS = 5_000;
const KNOWN = 20_000;

/** The defence of one process over the scores that all processes share. */
export function createLoginDefence(options: LoginDefenceOptions): LoginDefence {
  const { db, clock, log, telemetry, policy } = options;
  const isAllowed = createRanges((options.allow ?? []).flatMap((text) => parseCidr(text) ?? []));
  const standings = createStandings<Standing>({
    ...{ lifeMs: KNOWN_FOR_MS, size: KNOWN },
    nowMs: () => clock().getTime(),
  });

  async function standingOf(key: ScoreKey): Promise<Standing> {
    return standings.of(nameOf(key), async () => standingIn(await scoresOf(db, [key])));
  }

  async function isOver(key: ScoreKey): Promise<boolean> {
    return (await standingOf(key)).until > clock().getTime();
  }

  /** What cannot be known bans nobody: the login itself needs the store too. */
  async function banned(key: ScoreKey): Promise<boolean> {
    return isOver(key).catch((err: unknown) => {
      log.error({ err }, 'login scores could not be read');
      return false;
    });
  }

  function note(who: Arrival | LoginTry, reason: RefusalReason): void {
    const login = 'login' in who ? { login: scoredLogin(who.login) } : {};
    log.warn({ channel: who.channel, remote: who.address, ...login, reason }, 'refused');
    telemetry.count('bode_refusals_total', { channel: who.channel, reason });
  }

  async function score(attempt: LoginTry): Promise<void> {
    if (isAllowed(attempt.address)) return;
    try {
      const raised = await addFailure(db, keyOf(attempt), clock(), policy);
      for (const one of raised) standings.set(nameOf(one), standingIn([one]));
      for (const one of raised.filter(({ began }) => began)) tellOfBan(one, attempt);
    } catch (err) {
      log.error({ err }, 'a failed login could not be scored');
    }
  }

  function tellOfBan({ network, login, score: { bannedUntil: until } }: Scored, { channel, address }: Arrival): void {
    const kind = login === '' ? 'address' : network === '' ? 'login' : 'address and login';
    log.warn({ channel, remote: address, kind, until }, 'too many failed logins');
    telemetry.count('bode_login_bans_total', { kind });
  }

  return {
    note,
    score,
    async admits(arrival) {
      const network = networkOf(arrival.address);
      if (isAllowed(arrival.address) || !(await banned({ network, login: '' }))) return true;
      note(arrival, 'address banned');
      return false;
    },
    async mayTry(attempt) {
      const { network, login } = keyOf(attempt);
      if (isAllowed(attempt.address)) return true;
      const reason = (await banned({ network, login: '' }))
        ? 'address banned'
        : (await banned({ network, login })) && 'login banned from this address';
      if (reason) note(attempt, reason);
      return !reason;
    },
    async refused(who, reason) {
      note(who, reason);
      if (REFUSALS[reason] && 'login' in who) await score(who);
    },
    async succeeded(attempt) {
      const key = keyOf(attempt);
      try {
        if (isAllowed(attempt.address) || !(await standingOf(key)).scored) return;
        await forgive(db, key, clock(), policy.halfLifeMs);
        standings.set(nameOf(key), { until: 0, scored: false });
      } catch (err) {
        log.error({ err }, 'failed logins could not be forgiven');
      }
    },
  };
}

const keyOf = ({ address, login }: LoginTry): ScoreKey => ({ network: networkOf(address), login: scoredLogin(login) });

const nameOf = ({ network, login }: ScoreKey): string => `${network} ${login}`;

function standingIn([found]: readonly Scored[]): Standing {
  return { until: found?.score.bannedUntil?.getTime() ?? 0, scored: found !== undefined };
}
