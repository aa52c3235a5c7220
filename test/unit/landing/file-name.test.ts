import { expect } from 'chai';
import {
  environmentOf,
  isMisnamedFor,
  outFolderOf,
  parsePart,
  parseTrigger,
  triggerRole,
} from '../../../engine/landing/file-name.ts';

const STEM = 'DMFA.006400.20020423.00001.R';

describe('file names', () => {
  it('splits a GO into its elements', () => {
    expect(parseTrigger(`GO.${STEM}.4`)).to.deep.equal({
      role: 'GO',
      text: `GO.${STEM}.4`,
      stem: STEM,
      goal: 'DMFA',
      sender: '006400',
      date: '20020423',
      sequence: '00001',
      environment: 'R',
      count: '4',
    });
  });

  it('knows the legacy form without count', () => {
    expect(parseTrigger('GO.WECH.123456.20030801.00001.R')).to.include({ goal: 'WECH', environment: 'R' });
    expect(parseTrigger('GO.WECH.123456.20030801.00001.R')).to.not.have.property('count');
  });

  it('finds no structure in a name with too few, too many or empty elements', () => {
    const broken = ['GO', 'GO.', 'GO.DMFA', `GO.${STEM}.1.1`, 'GO..006400.20020423.00001.R.1', `XX.${STEM}.1`];
    for (const name of broken) expect(parseTrigger(name), name).to.equal(undefined);
  });

  it('takes GO and TD as triggers, but not under a temporary name', () => {
    expect(triggerRole(`GO.${STEM}.1`)).to.equal('GO');
    expect(triggerRole(`TD.${STEM}.1`)).to.equal('TD');
    for (const name of [`GO.${STEM}.1.part`, `.GO.${STEM}.1`, `GO.${STEM}.1.filepart`, `FI.${STEM}.1.1`, 'GONE.txt']) {
      expect(triggerRole(name), name).to.equal(undefined);
    }
  });

  it('reads the parts of a stem, one digit each from 1', () => {
    expect(parsePart(`FI.${STEM}.4.1`, STEM, false)).to.deep.equal({ role: 'FI', count: 4, part: 1 });
    expect(parsePart(`FS.${STEM}.9.9`, STEM, false)).to.deep.equal({ role: 'FS', count: 9, part: 9 });
    for (const rest of ['', '.1', '.0.1', '.1.0', '.10.1', '.1.1.1', '.1.1 ', 'X.1.1']) {
      expect(parsePart(`FI.${STEM}${rest}`, STEM, false), rest).to.equal(undefined);
    }
  });

  it('reads the legacy part only where the goal allows it', () => {
    expect(parsePart(`FI.${STEM}`, STEM, true)).to.deep.equal({ role: 'FI', count: 1, part: 1 });
    expect(parsePart(`FI.${STEM}`, STEM, false)).to.equal(undefined);
  });

  it('knows a misnamed FI from one that belongs to another set', () => {
    expect(isMisnamedFor('FI.DMFA.006400.2002042.00001.R.1.1', STEM)).to.equal(true);
    expect(isMisnamedFor('FI.DMFA.006400.2002042.00002.R.1.1', STEM)).to.equal(false);
    expect(isMisnamedFor(`FI.${STEM}.1.1`, STEM)).to.equal(false);
    expect(isMisnamedFor('FI.DMFA.006400.2002042.00001.R.1.1.tmp', STEM)).to.equal(false);
  });

  it('ties folders to environments, both ways', () => {
    expect(environmentOf('INTEST-S')).to.equal('S');
    expect(outFolderOf('T')).to.equal('OUTTEST');
  });
});
