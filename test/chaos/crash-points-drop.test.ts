import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { type CrashStep, createTrappedEngine, type TrappedEngine } from '../support/crash-point.ts';
import { aDeclaration } from '../support/declarations.ts';
import { makeDirectory, type TestDirectory } from '../support/drop.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';

interface Point {
  readonly name: string;
  readonly steps: readonly CrashStep[];
}

const statement = (at: CrashStep['at'], matching: string): CrashStep => ({ at, what: 'statement', matching });
const commit = (at: CrashStep['at'], matching: string): CrashStep => ({ at, what: 'commit', matching });

const POINTS: readonly Point[] = [
  { name: 'claimed, nothing stored', steps: [statement('before', 'insert into processed.*taken in')] },
  { name: 'the first file stored and not removed', steps: [commit('after', 'insert into processed.*taken in.*FI\\.')] },
  { name: 'the GO stored, no submission yet', steps: [commit('after', 'insert into processed.*taken in.*GO\\.')] },
  { name: 'the submission committed, its files not removed', steps: [commit('after', 'insert into submissions ')] },
  { name: 'an answer written aside, not noted', steps: [statement('before', 'update folder_files set copy')] },
  { name: 'an answer noted, not in its place', steps: [statement('after', 'update folder_files set copy')] },
];

describe('an engine that dies while it serves a drop folder', function () {
  this.timeout(120_000);
  let engine: PreparedEngine;
  let trapped: TrappedEngine;
  let client: TestClient;
  let directory: TestDirectory;
  let sequence = 0;

  before(async () => {
    engine = await prepareEngine({
      drop: { directories: { '123456': 'drop' }, look: '200ms', poll: '100ms' },
      senders: [{ channels: ['sftp', 'drop'] }],
    });
    directory = await makeDirectory(join(engine.dir, 'drop'));
    trapped = createTrappedEngine(engine);
    client = await openClient(engine);
  });
  after(async () => {
    await trapped.stop();
    await engine.remove();
  });

  async function put(): Promise<string> {
    sequence += 1;
    const stem = `DMFA.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.R`;
    const names = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`] as const;
    await client.write(names[0], aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
    await client.sign(names[0]);
    await client.write(names[2], '');
    for (const name of names) await directory.put('IN', name, await readFile(join(client.dir, name)));
    return stem;
  }

  for (const { name, steps } of POINTS) {
    it(`${name}: it goes on by itself, and everything is done once`, async () => {
      await trapped.start();
      await trapped.arm(...steps);
      const stem = await put();
      await trapped.died();
      await trapped.start();
      const stems = await eventually(async () => {
        const there = await directory.list('OUT');
        expect(there.map((file) => file.slice(0, 7)).sort()).to.deep.equal(
          ['FO', 'FS', 'GO'].flatMap((role) => [`${role}.ACRF`, `${role}.NOTI`]),
        );
        return there;
      }, 30_000);
      const receipt = stems.find((file) => file.startsWith('FO.ACRF')) ?? '';
      expect(await readFile(directory.in('OUT', receipt), 'utf8')).to.include(`GO.${stem}.1`);
      const tickets = await engine.db('submissions').where({ stem }).select('ticket', 'state', 'channel');
      expect(tickets.map(({ state, channel }) => ({ state, channel }))).to.deep.equal([
        { state: 'handled', channel: 'drop' },
      ]);
      const events = await engine.db('events').where({ ticket: tickets[0]?.ticket }).select('what');
      expect(events.map(({ what }) => what)).not.to.include('repeated');
      for (const file of stems) await rm(directory.in('OUT', file));
      await eventually(async () => {
        expect(await engine.db('folder_files').select('name')).to.deep.equal([]);
        expect(await directory.list('.bode/claims')).to.deep.equal([]);
        expect(await directory.list('.bode/out')).to.deep.equal([]);
      });
      expect(await directory.list('OUT')).to.deep.equal([]);
      expect(await directory.list('IN')).to.deep.equal([]);
    });
  }
});
