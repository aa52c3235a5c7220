import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { audit } from '../../engine/store/audit.ts';
import { acceptEnd, auditConflict, type ChainDeps, linkAudit } from '../../engine/store/audit-chain.ts';
import { markPeopleWith } from '../../engine/store/audit-inss.ts';
import { type ExportedLine, linesOf, waitingLines } from '../../engine/store/audit-lines.ts';
import { verifyAudit } from '../../engine/store/audit-verify.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { addAuditLines, anAuditLine, auditSecrets } from '../support/audit.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const PROCESS = fileURLToPath(new URL('../support/audit-process.js', import.meta.url));

for (const kind of STORES) contract(kind);

/** What the audit promises on both stores. */
function contract(kind: StoreKind): void {
  describe(`audit contract: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;
    let deps: ChainDeps;
    let dataDir: string;
    let remove: () => Promise<void>;

    beforeEach(async () => {
      ({ db, url, close } = await openTestStore(kind));
      const made = await auditSecrets();
      ({ dataDir, remove } = made);
      deps = { db, ...made.secrets };
    });
    afterEach(async () => {
      await close();
      await remove();
    });

    /** A chain of so many lines. */
    async function chained(count: number): Promise<void> {
      await addAuditLines(db, count);
      expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: count });
    }
    const seqs = async () => (await db('audit').orderBy('seq').pluck('seq')).map(Number);
    const findings = async () => (await verifyAudit(deps)).findings.map(({ kind, from, to }) => [kind, from, to]);
    const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

    describe('linking', () => {
      it('gives every line its place, and finds them as they were linked', async () => {
        await chained(5);
        expect(await seqs()).to.deep.equal([1, 2, 3, 4, 5]);
        const { ok, lines, end, waiting } = await verifyAudit(deps);
        expect({ ok, lines, seq: end.seq, waiting }).to.deep.equal({
          ok: true,
          lines: 5,
          seq: 5,
          waiting: { count: 0, oldest: null },
        });
        expect(JSON.parse(await readFile(deps.headPath, 'utf8'))).to.include({ seq: 5, hash: end.hash });
      });

      it('goes on where it was', async () => {
        await chained(2);
        await chained(3);
        expect(await seqs()).to.deep.equal(upTo(5));
        expect(await findings()).to.deep.equal([]);
      });

      // SQLite has one writer: what begins first commits first
      if (kind === 'postgres')
        it('links a line that was begun first and committed last, after the others', async () => {
          await db.transaction(async (late) => {
            await audit(late, anAuditLine({ subject: 'late' }));
            await chained(3);
          });
          expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: 1 });
          const [first, last] = await db('audit').select('id', 'seq', 'subject').orderBy('seq', 'desc').limit(2);
          expect([first.subject, Number(first.seq)]).to.deep.equal(['late', 4]);
          expect(Number(first.id)).to.be.lessThan(Number(last.id));
          expect(await findings()).to.deep.equal([]);
        });

      it('keeps the head of lines whose linker was killed before it could, without waiting for more lines', async () => {
        expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: 0 });
        const before = await readFile(deps.headPath, 'utf8');
        expect(JSON.parse(before)).to.include({ seq: 0 });
        await chained(3);
        await writeFile(deps.headPath, before);
        expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: 0 });
        expect(JSON.parse(await readFile(deps.headPath, 'utf8'))).to.include({ seq: 3 });
      });

      it('keeps nothing of what is rolled back', async () => {
        await inTransaction(
          db,
          (tx) => audit(tx, anAuditLine()),
          () => false,
        );
        await chained(2);
        expect(await seqs()).to.deep.equal([1, 2]);
      });

      it('makes one chain without gaps while four processes write and two link', async () => {
        const run = (role: string, lines: number) => {
          const child = spawn(process.execPath, [PROCESS, role, url, dataDir, String(lines)], { stdio: 'inherit' });
          return once(child, 'exit').then(([code]) => expect(code).to.equal(0));
        };
        const writers = Array.from({ length: 4 }, () => run('write', 25));
        await Promise.all([...writers, run('link', 100), run('link', 100)]);
        expect(await seqs()).to.deep.equal(upTo(100));
        expect(await verifyAudit(deps)).to.deep.include({ ok: true, lines: 100 });
      });

      it('takes more lines than one statement does', async () => {
        const { at, ...line } = anAuditLine();
        const row = { ...line, at: at.toISOString(), facts: '{}' };
        for (let part = 0; part < 12; part += 1) await db('audit').insert(Array.from({ length: 100 }, () => row));
        expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: 1_200 });
        expect(await verifyAudit(deps)).to.deep.include({ ok: true, lines: 1_200 });
        const period = { from: at, until: new Date(at.getTime() + 1) };
        let next = 1;
        for await (const { seq } of linesOf(db, period, '')) expect(seq).to.equal(next++);
        expect(next).to.equal(1_201);
      });

      it('says how many lines wait, and since when', async () => {
        await chained(1);
        await addAuditLines(db, 2);
        expect(await waitingLines(db)).to.deep.equal({ count: 2, oldest: '2026-11-22T10:00:00.000Z' });
        expect((await verifyAudit(deps)).waiting.count).to.equal(2);
      });
    });

    describe('verifying', () => {
      beforeEach(() => chained(9));

      const column = (name: string, value: string, seq: number) =>
        db('audit')
          .where({ seq })
          .update({ [name]: value });
      for (const [name, value] of Object.entries({
        facts: '{"number":6}',
        at: '2026-11-22T10:00:01.000Z',
        who: '654321',
        what: 'job run',
        subject: 'X',
        outcome: 'refused',
      })) {
        it(`names the line whose ${name} was changed`, async () => {
          await column(name, value, 4);
          expect(await findings()).to.deep.equal([['changed', 4, 4]]);
        });
      }

      it('names several changed lines, the last too', async () => {
        await db('audit').whereIn('seq', [1, 5, 9]).update({ outcome: 'refused' });
        expect(await findings()).to.deep.equal([1, 5, 9].map((seq) => ['changed', seq, seq]));
      });

      it('names the line whose hash was changed, the last too', async () => {
        await column('hash', 'f'.repeat(64), 4);
        await column('hash', 'e'.repeat(64), 9);
        expect(await findings()).to.deep.equal([
          ['hash changed', 4, 4],
          ['hash changed', 9, 9],
        ]);
      });

      it('names the lines that were taken out', async () => {
        await db('audit').whereIn('seq', [4, 5]).delete();
        expect(await findings()).to.deep.equal([
          ['removed', 4, 5],
          ['unproven', 6, 6],
        ]);
      });

      it('names the first lines when they were taken out', async () => {
        await db('audit').whereIn('seq', [1, 2]).delete();
        expect(await findings()).to.deep.equal([
          ['removed', 1, 2],
          ['unproven', 3, 3],
        ]);
      });

      it('names lines that were taken out and the rest numbered anew', async () => {
        await db('audit').whereIn('seq', [4, 5]).delete();
        for (const seq of [6, 7, 8, 9])
          await db('audit')
            .where({ seq })
            .update({ seq: seq - 2 });
        expect(await findings()).to.deep.equal([
          ['removed', 4, 5],
          ['unproven', 4, 4],
        ]);
      });

      it('says that the end was cut off, and how much', async () => {
        await db('audit').where('seq', '>', 6).delete();
        expect(await findings()).to.deep.equal([['cut off', 7, 9]]);
      });

      it('says that everything was removed', async () => {
        await db('audit').delete();
        expect(await findings()).to.deep.equal([['cut off', 1, 9]]);
      });

      it('names lines that changed places, whether the rows did or what they hold', async () => {
        await db('audit').where({ seq: 3 }).update({ seq: 100 });
        await db('audit').where({ seq: 7 }).update({ seq: 3 });
        await db('audit').where({ seq: 100 }).update({ seq: 7 });
        expect(await findings()).to.deep.equal([
          ['moved', 3, 3],
          ['moved', 7, 7],
        ]);
      });

      it('names neighbours that changed places', async () => {
        await db('audit').where({ seq: 4 }).update({ seq: 100 });
        await db('audit').where({ seq: 5 }).update({ seq: 4 });
        await db('audit').where({ seq: 100 }).update({ seq: 5 });
        expect(await findings()).to.deep.equal([
          ['moved', 4, 4],
          ['moved', 5, 5],
        ]);
      });

      it('names lines whose contents were exchanged', async () => {
        await column('facts', '{"number":6}', 2);
        await column('facts', '{"number":2}', 6);
        expect(await findings()).to.deep.equal([
          ['moved', 2, 2],
          ['moved', 6, 6],
        ]);
      });

      const forged = {
        at: '2026-11-22T10:00:00.000Z',
        who: 'x',
        what: 'job run',
        subject: 'x',
        outcome: 'x',
        facts: '{}',
        hash: 'a'.repeat(64),
      };

      it('names a line that was put in and the rest numbered anew', async () => {
        for (const seq of [9, 8, 7, 6, 5])
          await db('audit')
            .where({ seq })
            .update({ seq: seq + 1 });
        await db('audit').insert({ ...forged, seq: 5 });
        expect(await findings()).to.deep.equal([['inserted', 5, 5]]);
      });

      it('names a line that was put in at the end or before the first', async () => {
        await db('audit').insert({ ...forged, seq: 10 });
        await db('audit').insert({ ...forged, seq: 0 });
        expect(await findings()).to.deep.equal([
          ['inserted', 0, 0],
          ['inserted', 10, 10],
        ]);
      });

      it('says that the kept head was changed, or is gone', async () => {
        const text = await readFile(deps.headPath, 'utf8');
        await writeFile(deps.headPath, text.replace('"seq":9', '"seq":6'));
        expect(await findings()).to.deep.equal([['head changed', 0, 0]]);
        await writeFile(deps.headPath, 'nonsense');
        expect(await findings()).to.deep.equal([['head changed', 0, 0]]);
        await rm(deps.headPath);
        expect(await findings()).to.deep.equal([['head missing', 0, 0]]);
      });

      it('checks a head that was kept elsewhere, even when all else agrees', async () => {
        const { end } = await verifyAudit(deps);
        await db('audit').where('seq', '>', 6).delete();
        await rm(deps.headPath);
        const { findings: found } = await verifyAudit(deps, end);
        expect(found.map(({ kind }) => kind)).to.deep.equal(['head missing', 'cut off']);
        const other = await verifyAudit(deps, { seq: 6, hash: 'b'.repeat(64) });
        expect(other.findings.map(({ text }) => text)).to.include(
          'lines 1 to 6 are not the chain whose head was kept: line 6 has another hash',
        );
      });

      it('says so when the key is not the one of this chain', async () => {
        const { findings: found, ok } = await verifyAudit({ ...deps, key: Buffer.alloc(32) });
        expect(ok).to.equal(false);
        expect(found.map(({ kind }) => kind)).to.include('other chain');
      });

      it('tells of so many things, and counts the others', async () => {
        await addAuditLines(db, 400);
        await linkAudit(deps);
        await db('audit').whereRaw('seq % 2 = 1').delete();
        const { findings: found, more } = await verifyAudit(deps);
        expect(found.length).to.equal(201); // the end, too, was cut off
        expect(found.length + more).to.equal(205 + 204);
      });

      it('looks into few of very many wrong lines, and counts the others', async () => {
        await addAuditLines(db, 91);
        await linkAudit(deps);
        await db('audit').update({ hash: 'c'.repeat(64) });
        const { findings: found, more, lines } = await verifyAudit(deps);
        expect(lines).to.equal(100);
        expect(found.length).to.be.within(1, 40);
        expect(more).to.equal(68);
      });
    });

    describe('a chain whose end is not the one that was kept', () => {
      beforeEach(async () => {
        await chained(5);
        await db('audit').where('seq', '>', 3).delete();
        await addAuditLines(db, 4);
      });

      it('is not linked on, so that the proof of it stays', async () => {
        expect(await linkAudit(deps)).to.deep.equal({
          kind: 'broken',
          reason: 'lines after 3 are missing: the head that was kept is line 5',
        });
        expect(await waitingLines(db)).to.include({ count: 4 });
        expect(await auditConflict(deps)).to.match(/^lines after 3 are missing/);
        expect(await findings()).to.deep.equal([['cut off', 4, 5]]);
      });

      it('goes on when an operator has accepted it, which is audited', async () => {
        const accepted = await acceptEnd(deps, { who: 'jan', reason: 'restored from a backup' });
        expect(accepted?.end.seq).to.equal(3);
        expect(await acceptEnd(deps, { who: 'jan', reason: 'again' })).to.equal(undefined);
        expect(await linkAudit(deps)).to.deep.equal({ kind: 'linked', lines: 5 });
        expect(await auditConflict(deps)).to.equal(undefined);
        expect(await findings()).to.deep.equal([]);
        const [line] = await db('audit').where({ what: 'audit end accepted' });
        expect(line).to.include({ who: 'jan', subject: 'line 3' });
        expect(JSON.parse(line.facts)).to.include({ reason: 'restored from a backup' });
      });

      it('is not linked on either without its head, or with one of another key', async () => {
        await rm(deps.headPath);
        expect(await linkAudit(deps)).to.include({ kind: 'broken', reason: 'the head that was kept is missing' });
        await acceptEnd(deps, { who: 'jan', reason: 'moved' });
        expect(await linkAudit({ ...deps, key: Buffer.alloc(32) })).to.include({ kind: 'broken' });
      });
    });

    it('exports the linked lines of a period, each with the hash before it', async () => {
      for (const hour of [8, 12, 9, 10]) await audit(db, anAuditLine({ at: new Date(Date.UTC(2026, 10, 22, hour)) }));
      await linkAudit(deps);
      await audit(db, anAuditLine({ at: new Date(Date.UTC(2026, 10, 22, 9)) }));
      const period = { from: new Date(Date.UTC(2026, 10, 22, 8)), until: new Date(Date.UTC(2026, 10, 22, 10)) };
      const lines: ExportedLine[] = [];
      for await (const line of linesOf(db, period, '0'.repeat(64))) lines.push(line);
      const hashes = await db('audit').whereNotNull('seq').orderBy('seq').pluck('hash');
      expect(lines.map(({ seq, hash, previous }) => [seq, hash, previous])).to.deep.equal([
        [1, hashes[0], '0'.repeat(64)],
        [3, hashes[2], hashes[1]],
      ]);
      expect(await waitingLines(db, period)).to.include({ count: 1 });
    });

    it('hides every INSS number, by its mark when the store has a key, and cuts what is too long', async () => {
      await audit(db, anAuditLine({ subject: 'FI_85.07.30-033.28.xml', facts: { text: 'of 85073003328' } }));
      markPeopleWith(db, deps.key);
      await inTransaction(db, (tx) =>
        audit(
          tx,
          anAuditLine({
            who: '85073003328',
            subject: `${'é'.repeat(130)}\u0000`,
            outcome: '850730 03328',
            facts: { of: ['85073003328'] },
          }),
        ),
      );
      const [plain, marked] = await db('audit').orderBy('id');
      expect([plain.subject, plain.facts]).to.deep.equal(['FI_inss:hidden.xml', '{"text":"of inss:hidden"}']);
      expect(marked.who).to.match(/^inss:[0-9a-f]{16}$/);
      expect([marked.outcome, marked.facts]).to.deep.equal([marked.who, `{"of":["${marked.who}"]}`]);
      expect(marked.subject).to.equal(`${'é'.repeat(119)}…`);
    });
  });
}
