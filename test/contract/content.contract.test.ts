import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { claimFiles } from '../../engine/landing/folder-files.ts';
import { sweepParts } from '../../engine/landing/sweep.ts';
import { type ContentFault, missingBlobs } from '../../engine/store/check-content.ts';
import { collectContent } from '../../engine/store/collect.ts';
import { CONTENT_REFERENCES, NOT_REFERENCES } from '../../engine/store/content-references.ts';
import { type Db, isSqlite } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { filesOf } from '../support/content.ts';
import { NAMING_COLUMNS, nameContent } from '../support/content-rows.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { HOUR, openTestContent, type TestContent } from '../support/test-content.ts';

for (const kind of STORES) contract(kind);

/** What both stores must do alike with content that nobody needs. */
function contract(kind: StoreKind): void {
  describe(`content contract: ${kind}`, () => {
    let t: TestContent;
    beforeEach(async () => {
      t = await openTestContent(kind);
    });
    afterEach(() => t.close());

    const faults = async () => {
      const found: ContentFault[] = [];
      for await (const fault of missingBlobs({ db: t.db })) if (fault.kind === 'damaged') found.push(fault);
      return found;
    };

    describe('what is prepared and never kept', () => {
      it('lies nowhere when it is small, and goes after the grace, row and file, when it is large', async () => {
        await t.prepare(randomBytes(100));
        expect(await t.stored()).to.deep.equal([]);
        const { sha256 } = (await t.prepare(randomBytes(101))).ref;
        t.later(HOUR - 1);
        expect(await t.collect()).to.deep.equal({ blobs: 0, bytes: 0 });
        expect(await t.stored()).to.deep.equal([sha256]);
        t.later(1);
        expect(await t.collect()).to.deep.equal({ blobs: 1, bytes: 101 });
        expect([await t.stored(), await filesOf(t.blobs)]).to.deep.equal([[], []]);
      });

      it('is told of in one audit line, and nothing is when nothing went', async () => {
        await t.prepare(randomBytes(500));
        await t.prepare(randomBytes(300));
        await t.collect();
        expect(await t.db('audit')).to.deep.equal([]);
        t.later(HOUR);
        await t.collect();
        const [line, ...more] = await t.db('audit').select('who', 'what', 'facts', 'at');
        expect(more).to.deep.equal([]);
        expect(line).to.include({ who: 'engine', what: 'content collected', at: t.now().toISOString() });
        expect(JSON.parse(line.facts)).to.deep.equal({ blobs: 2, bytes: 800 });
      });

      it('has its grace begin anew when it is prepared again, and leaves no second file', async () => {
        const bytes = randomBytes(500);
        await t.prepare(bytes);
        t.later(HOUR - 1);
        await t.prepare(bytes);
        t.later(HOUR - 1);
        expect(await t.collect()).to.include({ blobs: 0 });
        expect(await filesOf(t.blobs)).to.have.lengthOf(1);
      });

      it('goes however much there is, and stops when it is told to', async () => {
        const rows = Array.from({ length: 2_300 }, (_, i) => ({
          ...{ sha256: i.toString(16).padStart(64, '0'), size: 1, content: Buffer.from('x') },
          ...{ stored_at: t.now().toISOString(), loose_since: t.now().toISOString() },
        }));
        for (let at = 0; at < rows.length; at += 100) await t.db('blobs').insert(rows.slice(at, at + 100));
        t.later(HOUR);
        const signal = AbortSignal.abort();
        expect(await collectContent({ ...t.deps(), graceMs: HOUR, signal })).to.include({ blobs: 0 });
        expect(await t.collect()).to.deep.equal({ blobs: 2_300, bytes: 2_300 });
      });

      it('is missed when it is kept too late, so that the work is done again', async () => {
        const prepared = await t.ripe();
        await t.collect();
        const error = await inTransaction(t.db, (tx) => t.blobs.keep(tx, prepared)).catch((thrown: unknown) => thrown);
        expect(error).to.include({ code: 'blob_missing' });
      });

      it('leaves its file to the sweep when the process dies between the row and the file', async () => {
        await t.ripe();
        const dying = { ...t.blobs, files: { ...t.blobs.files, remove: () => Promise.reject(new Error('killed')) } };
        expect(await collectContent({ ...t.deps(), blobs: dying, graceMs: HOUR })).to.include({ blobs: 1 });
        expect([await t.stored(), (await filesOf(t.blobs)).length]).to.deep.equal([[], 1]);
        const clock = () => new Date(Date.now() + 2 * HOUR);
        expect(await sweepParts({ db: t.db, blobs: t.blobs, clock, log: silentLogger() })).to.equal(1);
        expect(await filesOf(t.blobs)).to.deep.equal([]);
      });
    });

    describe('what a row names', () => {
      it('stays, whatever its age, once it is put or kept', async () => {
        const refs = [await t.put(randomBytes(50)), await t.put(randomBytes(500))];
        const prepared = [await t.prepare(randomBytes(50)), await t.prepare(randomBytes(500))];
        for (const content of prepared) refs.push(await inTransaction(t.db, (tx) => t.blobs.keep(tx, content)));
        t.later(100 * HOUR);
        expect(await t.collect(0)).to.deep.equal({ blobs: 0, bytes: 0 });
        expect(await t.stored()).to.deep.equal(refs.map(({ sha256 }) => sha256).sort());
      });

      for (const { table, column } of NAMING_COLUMNS) {
        it(`stays when ${table}.${column} names it, in a sweep of the whole store`, async () => {
          const { sha256 } = await t.put(randomBytes(50));
          await nameContent(t.db, table, column, sha256);
          t.later(100 * HOUR);
          expect(await t.sweep()).to.deep.equal({ blobs: 0, bytes: 0 });
          expect(await t.stored()).to.deep.equal([sha256]);
        });

        it(`is no longer held to be loose after a sweep when ${table}.${column} names it`, async () => {
          const { ref } = await t.ripe();
          await nameContent(t.db, table, column, ref.sha256);
          expect((await faults()).map(({ kind, subject }) => [kind, subject])).to.deep.equal([['damaged', ref.sha256]]);
          expect(await t.sweep()).to.deep.equal({ blobs: 0, bytes: 0 });
          expect(await faults()).to.deep.equal([]);
          expect(await t.collect()).to.deep.equal({ blobs: 0, bytes: 0 });
        });
      }

      it('goes in a sweep when no row names it any more, after its grace, row and file', async () => {
        const [gone, named] = [await t.put(randomBytes(500)), await t.put(randomBytes(60))];
        await nameContent(t.db, 'outbox', 'sha256', named.sha256);
        t.later(HOUR - 1);
        expect(await t.sweep()).to.deep.equal({ blobs: 0, bytes: 0 });
        t.later(1);
        expect(await t.sweep()).to.deep.equal({ blobs: 1, bytes: gone.size });
        expect([await t.stored(), await filesOf(t.blobs)]).to.deep.equal([[named.sha256], []]);
      });

      it('has its grace begin anew when it is put again, or kept again', async () => {
        const bytes = [randomBytes(50), randomBytes(500)];
        for (const each of bytes) await t.put(each);
        t.later(HOUR - 1);
        for (const each of bytes) await t.put(each);
        t.later(HOUR - 1);
        expect(await t.sweep()).to.deep.equal({ blobs: 0, bytes: 0 });
      });
    });

    it('stays when a sender uploads the same and it is claimed', async () => {
      const bytes = randomBytes(50);
      const { sha256 } = await t.put(bytes);
      await t.db('blobs').update({ loose_since: t.now().toISOString() });
      t.later(2 * HOUR);
      const id = await t.land(bytes);
      expect(await inTransaction(t.db, (tx) => claimFiles(tx, [id], t.now()))).to.equal(true);
      expect(await t.collect()).to.deep.equal({ blobs: 0, bytes: 0 });
      expect(await t.sweep()).to.deep.equal({ blobs: 0, bytes: 0 });
      expect(await t.stored()).to.deep.equal([sha256]);
    });

    it('knows every column that could name content', async () => {
      const known = new Set([
        ...NAMING_COLUMNS.map(({ table, column }) => `${table}.${column}`),
        ...Object.keys(NOT_REFERENCES),
      ]);
      const columns = (await columnsOf(t.db)).filter(
        ({ name, type }) => LIKE_CONTENT.test(name) || type.includes('(64)'),
      );
      expect(columns.map(({ name }) => name).filter((name) => !known.has(name))).to.deep.equal([]);
      const all = new Set((await columnsOf(t.db)).map(({ name }) => name));
      expect([...known].filter((name) => !all.has(name))).to.deep.equal([]);
      expect(CONTENT_REFERENCES.filter(({ table, about }) => !all.has(`${table}.${about}`))).to.deep.equal([]);
    });
  });
}

const LIKE_CONTENT = /\.\w*(sha|hash|digest|fingerprint|content|blob)/;

/** Every column of every table: `table.column` and its type. */
async function columnsOf(db: Db): Promise<{ name: string; type: string }[]> {
  const sqlite = `select m.name || '.' || c.name as name, c.type as type from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'`;
  const postgres = `select table_name || '.' || column_name as name, data_type || '(' || coalesce(character_maximum_length, 0) || ')' as type
    from information_schema.columns where table_schema = current_schema()`;
  const result = await db.raw(isSqlite(db) ? sqlite : postgres);
  return isSqlite(db) ? result : result.rows;
}
