import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { dropCheck } from '../../../app/drop.ts';
import { makeDirectory } from '../../support/drop.ts';

const SERVED = { enabled: true, mode: '640', look: 1_000, poll: 1_000, places: 1 };

describe('check of the drop folders', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bode-drop-'));
  after(() => rmSync(dir, { recursive: true }));

  it('tells which directory cannot be used and why, until it can', async () => {
    const directories = { '111111': join(dir, 'a'), '222222': join(dir, 'b') };
    for (const path of Object.values(directories)) await makeDirectory(path);
    const check = dropCheck({ ...SERVED, directories });
    expect(await check?.()).to.deep.equal({ name: 'drop folders', status: 'UP' });
    renameSync(join(dir, 'b', 'IN'), join(dir, 'b', 'away'));
    const failing = await check?.();
    expect(failing?.status).to.equal('DEGRADED');
    expect(failing?.reason)
      .to.include(join(dir, 'b'))
      .and.to.include('no directory IN')
      .and.to.not.include(join(dir, 'a'));
    renameSync(join(dir, 'b', 'away'), join(dir, 'b', 'IN'));
    expect(await check?.()).to.have.property('status', 'UP');
  });

  it('is not made when nothing is served', () => {
    expect(dropCheck({ ...SERVED, directories: {} })).to.equal(undefined);
    expect(dropCheck({ ...SERVED, enabled: false, directories: { '111111': dir } })).to.equal(undefined);
  });
});
