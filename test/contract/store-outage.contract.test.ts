import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { expect } from 'chai';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { claimOnce } from '../../engine/store/once.ts';
import { unhurried } from '../../engine/store/postgres.ts';
import { prepareChange } from '../../engine/store/prepared.ts';
import { findRow } from '../../engine/store/sql.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { openProxy, type TcpProxy } from '../support/proxy.ts';
import { serviceUrl } from '../support/services.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const ANSWER_MS = 1_000;
const LONG_S = (ANSWER_MS / 1_000) * 2.2;
const PID = 'select pg_backend_pid() as pid, pg_sleep(0.1)';

if (serviceUrl('TEST_PG_URL') !== undefined) suite();

/** What only a database across a network can do to its clients. */
function suite(): void {
  describe('postgresql, when it goes away', () => {
    let direct: Db;
    let proxy: TcpProxy;
    let db: Db;
    let stores: Db[];
    let close: () => Promise<void>;

    beforeEach(async () => {
      const store = await openTestStore('postgres');
      ({ db: direct, close } = store);
      proxy = await openProxy(Number(new URL(store.url).port));
      stores = [];
      db = open(store.url, proxy.port);
    });
    afterEach(async () => {
      proxy.mend();
      await Promise.all(stores.map((store) => store.destroy()));
      await proxy.close();
      await close();
    });

    /** A store that reaches the same database by another port. */
    function open(url: string, port: number): Db {
      const through = new URL(url);
      through.port = String(port);
      const options = { poolSize: 3, connectWithinMs: 500, answerWithinMs: ANSWER_MS };
      const store = openStore({ url: through.href.replaceAll('+', '%20'), ...options });
      stores.push(store);
      return store;
    }

    const claimed = () => direct('processed').pluck('message_id');
    const outcomeOf = (work: PromiseLike<unknown>) =>
      Promise.resolve(work).then(
        () => 'done',
        (error: { code?: string }) => error.code,
      );

    async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
      const from = performance.now();
      return { result: await work(), ms: performance.now() - from };
    }

    it('says at once that it refuses connections, and works again when it does not', async () => {
      proxy.refuse();
      const { result, ms } = await timed(() => outcomeOf(db.raw('select 1')));
      expect(result).to.equal('store_unavailable');
      expect(ms).to.be.lessThan(ANSWER_MS);
      proxy.mend();
      expect(await outcomeOf(db.raw('select 1'))).to.equal('done');
    });

    it('never takes a commit for done that was cut off', async () => {
      const cut = inTransaction(db, async (tx) => {
        await claimOnce(tx, 'submissions', 'lost', NOW);
        proxy.refuse();
      });
      expect(await outcomeOf(cut)).to.equal('store_unavailable');
      proxy.mend();
      expect(await claimed()).to.deep.equal([]);
      const again = await inTransaction(db, (tx) => claimOnce(tx, 'submissions', 'lost', NOW));
      expect(again).to.equal(true);
    });

    it('does it once when the answer to a commit was lost and the same is done again', async () => {
      const oneWay = await openOneWay(Number(new URL(String(serviceUrl('TEST_PG_URL'))).port));
      const deaf = open(db.client.config.connection.connectionString, oneWay.port);
      const unknown = inTransaction(deaf, async (tx) => {
        await claimOnce(tx, 'submissions', 'unknown', NOW);
        oneWay.deafen();
      });
      expect(await outcomeOf(unknown)).to.equal('store_unavailable');
      expect(await claimed()).to.deep.equal(['unknown']);
      expect(await inTransaction(direct, (tx) => claimOnce(tx, 'submissions', 'unknown', NOW))).to.equal(false);
      await deaf.destroy();
      await oneWay.close();
    });

    it('gives up a connection that does not answer, whoever waits for it, and makes a new one', async () => {
      await Promise.all(Array.from({ length: 3 }, () => db.raw('select pg_sleep(0.1)')));
      proxy.stall();
      const { result, ms } = await timed(() =>
        Promise.all(Array.from({ length: 12 }, () => outcomeOf(db.raw('select 1')))),
      );
      expect(new Set(result)).to.deep.equal(new Set(['store_unavailable']));
      expect(ms).to.be.lessThan(ANSWER_MS * 3);
      proxy.mend();
      const answers = await Promise.all(Array.from({ length: 12 }, () => outcomeOf(db.raw('select 1'))));
      expect(new Set(answers)).to.deep.equal(new Set(['done']));
    });

    it('gives up a transaction in the middle, and does not wait for its rollback', async () => {
      const stuck = inTransaction(db, async (tx) => {
        await claimOnce(tx, 'submissions', 'stuck', NOW);
        proxy.stall();
        await claimOnce(tx, 'submissions', 'more', NOW);
      });
      const { result, ms } = await timed(() => outcomeOf(stuck));
      expect(result).to.equal('store_unavailable');
      expect(ms).to.be.lessThan(ANSWER_MS * 2);
      expect(await claimed()).to.deep.equal([]);
    });

    it('lets go of the locks of a client that vanished in a transaction', async () => {
      const vanished = inTransaction(db, async (tx) => {
        await claimOnce(tx, 'submissions', 'wanted', NOW);
        proxy.stall();
        await eventually(async () => expect(await claimed()).to.include('wanted'), 10_000);
      });
      const { result, ms } = await timed(() =>
        inTransaction(direct, (tx) => claimOnce(tx, 'submissions', 'wanted', NOW)),
      );
      expect(result).to.equal(true);
      expect(ms).to.be.lessThan(ANSWER_MS * 3);
      expect(await outcomeOf(vanished)).to.equal('store_unavailable');
    });

    it('does without idle connections that the server has ended', async () => {
      const pids = await Promise.all(Array.from({ length: 3 }, async () => (await db.raw(PID)).rows[0].pid));
      const ended = (await direct.raw('select pg_terminate_backend(pid) from unnest(?::int[]) pid', [pids])).rows;
      expect(ended).to.have.length(3);
      await eventually(async () => {
        const alive = await direct.raw('select pid from pg_stat_activity where pid = any(?::int[])', [pids]);
        expect(alive.rows).to.deep.equal([]);
      });
      await eventually(async () => {
        const answers = await Promise.all(Array.from({ length: 3 }, () => outcomeOf(db.raw('select 1'))));
        expect(answers).to.deep.equal(['done', 'done', 'done']);
      }, 500);
    });

    it('tells a slow statement from a dead server', async () => {
      const { result } = await timed(() => outcomeOf(db.raw('select pg_sleep(30)')));
      expect(result).to.equal('57014');
      expect(await outcomeOf(db.raw('select 1'))).to.equal('done');
    });

    it('lets work that may take its time do so, for longer than any limit', async () => {
      const slow = inTransaction(db, (tx) => unhurried(tx, async () => tx.raw('select pg_sleep(?)', [LONG_S])));
      expect(await outcomeOf(slow)).to.equal('done');
      expect(await outcomeOf(db.raw('select pg_sleep(30)'))).to.equal('57014');
    });

    it('lets a migration wait for another starter for longer than any limit', async () => {
      const locked = createGate<void>();
      const other = inTransaction(direct, async (tx) => {
        await tx.raw('select pg_advisory_xact_lock(190815)');
        locked.open();
        await tx.raw('select pg_sleep(?)', [LONG_S]);
      });
      await locked.opened;
      expect(await outcomeOf(migrate(db))).to.equal('done');
      await other;
    });

    it('does not count waiting for a lock as the fault of the statement', async () => {
      const [locked, release] = [createGate<void>(), createGate<void>()];
      const holder = inTransaction(direct, async (tx) => {
        await claimOnce(tx, 'submissions', 'held', NOW);
        locked.open();
        await release.opened;
      });
      await locked.opened;
      const waiter = inTransaction(db, (tx) => claimOnce(tx, 'submissions', 'held', NOW));
      const { result, ms } = await timed(() => outcomeOf(waiter));
      expect(result).to.equal('store_unavailable');
      expect(ms).to.be.lessThan(ANSWER_MS);
      release.open();
      await holder;
    });

    it('plans a statement anew after a migration has changed its table', async () => {
      const find = () => outcomeOf(findRow(db, 'processed', { consumer: 'c', message_id: 'm' }));
      expect(await find()).to.equal('done');
      await direct.schema.alterTable('processed', (table) => table.text('added'));
      await eventually(async () => expect(await find()).to.equal('done'));
    });

    it('closes while it does not answer', async () => {
      await db.raw('select 1');
      proxy.stall();
      const { ms } = await timed(() => db.destroy());
      expect(ms).to.be.lessThan(8_000);
    });

    it('says without the statement what a sender may read', async () => {
      proxy.refuse();
      const error = await db('processed')
        .insert({ consumer: 'secret' })
        .catch((thrown: Error) => thrown);
      expect(error).to.have.property('message', 'the server cannot reach its database now; please try again later');
    });
  }).timeout(30_000);
}

/** A way to a server on which, once told, the server's answers are lost, and the connection soon after. */
async function openOneWay(targetPort: number) {
  let deaf = false;
  const server = createServer((near) => {
    const far = dial(targetPort, '127.0.0.1');
    near.pipe(far);
    far.on('data', (chunk) => {
      if (deaf) setTimeout(() => near.resetAndDestroy(), 100);
      else near.write(chunk);
    });
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    deafen() {
      deaf = true;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const HOLDER = `
  import Database from 'better-sqlite3';
  const db = new Database(process.argv[1]);
  db.exec('BEGIN IMMEDIATE');
  console.log('locked');
  setTimeout(() => db.exec('COMMIT'), 1500);
`;

describe('sqlite, while another process holds the write lock', () => {
  let db: Db;
  let url: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ db, url, close } = await openTestStore());
  });
  afterEach(() => close());

  async function lockElsewhere(): Promise<void> {
    const args = ['--input-type=module', '--eval', HOLDER, url.slice('sqlite:'.length)];
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
  }

  const change = 'insert into processed (consumer, message_id, processed_at) values (?, ?, ?)';
  const writes: readonly [string, () => PromiseLike<unknown>][] = [
    ['a transaction', () => inTransaction(db, (tx) => claimOnce(tx, 'submissions', 'm', NOW))],
    ['a statement', () => claimOnce(db, 'submissions', 'm', NOW)],
    ['a prepared statement', () => prepareChange(db, change)(['submissions', 'm', NOW.toISOString()])],
  ];
  for (const [what, write] of writes) {
    it(`makes ${what} wait, and the process goes on meanwhile`, async () => {
      await lockElsewhere();
      let ticks = 0;
      const ticking = setInterval(() => {
        ticks += 1;
      }, 10);
      await write();
      clearInterval(ticking);
      expect(ticks).to.be.greaterThan(5);
      expect(await db('processed')).to.have.length(1);
    });
  }
});
