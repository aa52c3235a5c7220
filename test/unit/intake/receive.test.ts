import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import type { VerifyPart } from '../../../engine/intake/checks/signature.ts';
import { createReceiver, type Receiver } from '../../../engine/intake/receive.ts';
import type { Check } from '../../../engine/intake/signature-report.ts';
import { createFolders } from '../../../engine/landing/create-folders.ts';
import type { FolderName, Folders } from '../../../engine/landing/folders.ts';
import type { Goals } from '../../../engine/registry/goals.ts';
import { createBlobStore } from '../../../engine/store/blobs.ts';
import { type Db, openStore } from '../../../engine/store/database.ts';
import { migrate } from '../../../engine/store/migrate.ts';
import { aGoal, aSender } from '../../support/builders.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const STEM = 'DMFA.123456.20261122.00001.R';
const LEGACY = 'WECH.123456.20261122.00001.R';
const GOALS: Goals = { DMFA: aGoal(), WECH: aGoal({ code: 'WECH', legacyNames: true }) };
const passed: Check = { outcome: 'passed', detail: '' };
const VALID = {
  verdict: 'valid',
  code: null,
  integrity: passed,
  attributes: passed,
  algorithms: passed,
  chain: passed,
  validity: passed,
  revocation: { ...passed, status: 'good' },
  senderBinding: passed,
} as const;

interface Desk {
  readonly db: Db;
  readonly folders: Folders;
  readonly receiver: Receiver;
  put(name: string, content?: string, folder?: FolderName): Promise<void>;
  /** State and codes of every submission, oldest first. */
  outcomes(): Promise<string[]>;
  /** What lies in a folder. */
  names(folder?: FolderName): Promise<string[]>;
}

describe('receiving', () => {
  let dir: string;
  const open: Db[] = [];

  /** Folders and a receiver on a store of their own; signatures are verified by `verify`, or all valid. */
  async function aDesk(with_: { verify?: VerifyPart; arrive?: boolean } = {}): Promise<Desk> {
    const { verify = async () => VALID, arrive = true } = with_;
    const db = openStore({ url: 'sqlite::memory:' });
    open.push(db);
    await migrate(db);
    const log = silentLogger();
    const clock = () => NOW;
    const blobs = createBlobStore({ dir, log });
    const senderOf = async (number: string) =>
      number === '123456' ? aSender({ goals: Object.keys(GOALS) }) : undefined;
    const receiver = createReceiver({ db, blobs, clock, log, goals: GOALS, senderOf, verify, wake: () => undefined });
    const onArrival = arrive ? receiver.receive : async () => undefined;
    const folders = createFolders({ db, blobs, clock, log, onArrival })({ number: '123456', channel: 'sftp' });
    return {
      db,
      folders,
      receiver,
      async put(name, content = '', folder = 'IN') {
        const upload = await folders.openWrite(folder, name, 'create');
        if (content) await upload.write(0, Buffer.from(content));
        await upload.close();
      },
      async outcomes() {
        const rows = await db('submissions').select('state', 'errors').orderByRaw('rowid');
        const codes = (errors: string) => JSON.parse(errors).map(({ code }: { code: string }) => code);
        return rows.map(({ state, errors }) => [state, ...codes(errors)].join(' '));
      },
      names: async (folder = 'IN') => (await folders.list(folder)).map(({ name }) => name),
    };
  }

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-receive-'));
  });
  after(async () => {
    for (const db of open) await db.destroy();
    await rm(dir, { recursive: true, force: true });
  });

  it('takes a signed set out of the folder and queues it', async () => {
    const desk = await aDesk();
    for (const name of [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`]) await desk.put(name, name);
    await desk.put(`GO.${STEM}.1`);
    expect(await desk.outcomes()).to.deep.equal(['received']);
    expect(await desk.names()).to.deep.equal([]);
    expect(await desk.db('outbox').select('queue')).to.deep.equal([{ queue: 'submissions' }]);
  });

  it('gives a repeated GO the ticket it has, with no second submission', async () => {
    const desk = await aDesk();
    for (const name of [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`, `GO.${STEM}.1`]) await desk.put(name, 'x');
    await desk.put(`FI.${STEM}.1.1`, 'x');
    await desk.put(`FS.${STEM}.1.1`, 'signed anew');
    await desk.put(`GO.${STEM}.1`);
    expect(await desk.outcomes()).to.deep.equal(['received']);
    expect(await desk.names()).to.deep.equal([]);
  });

  it('refuses two files that claim to be the same part: one of them is not signed', async () => {
    const desk = await aDesk();
    for (const name of [`FI.${LEGACY}`, `FI.${LEGACY}.1.1`, `FS.${LEGACY}.1.1`]) await desk.put(name, name);
    await desk.put(`GO.${LEGACY}.1`);
    expect(await desk.outcomes()).to.deep.equal(['refused 123']);
  });

  it('leaves misnamed and unfinished files of other sets alone', async () => {
    const desk = await aDesk();
    const others = [`FS.${STEM.replace('00001', '0007')}.1.1`, 'FI.DMFA.123456.other.part1', `FI.${STEM}.1.1.tmp`];
    for (const name of others) await desk.put(name, 'of another set');
    for (const name of [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`]) await desk.put(name, name);
    await desk.put(`GO.${STEM}.1`);
    expect(await desk.outcomes()).to.deep.equal(['received']);
    expect(await desk.names()).to.have.members(others);
  });

  it('leaves the files of a set where they are when only the name of its GO or TD is wrong', async () => {
    const desk = await aDesk();
    for (const name of [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`]) await desk.put(name, name);
    await desk.put(`TD.${STEM}.0`);
    await desk.put(`GO.${STEM}.A`);
    expect(await desk.outcomes()).to.deep.equal(['refused 116', 'refused 115']);
    await desk.put(`GO.${STEM}.1`);
    expect(await desk.outcomes()).to.deep.equal(['refused 116', 'refused 115', 'received']);
  });

  it('cancels a set before its GO, and one that waits for its checks', async () => {
    const desk = await aDesk();
    await desk.put(`FI.${STEM}.1.1`, 'x');
    await desk.put(`TD.${STEM}.1`);
    for (const name of [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`]) await desk.put(name, 'y');
    await desk.put(`TD.${STEM}.1`);
    expect(await desk.outcomes()).to.deep.equal(['cancelled 277', 'cancelled 277']);
    expect(await desk.names()).to.deep.equal([]);
  });

  it('answers a goal that only JavaScript knows like any other that is not there', async () => {
    const desk = await aDesk();
    for (const goal of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      await desk.put(`GO.${STEM.replace('DMFA', goal)}.1`);
    }
    expect(await desk.outcomes()).to.deep.equal(Array(4).fill('refused 129'));
  });

  it('answers a GO with a thousand files under its stem, and takes no more than it looks at', async () => {
    const desk = await aDesk();
    for (let index = 0; index < 1_000; index += 1) await desk.put(`FI.${STEM}.x${String(index).padStart(4, '0')}`, 'x');
    await desk.put(`GO.${STEM}.1`);
    const [outcome, ...others] = await desk.outcomes();
    expect(outcome).to.match(/^refused 131 /);
    expect(others).to.deep.equal([]);
    expect(await desk.db('folder_files').count('* as left')).to.deep.equal([{ left: 960 }]);
  });

  it('takes in what a crash left, one bad arrival or not; names of files on their way are no arrivals', async () => {
    const down: VerifyPart = async (facts) => {
      if (facts.name.sequence === '00002') throw new Error('the content is gone');
      return VALID;
    };
    const desk = await aDesk({ verify: down, arrive: false });
    const stems = ['00002', '00003'].map((sequence) => STEM.replace('00001', sequence));
    for (const stem of stems) {
      for (const name of [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`]) await desk.put(name, 'x');
    }
    await desk.put(`GO.${STEM}.1.part`);
    await desk.receiver.recover(0);
    await desk.receiver.recover(0, AbortSignal.abort());
    expect(await desk.outcomes()).to.deep.equal(['received']);
    expect(await desk.names()).to.have.members([
      `GO.${STEM}.1.part`,
      ...['FI', 'FS'].map((role) => `${role}.${stems[0]}.1.1`),
      `GO.${stems[0]}.1`,
    ]);
  });
});
