import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createHolder } from '../../channels/drop/holder.ts';
import type { DropOptions } from '../../channels/drop/service.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { placeFiles } from '../../engine/landing/folder-files.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { dropOver, makeDirectory, type TestDirectory } from '../support/drop.ts';
import { eventually } from '../support/eventually.ts';
import { openTestLanding, type TestLanding } from '../support/landing.ts';

for (const kind of STORES) contract(kind);

const stemOf = (number: number) => `DMFA.123456.20261122.${String(number).padStart(5, '0')}.R`;
const namesOf = (stem: string) => [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`] as const;

/** What several engines on one drop folder must do, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`drop folder contract: ${kind}`, () => {
    let landing: TestLanding;
    let directory: TestDirectory;
    let engines: Service[];

    beforeEach(async () => {
      landing = await openTestLanding({ kind });
      directory = await makeDirectory();
      engines = [];
    });
    afterEach(async () => {
      await Promise.all(engines.map((engine) => engine.stop()));
      await landing.close();
      await directory.remove();
    });

    async function start(count: number, options: Partial<DropOptions> = {}): Promise<void> {
      engines = Array.from({ length: count }, () => dropOver(landing, directory.path, { alone: false, ...options }));
      await Promise.all(engines.map((engine) => engine.start()));
    }

    /** What an engine has left that died after it had claimed some files of a set: there all at once, as a living
     * engine takes over what it sees. */
    async function leaveClaim(
      holder: string,
      names: readonly string[],
      id = randomBytes(16).toString('hex'),
    ): Promise<void> {
      const aside = join(directory.path, '.bode/aside');
      await mkdir(aside, { recursive: true, mode: 0o700 });
      for (const name of names) await writeFile(join(aside, name), name);
      await mkdir(join(directory.path, '.bode/claims'), { recursive: true, mode: 0o700 });
      await rename(aside, join(directory.path, '.bode/claims', `${id}.IN.${holder}`));
    }

    const names = async () => (await landing.db('folder_files').select('name').orderBy('name')).map(({ name }) => name);
    const place = (...answers: string[]) => {
      const files = answers.map((name) => ({ name, bytes: Buffer.from(name) }));
      return inTransaction(landing.db, (tx) => placeFiles(tx, '123456', 'OUT', files, landing.now));
    };

    it('takes each set in once, by whichever engine', async () => {
      await start(3);
      const stems = Array.from({ length: 20 }, (_, at) => stemOf(at + 1));
      await Promise.all(
        stems.map(async (stem) => {
          for (const name of namesOf(stem)) await directory.put('IN', name, randomBytes(100));
        }),
      );
      await eventually(async () => expect(landing.arrivals).to.have.length(20), 30_000);
      await eventually(async () => expect(await directory.list('.bode/claims')).to.deep.equal([]));
      expect(new Set(landing.arrivals.map(({ name }) => name)).size).to.equal(20);
      expect(await names()).to.deep.equal(stems.flatMap(namesOf).sort());
      expect(await directory.list('IN')).to.deep.equal([]);
    });

    it('takes over what a dead engine has claimed, with what it had not claimed yet', async () => {
      const [fi, fs, go] = namesOf(stemOf(1));
      await leaveClaim('d'.repeat(32), [go]);
      await directory.put('IN', fi, 'x');
      await directory.put('IN', fs, 'y');
      await start(2);
      await eventually(() => expect(landing.arrivals.map(({ name }) => name)).to.deep.equal([go]));
      await eventually(async () => expect(await directory.list('.bode/claims')).to.deep.equal([]));
      expect(await names()).to.deep.equal([fi, fs, go]);
    });

    it('leaves alone what a living engine has claimed, until its lease has run out', async () => {
      const clock = () => new Date();
      const other = createHolder({ db: landing.db, clock, log: silentLogger(), alone: false });
      await other.start();
      const [fi, fs, go] = namesOf(stemOf(1));
      await leaveClaim(other.id, [fi, fs, go]);
      await start(2);
      const next = namesOf(stemOf(2));
      for (const name of next) await directory.put('IN', name);
      await eventually(() => expect(landing.arrivals.map(({ name }) => name)).to.deep.equal([next[2]]));
      expect(await directory.claimed()).to.deep.equal([`IN/${fi}`, `IN/${fs}`, `IN/${go}`]);
      await other.stop();
      await eventually(() => expect(landing.arrivals.map(({ name }) => name)).to.deep.equal([next[2], go]));
    });

    it('does nothing twice when an engine died before it could remove what it had stored', async () => {
      const [fi, fs, go] = namesOf(stemOf(1));
      await start(1);
      for (const name of [fi, fs, go]) await directory.put('IN', name, name);
      await eventually(async () => expect(await directory.list('.bode/claims')).to.deep.equal([]));
      await eventually(() => expect(landing.arrivals).to.have.length(1));
      await landing.db('folder_files').delete(); // as the intake does
      const [mark] = await landing.db('processed').where({ consumer: 'taken in' }).select('message_id');
      await leaveClaim('e'.repeat(32), [fi, fs, go], String(mark?.message_id).split(':')[0]);
      await eventually(async () => expect(await directory.list('.bode/claims')).to.deep.equal([]));
      expect(await names()).to.deep.equal([]);
    });

    it('writes each answer once, whichever engine does, and never again after it was fetched', async () => {
      const answers = ['FO', 'FS', 'GO'].flatMap((role) =>
        [1, 2, 3].map((at) => `${role}.ACRF.999999.20261122.0000${at}.R`),
      );
      await start(3);
      await place(...answers);
      await eventually(async () => expect(await directory.list('OUT')).to.deep.equal(answers));
      await eventually(async () => expect(await directory.list('.bode/out')).to.deep.equal([]));
      const inodes = await Promise.all(answers.map(async (name) => (await stat(directory.in('OUT', name))).ino));
      await place('FO.NOTI.999999.20261122.00001.R');
      await eventually(async () => expect(await directory.list('OUT')).to.have.length(10));
      expect(await Promise.all(answers.map(async (name) => (await stat(directory.in('OUT', name))).ino))).to.deep.equal(
        inodes,
      );
      for (const name of answers) await rm(directory.in('OUT', name));
      await eventually(async () => expect(await names()).to.deep.equal(['FO.NOTI.999999.20261122.00001.R']));
      expect(await directory.list('OUT')).to.deep.equal(['FO.NOTI.999999.20261122.00001.R']);
      const audited = await landing.db('audit').where({ what: 'file removed' }).select('subject');
      expect(audited.map(({ subject }) => subject).sort()).to.deep.equal(answers.map((name) => `OUT/${name}`).sort());
    });

    it('finishes an answer that a dead engine had noted and not brought to its place, and forgets what it had not noted', async () => {
      const [noted, lost] = [`${'a'.repeat(32)}.${'d'.repeat(32)}`, `${'b'.repeat(32)}.${'d'.repeat(32)}`];
      await mkdir(join(directory.path, '.bode/out'), { recursive: true, mode: 0o700 });
      await place('FO.ACRF.999999.20261122.00001.R');
      await landing.db('folder_files').update({ copy: noted });
      for (const name of [noted, lost]) await writeFile(join(directory.path, '.bode/out', name), 'whole');
      await start(2);
      await eventually(async () =>
        expect(await directory.list('OUT')).to.deep.equal(['FO.ACRF.999999.20261122.00001.R']),
      );
      await eventually(async () => expect(await directory.list('.bode/out')).to.deep.equal([]));
      expect(await landing.db('folder_files').select('copy')).to.deep.equal([{ copy: noted }]);
    });
  });
}
