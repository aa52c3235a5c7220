import { join } from 'node:path';
import { expect } from 'chai';
import { lockFile } from '../../../engine/store/file-lock.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('lockFile', () => {
  it('is held by one at a time, and free again when that one lets go', async () => {
    const { dir, remove } = await temporaryDir();
    const path = join(dir, 'lock');
    const first = lockFile(path);
    expect(first).to.be.a('function');
    expect(lockFile(path)).to.equal(undefined);
    first?.();
    const second = lockFile(path);
    expect(second).to.be.a('function');
    second?.();
    await remove();
  });
});
