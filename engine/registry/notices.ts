import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Db } from '../store/database.ts';
import { addRow, write } from '../store/sql.ts';

/** Something that whoever manages an organisation, and the operator, should be told; it fits into an e-mail. */
export interface Notice {
  readonly id: number;
  readonly at: Date;
  /** What it is about, as `certificate expires`. */
  readonly kind: string;
  /** Enterprise number. */
  readonly organisation: string;
  /** E-mail address of whoever manages the organisation; absent: none is known. */
  readonly address?: string;
  /** One line. */
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Hands a notice over; rejects when it could not, and gets it again later. */
export type TellNotice = (notice: Notice) => Promise<void>;

/** Adds a notice in the caller's transaction: it is told if and only if that commits. */
export async function addNotice(
  tx: Db,
  { at, kind, organisation, address, subject, facts }: Omit<Notice, 'id'>,
): Promise<void> {
  const row = { at: at.toISOString(), kind, organisation, address: address ?? null, subject };
  await addRow(tx, 'notices', { ...row, facts: JSON.stringify(facts), told_at: null, refused: 0 });
}

interface Row {
  readonly id: string | number;
  readonly at: string;
  readonly kind: string;
  readonly organisation: string;
  readonly address: string | null;
  readonly subject: string;
  readonly facts: string;
  readonly refused: number;
}

const AT_ONCE = 100;
const TRIES = 3;

export interface TellDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two of them it may end. */
  proceed(): void;
}

/** Tells every notice that was not told, oldest first, at least once each; one that fails three times is given up, and logged. */
export async function tellNotices({ db, clock, log, proceed }: TellDeps, tell: TellNotice): Promise<number> {
  const rows: Row[] = await db('notices').whereNull('told_at').orderBy('id').limit(AT_ONCE);
  let told = 0;
  for (const row of rows) {
    proceed();
    try {
      await tell(noticeOf(row));
      told++;
      await write(db, 'update notices set told_at = ? where id = ?', [clock().toISOString(), row.id]);
    } catch (error) {
      const givenUp = row.refused + 1 >= TRIES;
      log.error({ notice: Number(row.id), reason: messageOf(error), givenUp }, 'notice not told');
      const until = givenUp ? clock().toISOString() : null;
      await write(db, 'update notices set refused = refused + 1, told_at = ? where id = ?', [until, row.id]);
    }
  }
  return told;
}

function noticeOf({ id, at, address, facts, kind, organisation, subject }: Row): Notice {
  return {
    ...{ id: Number(id), at: new Date(at), kind, organisation, subject, facts: JSON.parse(facts) },
    ...(address !== null && { address }),
  };
}
