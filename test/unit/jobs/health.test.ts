import { expect } from 'chai';
import { schedulerCheck } from '../../../engine/jobs/health.ts';
import { acquireLease, releaseLease } from '../../../engine/jobs/lease.ts';
import { SCHEDULER_LEASE } from '../../../engine/jobs/scheduler.ts';
import type { Db } from '../../../engine/store/database.ts';
import { openTestStore } from '../../support/database.ts';

const AT = new Date('2026-11-22T11:40:00Z');
const later = (seconds: number) => new Date(AT.getTime() + seconds * 1_000);

describe('the check of the scheduler', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ db, close } = await openTestStore());
  });
  afterEach(() => close());

  it('is DEGRADED when none has led for a minute since the process began', async () => {
    let now = AT;
    const check = schedulerCheck({ db, clock: () => now });
    now = later(60);
    expect((await check()).status).to.equal('UP');
    now = later(61);
    expect(await check()).to.deep.equal({
      name: 'scheduler',
      status: 'DEGRADED',
      reason: 'no scheduler has run for 61 s',
    });
  });

  it('is UP while one leads, and for a minute after its lease has ended or was given back', async () => {
    let now = AT;
    const check = schedulerCheck({ db, clock: () => now });
    await acquireLease(db, { name: SCHEDULER_LEASE, holder: 'a', now: later(100), until: later(115) });
    now = later(175);
    expect((await check()).status).to.equal('UP');
    now = later(176);
    expect((await check()).status).to.equal('DEGRADED');
    await releaseLease(db, SCHEDULER_LEASE, 'a', later(176));
    expect((await check()).status).to.equal('UP');
  });
});
