import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { expect } from 'chai';
import { type Db, openStore } from '../../../engine/store/database.ts';
import { prepareChangeSyncedBehind } from '../../../engine/store/prepared.ts';
import { changeSyncedBehind, createFollower } from '../../../engine/store/sync-behind.ts';

const FULL = 2; // SQLite's number for it
const NORMAL = 1;

describe('changes that are synced behind', () => {
  let dir: string;
  let db: Db;
  const file = () => join(dir, 'store.sqlite');

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-behind-'));
    db = openStore({ url: `sqlite:${file()}` });
    await db.schema.createTable('things', (table) => table.text('name').primary());
  });

  afterEach(async () => {
    await db.destroy();
    await rm(dir, { recursive: true });
  });

  const levelOf = (connection: Database) => connection.pragma('synchronous', { simple: true });

  async function levelNow(): Promise<unknown> {
    const connection: Database = await db.client.acquireConnection();
    await db.client.releaseConnection(connection);
    return levelOf(connection);
  }

  it('are there for everybody at once, and only they do not wait for the disk', async () => {
    const add = prepareChangeSyncedBehind(db, 'insert into things (name) values (?)');
    expect(await add(['one'])).to.equal(1);
    expect(await db('things').select('name')).to.deep.equal([{ name: 'one' }]);
    expect(await changeSyncedBehind(db, levelOf)).to.equal(NORMAL);
    expect(await levelNow()).to.equal(FULL);
  });

  it('leave the rest durable when they fail', async () => {
    const add = prepareChangeSyncedBehind(db, 'insert into things (name) values (?)');
    await add(['one']);
    const error: unknown = await add(['one']).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'SQLITE_CONSTRAINT_PRIMARYKEY');
    expect(await levelNow()).to.equal(FULL);
  });

  it('wait for another process that holds the write lock', async () => {
    const other = new SqliteDatabase(file());
    other.exec('begin immediate');
    const added = prepareChangeSyncedBehind(db, 'insert into things (name) values (?)')(['one']);
    await new Promise((resolve) => setImmediate(resolve)); // it has met the lock
    other.exec('commit');
    other.close();
    expect(await added).to.equal(1);
    expect(await levelNow()).to.equal(FULL);
  });

  it('are durable before the database is given up', async () => {
    const add = prepareChangeSyncedBehind(db, 'insert into things (name) values (?)');
    await Promise.all(['one', 'two', 'three'].map((name) => add([name])));
    await db.destroy();
    db = openStore({ url: `sqlite:${file()}` });
    expect(await db('things').count({ total: '*' })).to.deep.equal([{ total: 3 }]);
  });

  it('wait for the disk in a database whose log cannot be synced', async () => {
    await changeSyncedBehind(db, levelOf);
    db.client.follower = { ...db.client.follower, failed: () => true };
    expect(await changeSyncedBehind(db, levelOf)).to.equal(FULL);
  });
});

describe('the follower of a file', () => {
  /** A disk whose syncs end when they are told to. */
  function aDisk() {
    const ends: ((error?: Error) => void)[] = [];
    let closed = 0;
    const datasync = () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      });
    const close = async () => {
      closed += 1;
    };
    return { ends, closed: () => closed, open: async () => ({ datasync, close }) };
  }

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('begins at once, and syncs once more for all that was asked for meanwhile', async () => {
    const disk = aDisk();
    const follower = createFollower(disk.open);
    follower.follow();
    await turn();
    expect(disk.ends).to.have.lengthOf(1);
    for (let more = 0; more < 5; more += 1) follower.follow();
    disk.ends[0]?.();
    await turn();
    expect(disk.ends).to.have.lengthOf(2);
    disk.ends[1]?.();
    await follower.close();
    expect(disk.ends).to.have.lengthOf(2);
    expect(disk.closed()).to.equal(1);
  });

  it('begins again after it had nothing to do', async () => {
    const disk = aDisk();
    const follower = createFollower(disk.open);
    for (const round of [0, 1]) {
      follower.follow();
      await turn();
      disk.ends[round]?.();
      await turn();
    }
    expect(disk.ends).to.have.lengthOf(2);
    expect(follower.failed()).to.equal(false);
  });

  it('says so once a sync has failed, and asks no more', async () => {
    const disk = aDisk();
    const follower = createFollower(disk.open);
    follower.follow();
    await turn();
    disk.ends[0]?.(new Error('EIO'));
    await turn();
    expect(follower.failed()).to.equal(true);
    follower.follow();
    await follower.close();
    expect(disk.ends).to.have.lengthOf(1);
  });

  it('says so when there is no such file', async () => {
    const follower = createFollower(() => Promise.reject(new Error('ENOENT')));
    follower.follow();
    await follower.close();
    expect(follower.failed()).to.equal(true);
  });
});
