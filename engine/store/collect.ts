import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { audit } from './audit.ts';
import type { BlobFiles } from './blob-files.ts';
import type { BlobStore } from './blobs.ts';
import { type HashRange, hashRanges, namedLooseIn, unnamedIn } from './content-references.ts';
import type { Db } from './database.ts';
import { rowsOf } from './sql.ts';
import { inTransaction } from './transaction.ts';

/**
 * How content goes. A blob is *loose* from when it is prepared until a row names it, for ever if none does; what was named
 * once and is no longer is found by looking through the whole store (sweepUnnamed). Whoever adds a row that names content
 * makes sure of the blob's row in the same transaction (blob-rows.ts): it ends its being loose, and touches one that was
 * stored long ago. Both are updates, and the statement that deletes looks at what they change: PostgreSQL makes it wait for
 * a transaction under way and then judge the row anew, and makes an insert of the same content wait for the delete and then
 * add it again. SQLite has one writer. So no index on the columns that name content is needed, and no look at them here.
 */
export interface CollectDeps {
  readonly db: Db;
  readonly blobs: Pick<BlobStore, 'files'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default 24 h; longer than the preparation of any message, and an hour at least. Less only while no engine runs. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
  /** Who has it done, for the audit; the engine when absent. */
  readonly by?: string;
}

/** What a run deleted; `bytes` of content. */
export interface Collected {
  readonly blobs: number;
  readonly bytes: number;
}

/** How long content stays that nobody needs. */
export const CONTENT_GRACE_MS = 24 * 3_600_000;

const PAGE = 1_000;
const NOTHING: Collected = { blobs: 0, bytes: 0 };

const sum = (a: Collected, b: Collected): Collected => ({ blobs: a.blobs + b.blobs, bytes: a.bytes + b.bytes });

const horizonOf = ({ clock, graceMs = CONTENT_GRACE_MS }: CollectDeps): string =>
  new Date(clock().getTime() - graceMs).toISOString();

/**
 * Deletes content that was prepared longer than the grace time ago and that no row has named since: its row first, then its
 * file; a crash between leaves a file for the sweep of files. Costs next to nothing when there is none, however large the
 * store is. Safe to run anywhere, any number of times at once.
 */
export async function collectContent(deps: CollectDeps): Promise<Collected> {
  const { db, log, signal } = deps;
  const horizon = horizonOf(deps);
  let total = NOTHING;
  for (let page = await looseSince(db, horizon); page.length > 0; page = await looseSince(db, horizon)) {
    if (signal?.aborted) break;
    const done = await collectPage(deps, page, { where: 'loose_since <= ?', bindings: [horizon] });
    total = sum(total, done);
    if (done.blobs === 0) break; // somebody else is at the same page
  }
  if (total.blobs > 0) log.info({ ...total }, 'content collected');
  return total;
}

/** At most a thousand, the longest loose first; found by an index that holds nothing else. */
async function looseSince(db: Db, horizon: string): Promise<string[]> {
  const rows = await db('blobs')
    .select('sha256')
    .where('loose_since', '<=', horizon)
    .orderBy('loose_since')
    .limit(PAGE);
  return rows.map(({ sha256 }) => sha256);
}

/**
 * Looks through the whole store and deletes all content that no row names, if it was stored longer than the grace time ago
 * and not needed since. Reads every table that names content once for each 100,000 blobs: for an operator, and once in a
 * while. Content that a row names though it is held to be loose is put right first. Safe to run anywhere, any number of times at once.
 */
export async function sweepUnnamed(deps: CollectDeps): Promise<Collected> {
  const { db, log, signal } = deps;
  const horizon = horizonOf(deps);
  let total = NOTHING;
  for (const range of await hashRanges(db)) {
    await putRight(deps, range);
    const unnamed = await unnamedIn(db, range);
    const where = 'stored_at <= ? and (loose_since is null or loose_since <= ?)';
    for (let at = 0; at < unnamed.length && !signal?.aborted; at += PAGE) {
      const page = unnamed.slice(at, at + PAGE);
      total = sum(total, await collectPage(deps, page, { where, bindings: [horizon, horizon] }));
    }
  }
  if (total.blobs > 0) log.info({ ...total }, 'unnamed content collected');
  return total;
}

/** A net under those who add rows: one that forgets to make sure of its content is seen here, and in the check. */
async function putRight({ db, log }: CollectDeps, range: HashRange): Promise<void> {
  for (const sha256 of await namedLooseIn(db, range)) {
    await db('blobs').where({ sha256 }).update({ loose_since: null });
    log.error({ sha256 }, 'content was held to be loose though a row names it');
  }
}

/** What a row must still be like when it is deleted. */
interface Still {
  readonly where: string;
  readonly bindings: readonly string[];
}

interface Deleted {
  readonly size: number | string;
  readonly file: string | null;
}

async function collectPage(deps: CollectDeps, page: readonly string[], still: Still): Promise<Collected> {
  const { db, blobs, clock, log, by = 'engine' } = deps;
  const done = await inTransaction(db, async (tx) => {
    const deleted = await deleteStill(tx, page, still);
    const counts = { blobs: deleted.length, bytes: deleted.reduce((total, { size }) => total + Number(size), 0) };
    if (deleted.length > 0) await tell(tx, counts, clock(), by);
    return { deleted, counts };
  });
  for (const { file } of done.deleted) if (file !== null) await removeFile(blobs.files, file, log);
  return done.counts;
}

function deleteStill(tx: Db, hashes: readonly string[], { where, bindings }: Still): Promise<Deleted[]> {
  const list = hashes.map(() => '?').join(', ');
  const sql = `delete from blobs where sha256 in (${list}) and ${where} returning size, file`;
  return rowsOf<Deleted>(tx, sql, [...hashes, ...bindings]);
}

/** In the transaction that deletes: a line for each thousand at most, so most runs have one. */
function tell(tx: Db, { blobs, bytes }: Collected, at: Date, who: string): Promise<void> {
  const facts = { blobs, bytes };
  return audit(tx, { at, who, what: 'content collected', subject: 'blobs', outcome: 'deleted', facts });
}

async function removeFile(files: BlobFiles, file: string, log: Logger): Promise<void> {
  await files.remove(file).catch((err: unknown) => log.error({ err, file }, 'file of collected content not removed'));
}
