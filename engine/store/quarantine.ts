import { EngineError } from '../core/errors.ts';
import { audit } from './audit.ts';
import { keepBlobs } from './blob-rows.ts';
import type { Db } from './database.ts';
import { addRowOnce, placesFor, rowsOf } from './sql.ts';
import { inTransaction } from './transaction.ts';

/** Content that nothing may read, and why. */
export interface Quarantined {
  readonly sha256: string;
  /** What the scanner calls what it found. */
  readonly signature: string;
  /** The submission that it was found in first, and its sender. */
  readonly ticket: string;
  readonly sender: string;
  readonly foundAt: Date;
}

interface Row {
  readonly sha256: string;
  readonly signature: string;
  readonly ticket: string;
  readonly sender: string;
  readonly found_at: string;
}

const LONGEST_SIGNATURE = 200;

/**
 * Keeps content apart, in the caller's transaction: the blob store gives it to nobody from then on, in whatever
 * submission it comes again. Content that is there stays as it is.
 */
export async function quarantine(tx: Db, found: Quarantined): Promise<void> {
  const { sha256, ticket, sender, foundAt } = found;
  const signature = found.signature.slice(0, LONGEST_SIGNATURE);
  const row = { sha256, signature, ticket, sender, found_at: foundAt.toISOString() };
  if (!(await addRowOnce(tx, 'quarantine', { ...row }))) return;
  if (!(await keepBlobs(tx, [sha256], foundAt))) {
    throw new EngineError('blob_missing', 'the content to keep apart is not in the store', { sha256 });
  }
  const facts = { sender, ticket, signature };
  await audit(tx, {
    at: foundAt,
    who: 'engine',
    what: 'content quarantined',
    subject: sha256,
    outcome: 'kept apart',
    facts,
  });
}

/** What was found in those of these hashes that are kept apart. */
export async function quarantinedAmong(db: Db, hashes: readonly string[]): Promise<Map<string, string>> {
  if (hashes.length === 0) return new Map();
  const select = `select sha256, signature from quarantine where sha256 in (${placesFor(hashes)})`;
  const rows = await rowsOf<Pick<Row, 'sha256' | 'signature'>>(db, select, hashes);
  return new Map(rows.map(({ sha256, signature }) => [sha256, signature]));
}

/** What was found since an instant, the newest first. */
export async function quarantinedSince(db: Db, since: Date, limit: number): Promise<Quarantined[]> {
  const select = 'select * from quarantine where found_at >= ? order by found_at desc, sha256 limit ?';
  const rows = await rowsOf<Row>(db, select, [since.toISOString(), limit]);
  return rows.map(({ found_at, ...row }) => ({ ...row, foundAt: new Date(found_at) }));
}

/** An operator's decision. */
export interface Release {
  readonly sha256: string;
  readonly by: string;
  readonly reason: string;
  readonly now: Date;
}

/**
 * Lets content be read, and scanned, again, with an audit line; what was refused for it stays refused. False when it was
 * not kept apart.
 */
export async function release(db: Db, { sha256, by, reason, now }: Release): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    if ((await tx('quarantine').where({ sha256 }).delete()) === 0) return false;
    await audit(tx, {
      at: now,
      who: by,
      what: 'quarantine ended',
      subject: sha256,
      outcome: 'released',
      facts: { reason },
    });
    return true;
  });
}
