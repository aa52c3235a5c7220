import { expect } from 'chai';
import { EngineError } from '../../../engine/core/errors.ts';
import { createFreeBytes } from '../../../engine/store/free-space.ts';
import { diskCheck, storeCheck } from '../../../engine/store/health.ts';
import { isNoSpace, noSpace, refusingWhenFull } from '../../../engine/store/no-space.ts';
import { openTestStore } from '../../support/database.ts';

const missing = () => Object.assign(new Error('not there'), { code: 'ENOENT' });

describe('free space', () => {
  it('is what an ordinary user may write, and is asked for once a second at most', async () => {
    let asked = 0;
    let now = 0;
    const statFs = async () => ({ bavail: ++asked, bsize: 4096 });
    const freeBytes = createFreeBytes({ dir: '/data', statFs, nowMs: () => now });
    expect([await freeBytes(), await freeBytes()]).to.deep.equal([4096, 4096]);
    now = 1_000;
    expect(await freeBytes()).to.equal(8192);
  });

  it('is that of the nearest directory there is', async () => {
    const seen: string[] = [];
    const statFs = async (dir: string) => {
      seen.push(dir);
      if (dir !== '/') throw missing();
      return { bavail: 1, bsize: 1 };
    };
    expect(await createFreeBytes({ dir: '/data/blobs', statFs })()).to.equal(1);
    expect(seen).to.deep.equal(['/data/blobs', '/data', '/']);
  });

  it('makes the health DEGRADED under the threshold, and names both', async () => {
    const at = (free: number) => diskCheck(async () => free, 100)();
    expect((await at(100)).status).to.equal('UP');
    expect(await at(99)).to.deep.equal({
      name: 'disk',
      status: 'DEGRADED',
      reason: '99 bytes are free, under 100: uploads are refused',
    });
  });
});

describe('the check of the store', () => {
  it('is UP while it answers and DOWN after', async () => {
    const { db, close } = await openTestStore();
    const check = storeCheck(db);
    expect((await check()).status).to.equal('UP');
    await close();
    expect((await check()).status).to.equal('DOWN');
  });
});

describe('no space', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', '53100']) {
    it(`is what ${code} means, and becomes a refusal`, async () => {
      const cause = Object.assign(new Error('full: /some/path'), { code });
      const error = await refusingWhenFull(() => Promise.reject(cause))().catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(EngineError).with.property('code', 'limit_exceeded');
      expect((error as Error).message).to.equal('the server has too little free space; try again later');
      expect([isNoSpace(cause), isNoSpace(error)]).to.deep.equal([true, true]);
    });
  }

  it('is not any other error', async () => {
    const other = new EngineError('limit_exceeded', 'a file may have 5 bytes at most');
    expect(isNoSpace(other)).to.equal(false);
    expect(isNoSpace(missing())).to.equal(false);
    expect(await refusingWhenFull(() => Promise.reject(other))().catch((caught: unknown) => caught)).to.equal(other);
    expect(isNoSpace(noSpace())).to.equal(true);
  });
});
