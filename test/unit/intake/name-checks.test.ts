import { expect } from 'chai';
import { firstFaults, type NameFacts } from '../../../engine/intake/checks/check.ts';
import { NAME_STAGES } from '../../../engine/intake/checks/name.ts';
import { parseTrigger } from '../../../engine/landing/file-name.ts';
import type { FolderName } from '../../../engine/landing/folders.ts';
import { aGoal, aSender } from '../../support/builders.ts';

function codesOf(name: string, folder: FolderName = 'IN', goal: Partial<Parameters<typeof aGoal>[0]> = {}): string[] {
  const trigger = parseTrigger(name);
  if (!trigger) return ['107'];
  const facts: NameFacts = {
    arrival: { sender: '123456', channel: 'sftp', folder, name },
    sender: aSender(),
    name: trigger,
    goal: trigger.goal === 'DMFA' ? aGoal({ maxParts: 4, ...goal }) : undefined,
    today: '20261122',
  };
  return firstFaults(NAME_STAGES, facts).map(({ code }) => code);
}

describe('checks on the name of a GO', () => {
  const table: readonly (readonly [name: string, codes: readonly string[]])[] = [
    ['GO.DMFA.123456.20261122.00001.R.1', []],
    ['GO.DMFA.123456.20261122.24AZG.R.4', []],
    ['GO.DMFA.123456.20261122.00001.R', ['107']],
    ['GO.DMFA.123456.20261122.00001', ['107']],
    ['GO.DMFA.123456.20261122.00001.R.1.1', ['107']],
    ['GO.DMFA.123456.20261122.00001.X.1', ['117']],
    ['GO.DMFA.654321.20261122.00001.R.1', ['108']],
    ['GO.DMFA.12345.20261122.00001.R.1', ['108']],
    ['GO.DMFA.123456.2026112.00001.R.1', ['109']],
    ['GO.DMFA.123456.20261131.00001.R.1', ['110']],
    ['GO.DMFA.123456.20261123.00001.R.1', ['111']],
    ['GO.DMFA.123456.20200101.00001.R.1', ['126']],
    ['GO.DMFA.123456.20261122.0001.R.1', ['112']],
    ['GO.DMFA.123456.20261122.0000a.R.1', ['367']],
    ['GO.DMFA.123456.20261122.00000.R.1', ['127']],
    ['GO.DMFA.123456.20261122.00001.R.11', ['114']],
    ['GO.DMFA.123456.20261122.00001.R.A', ['115']],
    ['GO.DMFA.123456.20261122.00001.R.0', ['116']],
    ['GO.DMFA.123456.20261122.00001.R.5', ['128']],
    ['GO.XXXX.123456.20261122.00001.R.1', ['129']],
  ];
  for (const [name, codes] of table) {
    it(`${name} → ${codes.join(' ') || 'good'}`, () => expect(codesOf(name)).to.deep.equal(codes));
  }

  it('wants digits only where the goal says so', () => {
    expect(codesOf('GO.DMFA.123456.20261122.24AZG.R.1', 'IN', { sequence: 'numeric' })).to.deep.equal(['113']);
  });

  it('finds each environment outside its folder', () => {
    expect(codesOf('GO.DMFA.123456.20261122.00001.R.1', 'INTEST')).to.deep.equal(['118']);
    expect(codesOf('GO.DMFA.123456.20261122.00001.T.1', 'IN')).to.deep.equal(['119']);
    expect(codesOf('GO.DMFA.123456.20261122.00001.S.1', 'IN')).to.deep.equal(['257']);
    expect(codesOf('GO.DMFA.123456.20261122.00001.S.1', 'INTEST-S')).to.deep.equal([]);
  });

  it('collects all faults of a stage, and stops after it', () => {
    expect(codesOf('GO.DMFA.654321.2026.1.X.0')).to.deep.equal(['117', '108']);
    expect(codesOf('GO.DMFA.123456.2026.1.R.0')).to.deep.equal(['109', '112', '116']);
  });
});
