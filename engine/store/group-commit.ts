import type { Database } from 'better-sqlite3';
import type { Knex } from 'knex';
import type { Db } from './database.ts';

/** How a transaction is begun and ended. */
export interface Ends {
  readonly begin: (db: Db) => Promise<Knex.Transaction>;
  readonly commit: (tx: Knex.Transaction) => Promise<void>;
}

export type Work<T> = (tx: Db) => Promise<T>;
/** Whether what the work has done is to be committed. */
export type Keep<T> = (result: T) => boolean;

/** One work of a group, with what becomes of it once the group has committed. */
interface Member {
  /** Runs the work in its savepoint and remembers how it ended. Throws only what ends the whole transaction. */
  run(tx: Knex.Transaction, connection: Database): Promise<void>;
  /** Tells the caller: the result, or why it failed; with `cause`, that the group as a whole did. */
  settle(cause?: unknown): void;
}

interface Group {
  readonly waiting: Member[];
  running: boolean;
}

const MOST = 64; // works of one commit
const LONGEST_MS = 25; // after which no more join: readers wait meanwhile

/**
 * Runs `work` as `inTransaction` does, on SQLite: works that come at the same time run one after the other, each in a
 * savepoint of its own, and share one commit, so that they wait for the disk once. One that fails or is not kept takes
 * nothing with it. Settles only after the commit; when that fails, or SQLite gives the whole transaction up, all do.
 */
export function inGroup<T>(db: Db, ends: Ends, work: Work<T>, keep: Keep<T>): Promise<T> {
  const group = groupOf(db);
  return new Promise<T>((resolve, reject) => {
    group.waiting.push(createMember(work, keep, resolve, reject));
    if (group.running) return;
    group.running = true;
    void runAll(db, group, ends);
  });
}

/** The group belongs to the connection pool: it is kept with it. */
function groupOf(db: Db): Group {
  const client: { commitGroup?: Group } = db.client;
  client.commitGroup ??= { waiting: [], running: false };
  return client.commitGroup;
}

async function runAll(db: Db, group: Group, ends: Ends): Promise<void> {
  while (group.waiting.length > 0) {
    await turn(); // what arrives in this turn of the event loop joins
    await runGroup(db, group, ends);
  }
  group.running = false;
}

async function runGroup(db: Db, { waiting }: Group, { begin, commit }: Ends): Promise<void> {
  const members: Member[] = [];
  let tx: Knex.Transaction | undefined;
  try {
    tx = await begin(db);
    const connection: Database = await tx.client.acquireConnection();
    const until = performance.now() + LONGEST_MS;
    while (members.length < MOST && performance.now() < until) {
      const member = waiting.shift();
      if (!member) break;
      members.push(member);
      await member.run(tx, connection);
      if (waiting.length === 0) await turn();
    }
    await commit(tx);
    for (const member of members) member.settle();
  } catch (error) {
    if (tx && !tx.isCompleted()) await tx.rollback().catch(() => undefined);
    if (!tx) members.push(...waiting.splice(0));
    for (const member of members) member.settle(error);
  }
}

function createMember<T>(
  work: Work<T>,
  keep: Keep<T>,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Member {
  let settleOwn = (): void => reject(new Error('the work was not run'));

  async function run(tx: Knex.Transaction, connection: Database): Promise<void> {
    connection.prepare(SAVE).run();
    let kept = false;
    try {
      const result = await work(tx);
      kept = keep(result);
      settleOwn = () => resolve(result);
    } catch (error) {
      if (!connection.inTransaction) throw error; // SQLite has rolled everything back: no space, no memory
      settleOwn = () => reject(error);
    }
    if (!kept) connection.prepare(UNDO).run();
    connection.prepare(RELEASE).run();
  }

  return { run, settle: (cause) => (cause === undefined ? settleOwn() : reject(cause)) };
}

const SAVE = 'savepoint one_work';
const UNDO = 'rollback to one_work';
const RELEASE = 'release one_work';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
