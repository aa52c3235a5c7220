import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DropOptions } from '../../../../channels/drop/service.ts';
import { EngineError } from '../../../../engine/core/errors.ts';
import type { Service } from '../../../../engine/core/service.ts';
import { findLanded, placeFiles } from '../../../../engine/landing/folder-files.ts';
import type { OnArrival } from '../../../../engine/landing/folders.ts';
import { run } from '../../../../scripts/demonstration/command.ts';
import { dropOver, type Line, linesOf, makeDirectory, type TestDirectory } from '../../../support/drop.ts';
import { eventually } from '../../../support/eventually.ts';
import { openTestLanding, type TestLanding } from '../../../support/landing.ts';

const STEM = 'DMFA.123456.20261122.00001.R';
const [FI, FS, GO] = [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`];
const OTHER = 'FI.DMFA.123456.20261122.00002.R.1.1';

describe('a drop folder', () => {
  let landing: TestLanding;
  let directory: TestDirectory;
  let drop: Service;
  let lines: Line[];
  let onArrival: OnArrival;

  beforeEach(async () => {
    onArrival = async () => undefined;
    landing = await openTestLanding({ onArrival: (arrival) => onArrival(arrival) });
    directory = await makeDirectory();
    lines = [];
  });
  afterEach(async () => {
    await drop?.stop();
    await landing.close();
    await directory.remove();
  });

  async function start(options: Partial<DropOptions> = {}): Promise<void> {
    drop = dropOver(landing, directory.path, { log: linesOf(lines), ...options });
    await drop.start();
  }

  const rows = async () => {
    const found = await landing.db('folder_files').select('folder', 'name', 'state', 'channel').orderBy('name');
    return found.map(({ folder, name, state, channel }) => `${folder}/${name} ${state} ${channel}`);
  };
  const said = (message: string) => lines.filter(({ msg }) => String(msg).startsWith(message));
  const taken = () => said('files taken in').length;
  const place = (...names: string[]) => {
    const files = names.map((name) => ({ name, bytes: Buffer.from(`content of ${name}`) }));
    return landing.db.transaction((tx) => placeFiles(tx, '123456', 'OUT', files, landing.now));
  };

  describe('taking in', () => {
    it('takes the files of a set when its GO is there, the GO last, and nothing else', async () => {
      const atArrival: string[][] = [];
      onArrival = async () => void atArrival.push(await rows());
      const bytes = randomBytes(3_000_000);
      await directory.put('IN', FI, bytes);
      await directory.put('IN', OTHER, 'waits');
      await start();
      await directory.put('IN', FS, 'signature');
      await directory.put('IN', GO);
      await eventually(() => expect(taken()).to.equal(1));
      const expected = [FI, FS, GO].map((name) => `IN/${name} complete drop`);
      expect(atArrival).to.deep.equal([expected]);
      expect(landing.arrivals).to.deep.equal([{ sender: '123456', channel: 'drop', folder: 'IN', name: GO }]);
      const landed = await findLanded(landing.db, '123456', 'IN', FI);
      expect(landed?.size).to.equal(bytes.length);
      expect(await directory.list('IN')).to.deep.equal([OTHER]);
      expect(await readdir(join(directory.path, '.bode/claims'))).to.deep.equal([]);
    });

    it('hears of a GO without looking from time to time', async () => {
      await start({ lookMs: 3_600_000 });
      await eventually(async () => expect(await directory.list('.bode')).to.include('claims'));
      await directory.put('INTEST', FI, 'x');
      await directory.put('INTEST', GO);
      await eventually(() => expect(landing.arrivals).to.have.length(1));
      expect(landing.arrivals[0]?.folder).to.equal('INTEST');
    });

    it('takes what the intake would take for misnamed, and leaves what is on its way', async () => {
      const misnamed = 'FI.DMFA.123456.20261122.00001.R.1';
      const almost = 'FI.DMFA.123456.20261122.0001.R.1.1';
      for (const name of [misnamed, almost, `${FI}.tmp`, `.in.${FI}.`, OTHER]) await directory.put('IN', name, 'x');
      await directory.put('IN', GO);
      await start();
      await eventually(() => expect(taken()).to.equal(1));
      expect(await directory.list('IN')).to.deep.equal([`.in.${FI}.`, `${FI}.tmp`, OTHER].sort());
      expect((await rows()).map((row) => row.split(' ')[0])).to.have.members(
        [almost, misnamed, GO].map((n) => `IN/${n}`),
      );
    });

    it('takes files in without a GO once they have waited for too long', async () => {
      await directory.put('IN', FI, 'x');
      await start({ waitMs: 200 });
      await eventually(async () => expect(await rows()).to.deep.equal([`IN/${FI} complete drop`]));
      expect(landing.arrivals).to.deep.equal([]);
      expect(await directory.list('IN')).to.deep.equal([]);
    });

    it('never follows or opens what is no file, and says so once', async () => {
      const secret = join(directory.path, 'secret');
      await writeFile(secret, 'of somebody else');
      await symlink(secret, directory.in('IN', FI));
      await run('mkfifo', [directory.in('IN', FS)]);
      await mkdir(directory.in('IN', 'FI.X'));
      await symlink(secret, directory.in('IN', 'GO.LINK'));
      await directory.put('IN', GO);
      await start();
      await eventually(() => expect(taken()).to.equal(1));
      await directory.put('IN', OTHER, 'x');
      await directory.put('IN', GO);
      await eventually(() => expect(taken()).to.equal(2));
      expect(landing.arrivals.map(({ name }) => name)).to.deep.equal([GO, GO]);
      expect(await rows()).to.deep.equal([`IN/${GO} complete drop`]);
      expect(await directory.list('IN')).to.have.members([FI, FS, 'FI.X', 'GO.LINK', OTHER]);
      expect(said('file in a drop folder refused').map(({ file, reason }) => `${file}: ${reason}`)).to.have.members(
        [FI, FS, 'FI.X', 'GO.LINK'].map((name) => `${hidden(name)}: it is no regular file`),
      );
    });

    it('refuses hostile names and what is too large, and says so once without an INSS number', async () => {
      const names = ['GO.\n.x', 'GO.\u202e', '-rf', '\ufffd', 'FI.85073003328\u0007'];
      for (const name of names) await directory.put('IN', name, 'x');
      await writeFile(
        Buffer.concat([Buffer.from(`${directory.path}/IN/`), Buffer.from([0x47, 0x4f, 0x2e, 0xff])]),
        'x',
      );
      await directory.put('IN', FI, 'x'.repeat(11));
      await directory.put('IN', GO);
      await start({ limits: { names: 50_000, fileBytes: 10 } });
      await eventually(() => expect(taken()).to.equal(1));
      await directory.put('IN', `GO.${STEM}.2`);
      await eventually(() => expect(taken()).to.equal(2));
      expect(landing.arrivals.map(({ name }) => name)).to.deep.equal([GO, `GO.${STEM}.2`]);
      const refused = said('file in a drop folder refused');
      expect(refused.filter(({ reason }) => String(reason).includes('larger'))).to.have.length(1);
      expect(refused).to.have.length(names.length + 2);
      expect(JSON.stringify(lines)).not.to.include('85073003328').and.not.to.include('\u202e');
      expect(await directory.list('IN')).to.have.length(names.length + 2);
    });

    it('keeps aside what turns out to be no file after it was claimed, and takes in the rest', async () => {
      const claim = join(directory.path, '.bode/claims', `${'1'.repeat(32)}.IN.${'d'.repeat(32)}`);
      await mkdir(claim, { recursive: true, mode: 0o700 });
      await symlink('/etc/hostname', join(claim, FI));
      await run('mkfifo', [join(claim, FS)]);
      await mkdir(join(claim, 'FI.D'));
      await writeFile(join(claim, GO), '');
      await start();
      await eventually(() => expect(taken()).to.equal(1));
      expect(await rows()).to.deep.equal([`IN/${GO} complete drop`]);
      expect(await directory.list('.bode/refused')).to.have.length(3);
      expect(await directory.list('.bode/claims')).to.deep.equal([]);
      expect(said('file in a drop folder refused').map(({ reason }) => reason)).to.deep.equal(
        Array(3).fill('it is no regular file'),
      );
    });

    it('waits for a writer that still has the file open, as long as it writes', async () => {
      const writer = await open(directory.in('IN', FI), 'a');
      const big = 'x'.repeat(2 ** 20);
      await writer.write(big);
      let more = 4;
      const foldersOf: DropOptions['foldersOf'] = (owner) => {
        const folders = landing.foldersOf(owner);
        return {
          ...folders,
          async takeIn(folder, name, content, once) {
            async function* slowly() {
              for await (const piece of content) {
                yield piece;
                if (name === FI && more > 0) await writer.write('y');
              }
            }
            if (name === FI) more -= 1;
            await folders.takeIn(folder, name, slowly(), once);
          },
        };
      };
      await directory.put('IN', GO);
      await start({ foldersOf });
      await eventually(() => expect(taken()).to.equal(1));
      await writer.close();
      const landed = await findLanded(landing.db, '123456', 'IN', FI);
      expect(landed?.size).to.be.greaterThan(2 ** 20 + 2);
      await eventually(() => expect(said('taking in from the drop folder')).to.have.length(2)); // away, back
      expect(await landing.db('folder_files').select('id')).to.have.length(2);
    });

    it('keeps what it has claimed while it cannot be stored, and takes it in afterwards', async () => {
      let failing = true;
      onArrival = async () => {
        if (failing) throw new EngineError('store_unavailable', 'away');
      };
      await directory.put('IN', FI, 'x');
      await directory.put('IN', GO);
      await start();
      await eventually(() => expect(landing.arrivals.length).to.be.greaterThan(2));
      expect(await directory.claimed()).to.deep.equal([`IN/${GO}`]);
      failing = false;
      await eventually(() => expect(taken()).to.equal(1));
      await eventually(() =>
        expect(said('taking in from the drop folder').map(({ msg }) => msg)).to.deep.equal([
          'taking in from the drop folder: away',
          'taking in from the drop folder: back',
        ]),
      );
    });

    it('keeps what it has claimed while the disk is full', async () => {
      await landing.close();
      let free = 0;
      landing = await openTestLanding({ freeBytes: async () => free, limits: { minFreeBytes: 1_000 } });
      await directory.put('IN', FI, 'x');
      await directory.put('IN', GO);
      await start();
      await eventually(() => expect(said('taking in from the drop folder: away')).to.have.length(1));
      expect(await directory.claimed()).to.deep.equal([`IN/${FI}`, `IN/${GO}`]);
      free = 10_000;
      await eventually(() => expect(taken()).to.equal(1));
      expect(await directory.claimed()).to.deep.equal([]);
    });

    it('is not served for a sender that is not registered for it', async () => {
      await directory.put('IN', GO);
      let served = false;
      let asked = 0;
      await start({
        async isServed() {
          asked += 1;
          return served;
        },
      });
      await eventually(() => expect(asked).to.be.greaterThan(2));
      expect(await directory.list('IN')).to.deep.equal([GO]);
      served = true;
      await eventually(() => expect(landing.arrivals).to.have.length(1));
    });
  });

  describe('a directory that cannot be used', () => {
    it('is said once, and served as soon as it can be', async () => {
      await rename(join(directory.path, 'OUT'), join(directory.path, 'AWAY'));
      await directory.put('IN', GO);
      await start();
      await eventually(() => expect(said('drop folder: away')).to.have.length(1));
      expect(said('drop folder: away')[0]?.['reason']).to.match(/there is no directory OUT in it$/);
      expect(await directory.list('.bode')).to.deep.equal([]);
      await rename(join(directory.path, 'AWAY'), join(directory.path, 'OUT'));
      await eventually(() => expect(landing.arrivals).to.have.length(1));
      await eventually(() =>
        expect(said('drop folder: ').map(({ msg }) => msg)).to.deep.equal(['drop folder: away', 'drop folder: back']),
      );
    });

    it('is one whose IN is a link, or whose .bode others may write in', async () => {
      await rm(join(directory.path, 'IN'), { recursive: true });
      await symlink('/tmp', join(directory.path, 'IN'));
      await start();
      await eventually(() => expect(said('drop folder: away')[0]?.['reason']).to.match(/cannot be opened \(ENOTDIR\)/));
      await drop.stop();
      await rm(join(directory.path, 'IN'));
      await mkdir(join(directory.path, 'IN'));
      await mkdir(join(directory.path, '.bode'), { mode: 0o700 });
      await run('chmod', ['777', join(directory.path, '.bode')]);
      lines.length = 0;
      await start();
      await eventually(() => expect(said('drop folder: away')[0]?.['reason']).to.match(/with mode 0700$/));
    });
  });

  describe('giving answers', () => {
    const [FO, SIG, END] = ['FO', 'FS', 'GO'].map((role) => `${role}.ACRF.999999.20261122.00001.R`) as [
      string,
      string,
      string,
    ];

    it('writes an answer once, whole, with its mode, and removes it when its copy is deleted', async () => {
      await start();
      await place(FO, SIG, END);
      await eventually(async () => expect(await directory.list('OUT')).to.deep.equal([FO, SIG, END]));
      expect(await readFile(directory.in('OUT', FO), 'utf8')).to.equal(`content of ${FO}`);
      expect((await stat(directory.in('OUT', FO))).mode & 0o777).to.equal(0o640);
      await rm(directory.in('OUT', SIG));
      await eventually(async () => expect(await rows()).to.have.length(2));
      await rm(directory.in('OUT', FO));
      await rename(directory.in('OUT', END), join(directory.path, 'fetched'));
      await eventually(async () => expect(await rows()).to.deep.equal([]));
      expect(await directory.list('OUT')).to.deep.equal([]);
      const audited = await landing.db('audit').where({ what: 'file removed' }).select('who', 'subject').orderBy('id');
      expect(audited.map(({ who, subject }) => `${who} ${subject}`)).to.have.members(
        [SIG, FO, END].map((name) => `123456 OUT/${name}`),
      );
    });

    it('never writes again what was fetched, also after a restart, and writes anew what is placed anew', async () => {
      await start();
      await place(FO, SIG, END);
      await eventually(async () => expect(await directory.list('OUT')).to.have.length(3));
      await drop.stop();
      for (const name of [FO, SIG, END]) await rm(directory.in('OUT', name));
      await start();
      await eventually(async () => expect(await rows()).to.deep.equal([]));
      expect(await directory.list('OUT')).to.deep.equal([]);
      await place(FO, SIG, END);
      await eventually(async () => expect(await directory.list('OUT')).to.have.length(3));
    });

    it('writes the GO when all else is there', async () => {
      const many = Array.from({ length: 20 }, (_, at) => `ACRF.999999.20261122.${String(at).padStart(5, '0')}.R`);
      await place(...many.flatMap((stem) => [`FO.${stem}`, `FS.${stem}`, `GO.${stem}`]));
      let lacking: string[] = [];
      let done = false as boolean;
      const watching = (async () => {
        while (!done) {
          const gos = (await directory.list('OUT')).filter((name) => name.startsWith('GO.'));
          const there = new Set(await directory.list('OUT'));
          lacking = [
            ...lacking,
            ...gos.filter((go) => !there.has(`FO${go.slice(2)}`) || !there.has(`FS${go.slice(2)}`)),
          ];
        }
      })();
      await start();
      try {
        await eventually(async () => expect(await directory.list('OUT')).to.have.length(60), 30_000);
      } finally {
        done = true;
      }
      await watching;
      expect(lacking).to.deep.equal([]);
    });

    it('keeps back what belongs to an answer that cannot be written, and nothing else', async () => {
      const next = ['FO', 'FS', 'GO'].map((role) => `${role}.ACRF.999999.20261122.00002.R`);
      await mkdir(directory.in('OUT', FO));
      await place(FO, SIG, END, ...next);
      await start();
      await eventually(async () => expect(await directory.list('OUT')).to.include.members(next));
      expect(await directory.list('OUT')).not.to.include(END);
      await eventually(() => expect(said('answers into the drop folder: away')).to.have.length(1));
      const [line] = said('answers into the drop folder: away');
      expect(line?.['reason']).to.equal('a file or directory could not be used (rename: EISDIR)'); // no name
      await rm(directory.in('OUT', FO), { recursive: true });
      await eventually(async () => expect(await directory.list('OUT')).to.include.members([FO, SIG, END]));
      expect(await readFile(directory.in('OUT', FO), 'utf8')).to.equal(`content of ${FO}`);
    });

    it('leaves answers where they are while their folder is not there', async () => {
      await rm(join(directory.path, 'OUTTEST'), { recursive: true });
      await landing.db.transaction((tx) =>
        placeFiles(tx, '123456', 'OUTTEST', [{ name: FO, bytes: Buffer.from('x') }], landing.now),
      );
      await start();
      await eventually(() => expect(said('answers into the drop folder: away')).to.have.length(1));
      await mkdir(join(directory.path, 'OUTTEST'));
      await eventually(async () => expect(await directory.list('OUTTEST')).to.deep.equal([FO]));
    });
  });
});

/** As the log shows a name: six digits and more in a row of groups are hidden. */
const hidden = (name: string) => name.replace(/\d[\d .-]{7,}\d/g, '***');
