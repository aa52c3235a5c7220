import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { periodic, type Service } from '../core/service.ts';
import type { Db } from '../store/database.ts';
import { placesFor, rowsOf } from '../store/sql.ts';

/** Ends the login when it does not hold any more; false to be asked again at the next look. */
export type ConfirmLogin = () => Promise<boolean>;

/** Sees to it that who is blocked, deleted or loses a key while logged in is out within seconds, in every process. */
export interface StandingWatch extends Service {
  /** Watches over a login until what this returns is called. */
  join(sender: string, confirm: ConfirmLogin): () => void;
}

export interface StandingWatchOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}

const EVERY_MS = 1_500;
const AT_ONCE = 40; // senders of one statement

/**
 * Looks at the senders that are logged in to this process, and at no others: when what the store says of one has
 * changed, or is looked at for the first time, each of its logins is judged anew.
 */
export function createStandingWatch({ db, clock, log, everyMs = EVERY_MS }: StandingWatchOptions): StandingWatch {
  const logins = new Map<string, Set<ConfirmLogin>>();
  const known = new Map<string, string>();

  async function confirmAll(sender: string, stamp: string): Promise<void> {
    const answers = await Promise.all([...(logins.get(sender) ?? [])].map((confirm) => confirm()));
    if (answers.every(Boolean)) known.set(sender, stamp);
  }

  async function tick(signal: AbortSignal): Promise<void> {
    const senders = [...logins.keys()];
    for (let from = 0; from < senders.length && !signal.aborted; from += AT_ONCE) {
      const stamps = await stampsOf(db, senders.slice(from, from + AT_ONCE));
      for (const [sender, stamp] of stamps) if (known.get(sender) !== stamp) await confirmAll(sender, stamp);
    }
  }

  function join(sender: string, confirm: ConfirmLogin): () => void {
    const own = logins.get(sender) ?? new Set();
    logins.set(sender, own.add(confirm));
    known.delete(sender); // it may have changed between the login and now
    return () => {
      own.delete(confirm);
      if (own.size > 0 || logins.get(sender) !== own) return;
      logins.delete(sender);
      known.delete(sender);
    };
  }

  return { ...periodic({ name: 'standing of senders', everyMs, log, clock, tick }), join };
}

/** What changes when a login may have to end: of each sender that is asked for, there or not. */
async function stampsOf(db: Db, senders: readonly string[]): Promise<Map<string, string>> {
  const sql = `select s.number, s.state, s.access, s.revision, o.access as organisation from senders s
    left join organisations o on o.enterprise_number = s.enterprise_number where s.number in (${placesFor(senders)})`;
  const rows = await rowsOf<Record<string, unknown>>(db, sql, senders);
  const found = rows.map(({ number, ...stamp }) => [String(number), JSON.stringify(stamp)] as const);
  return new Map([...senders.map((sender) => [sender, 'gone'] as const), ...found]);
}
