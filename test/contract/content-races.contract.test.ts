import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { claimFiles } from '../../engine/landing/folder-files.ts';
import type { PreparedContent } from '../../engine/store/blobs.ts';
import { collectContent } from '../../engine/store/collect.ts';
import { type Db, isSqlite } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { filesOf } from '../support/content.ts';
import { nameContent } from '../support/content-rows.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { HOUR, openTestContent, type TestContent } from '../support/test-content.ts';

for (const kind of STORES) contract(kind);

/** What both stores must do alike when content is collected at the very moment at which somebody needs it. */
function contract(kind: StoreKind): void {
  describe(`content that is collected and needed at the same moment: ${kind}`, () => {
    let t: TestContent;
    beforeEach(async () => {
      t = await openTestContent(kind);
    });
    afterEach(() => t.close());

    /** Runs `work` in a transaction that stays open until the gate opens. */
    function held(work: (tx: Db) => Promise<unknown>, keep = true) {
      const gate = createGate<undefined>();
      const begun = createGate<undefined>();
      const whole = async (tx: Db) => {
        await work(tx);
        begun.open(undefined);
        await gate.opened;
      };
      const done = inTransaction(t.db, whole, () => keep);
      const commit = () => {
        gate.open(undefined);
        return done;
      };
      return { begun: begun.opened, commit };
    }

    /** Waits until PostgreSQL has a statement that waits for a lock; SQLite's collector waits for the writer anyway. */
    async function somebodyWaits() {
      if (isSqlite(t.db)) return;
      await eventually(async () => {
        const waiting =
          "select count(*) as n from pg_locks where not granted and locktype in ('transactionid', 'tuple', 'relation')";
        const { rows } = await t.other.raw(waiting);
        expect(Number(rows[0].n)).to.be.greaterThan(0);
      });
    }

    const keepAndName = (content: PreparedContent) => async (tx: Db) => {
      await t.blobs.keep(tx, content);
      await nameContent(tx, 'outbox', 'sha256', content.ref.sha256);
    };

    it('waits for the transaction that is just making it needed, and leaves it', async () => {
      const content = await t.ripe();
      const keeper = held(keepAndName(content));
      await keeper.begun;
      const collecting = t.collect();
      await somebodyWaits();
      await keeper.commit();
      expect(await collecting).to.include({ blobs: 0 });
      expect(await t.isThere(content.ref)).to.equal(true);
    });

    it('takes it when that transaction is rolled back', async () => {
      const content = await t.ripe();
      const keeper = held(keepAndName(content), false);
      await keeper.begun;
      const collecting = t.collect();
      await somebodyWaits();
      await keeper.commit();
      expect(await collecting).to.include({ blobs: 1 });
      expect(await t.isThere(content.ref)).to.equal(false);
    });

    it('waits for the transaction that just puts the same content, and leaves it', async () => {
      const bytes = randomBytes(50);
      const { sha256 } = await t.put(bytes); // and named by nobody
      t.later(2 * HOUR);
      const putter = held(async (tx) => {
        await t.blobs.put(tx, bytes);
        await nameContent(tx, 'attachments', 'sha256', sha256);
      });
      await putter.begun;
      const collecting = t.sweep();
      await somebodyWaits();
      await putter.commit();
      expect(await collecting).to.include({ blobs: 0 });
      expect(await t.isThere({ sha256 })).to.equal(true);
    });

    it('sees what moves from one table to another in a transaction that has not committed', async () => {
      const { sha256 } = await t.put(randomBytes(50));
      await nameContent(t.db, 'outbox', 'sha256', sha256);
      t.later(2 * HOUR);
      const mover = held(async (tx) => {
        await tx('outbox').where({ sha256 }).delete();
        await nameContent(tx, 'deliveries', 'sha256', sha256);
      });
      await mover.begun;
      const sweeping = t.sweep();
      await mover.commit();
      expect(await sweeping).to.deep.equal({ blobs: 0, bytes: 0 });
    });

    it('is added anew when it is put while it is being collected', async () => {
      const [bytes, uploaded] = [randomBytes(50), randomBytes(60)];
      const refs = [await t.put(bytes), await t.put(uploaded)];
      const id = await t.land(uploaded);
      const collector = held((tx) => tx('blobs').delete()); // what the collector does, and has not committed
      await collector.begun;
      const putting = inTransaction(t.other, (tx) => t.blobs.put(tx, bytes));
      const claiming = inTransaction(t.other, (tx) => claimFiles(tx, [id], t.now()));
      await somebodyWaits();
      await collector.commit();
      expect([await putting, await claiming]).to.deep.equal([refs[0], true]);
      expect(await t.stored()).to.deep.equal(refs.map(({ sha256 }) => sha256).sort());
    });

    it('loses nothing however keepers and collectors meet', async () => {
      const contents = Array.from({ length: 6 }, (_, i) => Buffer.alloc(i % 2 === 0 ? 500 : 50, `content ${i}`));
      const named = new Set<string>();
      let working = true;
      const keepers = [t.db, t.other].map(async (mine, keeper) => {
        for (let round = 0; round < 40; round += 1) {
          const content = await t.blobs.prepare(mine, Readable.from([contents[round % 6] ?? Buffer.alloc(0)]));
          const stays = round % 3 === keeper;
          const work = async (tx: Db) => {
            await t.blobs.keep(tx, content);
            await tx('outbox').insert(messageOf(`${keeper}.${round}`, content.ref.sha256));
          };
          const kept = await inTransaction(mine, work, () => stays).then(
            () => stays,
            (error: { code?: string }) => {
              expect(error.code).to.equal('blob_missing');
              return false;
            },
          );
          if (kept) named.add(content.ref.sha256);
        }
      });
      const collecting = [t.deps(t.db), t.deps(t.other)].map(async (mine) => {
        for (; working; await new Promise(setImmediate)) await collectContent({ ...mine, graceMs: 0 });
      });
      await Promise.all(keepers);
      working = false;
      await Promise.all(collecting);
      await t.collect(0);
      expect(await t.stored()).to.deep.equal([...named].sort());
      const files = (await t.db('blobs').whereNotNull('file').select('file')).map(({ file }) => file);
      expect(await filesOf(t.blobs)).to.deep.equal(files.sort());
    });
  });
}

const messageOf = (id: string, sha256: string) => ({
  ...{ queue: 'answers', message_id: id, message: '{}', attempt: 1, sender: '123456' },
  ...{ sha256, due_at: '2026-11-22T09:00:00.000Z', leased_until: null },
});
