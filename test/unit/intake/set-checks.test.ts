import { expect } from 'chai';
import { firstFaults, type SetFacts } from '../../../engine/intake/checks/check.ts';
import { SET_STAGES } from '../../../engine/intake/checks/set.ts';
import { parsePart, parseTrigger } from '../../../engine/landing/file-name.ts';
import type { Goal } from '../../../engine/registry/goals.ts';
import type { Sender } from '../../../engine/registry/senders.ts';
import { aGoal, aSender } from '../../support/builders.ts';

const STEM = 'DMFA.123456.20261122.00001.R';

interface Case {
  readonly count?: number;
  readonly size?: number;
  readonly goal?: Partial<Goal>;
  readonly sender?: Partial<Sender>;
  readonly environment?: 'R' | 'S';
}

function codesOf(
  names: readonly string[],
  { count = 1, size = 10, goal = {}, sender = {}, environment = 'R' }: Case = {},
) {
  const name = parseTrigger(`GO.${STEM}.${count}`);
  if (!name) throw new Error('the GO of this test is not well-formed');
  const facts: SetFacts = {
    arrival: { sender: '123456', channel: 'sftp', folder: 'IN', name: name.text },
    sender: aSender(sender),
    name,
    goal: aGoal(goal),
    today: '20261122',
    environment,
    count,
    files: names.map((text, id) => ({
      role: text.startsWith('FI') ? ('FI' as const) : ('FS' as const),
      file: { id: String(id), name: text, size, sha256: '0'.repeat(64), digests: {}, modifiedAt: new Date(0) },
      count: parsePart(text, STEM, false)?.count,
      part: parsePart(text, STEM, false)?.part,
    })),
  };
  return firstFaults(SET_STAGES, facts).map(({ code }) => code);
}

const fi = (rest: string) => `FI.${STEM}.${rest}`;
const fs = (rest: string) => `FS.${STEM}.${rest}`;

describe('checks on the set that a GO releases', () => {
  it('accepts a whole set, whatever the order of its parts', () => {
    expect(codesOf([fi('1.1'), fs('1.1')])).to.deep.equal([]);
    const nine = [3, 1, 9, 5, 7, 2, 8, 6, 4].flatMap((part) => [fs(`9.${part}`), fi(`9.${part}`)]);
    expect(codesOf(nine, { count: 9 })).to.deep.equal([]);
  });

  it('answers each lack with its own code', () => {
    expect(codesOf([])).to.deep.equal(['142', '122']);
    expect(codesOf([fs('1.1')])).to.deep.equal(['142']);
    expect(codesOf([fi('1.1')])).to.deep.equal(['122']);
    expect(codesOf([fi('2.1'), fs('2.1'), fs('2.2')], { count: 2 })).to.deep.equal(['120']);
    expect(codesOf([fi('1'), fs('1.1')])).to.deep.equal(['131']);
    expect(codesOf([fi('1.1'), fs('1')])).to.deep.equal(['132']);
    expect(codesOf([fi('2.1'), fs('1.1')])).to.deep.equal(['123']);
    expect(codesOf([fi('1.1'), fs('1.2')])).to.deep.equal(['124']);
    expect(codesOf([fi('1.1'), fs('1.1')], { size: 0 })).to.deep.equal(['134']);
  });

  it('wants signatures as the environment says', () => {
    expect(codesOf([fi('1.1')], { environment: 'S' })).to.deep.equal([]);
    expect(codesOf([fi('2.1'), fi('2.2'), fs('2.1')], { environment: 'S', count: 2 })).to.deep.equal(['122']);
    const goal: Partial<Goal> = { signature: { R: 'forbidden', T: 'required', S: 'optional' } };
    expect(codesOf([fi('1.1'), fs('1.1')], { goal })).to.deep.equal(['121']);
  });

  it('looks at rights after the set, and at sizes after rights', () => {
    const set = [fi('1.1'), fs('1.1')];
    expect(codesOf(set, { sender: { state: 'suspended' } })).to.deep.equal(['103']);
    expect(codesOf(set, { sender: { goals: ['DIMN'] } })).to.deep.equal(['154']);
    expect(codesOf(set, { goal: { channels: ['webservice'] } })).to.deep.equal(['168']);
    expect(codesOf(set, { goal: { maxFileBytes: 9 } })).to.deep.equal(['184']);
    expect(codesOf(set, { goal: { maxSetBytes: 19 } })).to.deep.equal(['509']);
    expect(codesOf(set, { goal: { maxSetBytes: 19 }, sender: { goals: [] } })).to.deep.equal(['154']);
  });
});
