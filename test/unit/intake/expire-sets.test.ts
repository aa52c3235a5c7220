import { utimes } from 'node:fs/promises';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import type { VerifyPart } from '../../../engine/intake/checks/signature.ts';
import { createSetExpiry, type SetExpiry } from '../../../engine/intake/expire-sets.ts';
import { createReceiver, type Receiver } from '../../../engine/intake/receive.ts';
import type { Check } from '../../../engine/intake/signature-report.ts';
import type { FolderName, Folders } from '../../../engine/landing/folders.ts';
import type { Goals } from '../../../engine/registry/goals.ts';
import { aGoal, aSender } from '../../support/builders.ts';
import { filesOf } from '../../support/content.ts';
import { STORES, type StoreKind } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createGate } from '../../support/gate.ts';
import { openTestLanding, type TestLanding, upload } from '../../support/landing.ts';

const HOUR = 3_600_000;
const passed: Check = { outcome: 'passed', detail: '' };
const checks = { integrity: passed, attributes: passed, algorithms: passed, chain: passed };
const revocation = { outcome: 'passed', detail: '', status: 'good' } as const;
const VALID = { verdict: 'valid', code: null, ...checks, validity: passed, revocation, senderBinding: passed } as const;
const GOALS: Goals = { DMFA: aGoal(), WECH: aGoal({ code: 'WECH', legacyNames: true }) };

for (const kind of STORES) {
  describe(`set expiry on ${kind}`, () => {
    let landing: TestLanding;
    let receiver: Receiver;
    let expiry: SetExpiry;
    let verify: VerifyPart;
    let woken: number;
    let stem: string;

    beforeEach(async () => {
      landing = await openLanding(kind);
      landing.now = new Date(); // files on disk have the time of the machine
      stem = `DMFA.123456.${landing.now.toISOString().slice(0, 10).replaceAll('-', '')}.00001.R`;
      verify = async () => VALID;
      woken = 0;
      const wake = () => {
        woken += 1;
      };
      const deps = { db: landing.db, blobs: landing.blobs, log: silentLogger(), clock: () => landing.now };
      const senderOf = async (number: string) => aSender({ number, goals: Object.keys(GOALS) });
      const checking = { senderOf, verify: (...of: Parameters<VerifyPart>) => verify(...of), goals: GOALS };
      receiver = createReceiver({ ...deps, ...checking, wake: () => undefined });
      expiry = createSetExpiry({ ...deps, goals: GOALS, waitMs: 24 * HOUR, wake });
    });
    afterEach(() => landing.close());

    /** The intake is called only where a test says so. */
    const openLanding = (kind: StoreKind) => openTestLanding({ kind });
    const put = (name: string, content = name, folder: FolderName = 'IN', folders: Folders = landing.folders) =>
      upload(folders, folder, name, Buffer.from(content));
    const later = (hours: number) => {
      landing.now = new Date(landing.now.getTime() + hours * HOUR);
    };
    const names = async (folder: FolderName = 'IN') => (await landing.folders.list(folder)).map(({ name }) => name);
    const arrival = (name: string) => ({ sender: '123456', channel: 'sftp', folder: 'IN', name }) as const;

    /** Stem, state and codes of every submission, by stem. */
    async function outcomes(): Promise<string[]> {
      const rows = await landing.db('submissions').select('stem', 'state', 'errors');
      const codes = (errors: string) => JSON.parse(errors).map(({ code }: { code: string }) => code);
      return rows.map(({ stem: of, state, errors }) => [of, state, ...codes(errors)].join(' ')).sort();
    }

    it('answers files that waited too long with 130, keeps them with the submission, and tells the outbound side', async () => {
      for (const role of ['FI', 'FS']) await put(`${role}.${stem}.1.1`);
      later(25);
      expect(await expiry.run()).to.equal(1);
      expect(await outcomes()).to.deep.equal([`${stem} refused 130`]);
      expect(await names()).to.deep.equal([]);
      const files = await landing.db('submission_files').select('name', 'role', 'part').orderBy('name');
      expect(files).to.deep.equal([
        { name: `FI.${stem}.1.1`, role: 'FI', part: 1 },
        { name: `FS.${stem}.1.1`, role: 'FS', part: 1 },
      ]);
      const [submission] = await landing.db('submissions');
      expect(submission).to.include({ goal: 'DMFA', environment: 'R', channel: 'sftp', result_code: 0 });
      expect(await landing.db('outbox').pluck('message_id')).to.deep.equal([`ACRF:${submission.ticket}`]);
      const { sha256 } = JSON.parse((await landing.db('outbox').first()).message);
      const { content } = await landing.db('blobs').where({ sha256 }).first();
      expect(String(content)).to.include(`<FileName>FI.${stem}.1.1</FileName>`).and.to.include('ACRF-130');
      expect(await landing.db('events').orderBy('id').pluck('what')).to.deep.equal(['received', 'refused']);
      expect(woken).to.equal(1);
      expect(await expiry.run()).to.equal(0);
    });

    it('leaves a set alone while anything of it is young, and one that has its GO', async () => {
      await put(`FI.${stem}.2.1`);
      later(25);
      await put(`FI.${stem}.2.2.part`);
      expect(await expiry.run()).to.equal(0);
      await landing.folders.remove('IN', `FI.${stem}.2.2.part`);
      await put(`GO.${stem}.2`, '');
      later(25);
      expect(await expiry.run()).to.equal(0);
      expect(await names()).to.deep.equal([`FI.${stem}.2.1`, `GO.${stem}.2`]);
    });

    it('lets the sender send the set again under the same name', async () => {
      await put(`FI.${stem}.1.1`);
      later(25);
      await expiry.run();
      for (const name of [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`]) await put(name);
      await receiver.receive(arrival(`GO.${stem}.1`));
      expect(await outcomes()).to.deep.equal([`${stem} received`, `${stem} refused 130`]);
    });

    it('gives the same files that wait too long again the ticket they have', async () => {
      for (let times = 0; times < 2; times += 1) {
        await put(`FI.${stem}.1.1`);
        later(25);
        expect(await expiry.run()).to.equal(1);
      }
      expect(await outcomes()).to.deep.equal([`${stem} refused 130`]);
      expect(await names()).to.deep.equal([]);
      expect(await landing.db('events').orderBy('id').pluck('what')).to.deep.equal(['received', 'refused', 'repeated']);
    });

    it('says of each file what is wrong with its name', async () => {
      const legacy = stem.replace('DMFA', 'WECH');
      const short = stem.replace('00001', '1');
      await put(`FI.${stem}.1.12`);
      await put(`FS.${stem}.1.1`);
      await put(`FI.${legacy}`);
      await put(`FI.${short}.1.1`);
      await put(`FS.${short}.1.1`);
      await put('FS.declaration');
      await put('declaration.xml');
      await put('FI');
      later(25);
      expect(await expiry.run()).to.equal(6);
      expect(await outcomes()).to.deep.equal(
        [
          `${stem} refused 130 131`,
          `${legacy} refused 130`,
          `${short}.1.1 refused 131 132`,
          'declaration refused 132',
          'declaration.xml refused 129',
          'FI refused 131',
        ].sort(),
      );
      expect(await names()).to.deep.equal([]);
      expect(await landing.db('submission_files').pluck('name')).to.have.length(8);
    });

    it('answers each folder and each sender apart, in the environment of the folder', async () => {
      const other = landing.foldersOf({ number: '654321', channel: 'ftp' });
      await put(`FI.${stem}.1.1`, 'x', 'INTEST');
      await put(`FI.${stem}.1.1`, 'x', 'IN', other);
      await put(`FI.${stem}.1.1`, 'x');
      later(25);
      expect(await expiry.run()).to.equal(3);
      const rows = await landing.db('submissions').select('sender', 'environment', 'channel');
      expect(rows).to.have.deep.members([
        { sender: '123456', environment: 'T', channel: 'sftp' },
        { sender: '654321', environment: 'R', channel: 'ftp' },
        { sender: '123456', environment: 'R', channel: 'sftp' },
      ]);
    });

    it('touches no OUT folder and no GO or TD, whatever their age', async () => {
      const at = landing.now.toISOString();
      const row = { sender: '123456', state: 'complete', size: 1, sha256: 'a', modified_at: at, stored_at: at };
      await landing.db('folder_files').insert({ ...row, folder: 'OUT', name: 'FO.ACRF', content: Buffer.from('x') });
      await put('GO.nothing', '');
      await put('TD.nothing', '');
      later(2_000);
      expect(await expiry.run()).to.equal(0);
      expect([await names('OUT'), await names()]).to.deep.equal([['FO.ACRF'], ['GO.nothing', 'TD.nothing']]);
    });

    it('removes uploads that were never finished, with their bytes', async () => {
      const large = Buffer.alloc(300_000, 'x');
      const [open, small] = [`FI.${stem}.2.2`, `FI.${stem}.2.1`];
      for (const [name, bytes] of [[open, large] as const, [small, Buffer.from('x')] as const]) {
        const file = await landing.folders.openWrite('IN', name, 'create');
        await file.write(0, bytes);
        await file.abandon();
      }
      await upload(landing.folders, 'IN', 'FI.large.part', large);
      await put('.FI.hidden');
      later(23);
      expect(await expiry.run()).to.equal(0);
      later(2);
      expect(await expiry.run()).to.equal(4);
      expect(await landing.db('folder_files')).to.deep.equal([]);
      expect(await filesOf(landing.blobs)).to.deep.equal([]);
      expect(await outcomes()).to.deep.equal([]);
    });

    it('leaves an upload alone that is still coming in, however long it takes', async () => {
      const file = await landing.folders.openWrite('IN', `FI.${stem}.1.1`, 'create');
      await file.write(0, Buffer.alloc(300_000, 'x'));
      later(25);
      const { file: part } = await landing.db('folder_files').first();
      await eventually(async () => expect(await landing.blobs.files.sizeOf(part)).to.equal(300_000));
      await utimes(landing.blobs.files.pathOf(part), landing.now, landing.now);
      expect(await expiry.run()).to.equal(0);
      await file.close();
      expect(await names()).to.deep.equal([`FI.${stem}.1.1`]);
    });

    it('leaves a set to the GO that is being taken in', async () => {
      const [verifying, mayEnd] = [createGate<void>(), createGate<void>()];
      verify = async () => {
        verifying.open();
        await mayEnd.opened;
        return VALID;
      };
      for (const role of ['FI', 'FS']) await put(`${role}.${stem}.1.1`);
      later(25);
      await put(`GO.${stem}.1`, '');
      const receiving = receiver.receive(arrival(`GO.${stem}.1`));
      await verifying.opened;
      expect(await expiry.run()).to.equal(0);
      mayEnd.open();
      await receiving;
      expect(await outcomes()).to.deep.equal([`${stem} received`]);
    });

    it('takes each file once when GOs come at the same moment and two expiries run', async () => {
      const stems = Array.from({ length: 12 }, (_, at) => stem.replace('00001', String(10_000 + at)));
      for (const of of stems) for (const role of ['FI', 'FS']) await put(`${role}.${of}.1.1`);
      later(25);
      const go = async (of: string) => {
        await put(`GO.${of}.1`, '');
        await receiver.receive(arrival(`GO.${of}.1`));
      };
      await Promise.all([...stems.slice(0, 4).map(go), expiry.run(), expiry.run(), ...stems.slice(4, 8).map(go)]);
      await expiry.run();
      expect(await names()).to.deep.equal([]);
      const declarations = await landing.db('submission_files').where({ role: 'FI' }).pluck('name');
      expect(declarations.sort()).to.deep.equal(stems.map((of) => `FI.${of}.1.1`).sort());
      // a GO finds its set, or comes too late and is told so
      const allowed = ['received', 'refused 130', 'refused 130+refused 142'];
      for (const of of stems) {
        const found = (await outcomes()).filter((line) => line.startsWith(of)).map((line) => line.slice(of.length + 1));
        expect(allowed).to.include(found.join('+'));
      }
    });

    it('goes on with other senders when one cannot be dealt with', async () => {
      const other = landing.foldersOf({ number: '654321', channel: 'sftp' });
      await put(`FI.${stem}.1.1`, 'x', 'IN');
      await put(`FI.${stem}.1.1`, 'y', 'IN', other);
      await landing.db('folder_files').where({ sender: '123456' }).update({ digests: 'not JSON' });
      later(25);
      expect(await expiry.run()).to.equal(1);
      expect(await landing.db('submissions').pluck('sender')).to.deep.equal(['654321']);
    });
  });
}
