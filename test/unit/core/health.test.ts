import { expect } from 'chai';
import { freshFor } from '../../../engine/core/fresh.ts';
import {
  type CheckResult,
  createCheck,
  type HealthStatus,
  healthOf,
  overallStatus,
} from '../../../engine/core/health.ts';
import { createGate } from '../../support/gate.ts';

describe('health', () => {
  const cases: readonly (readonly [readonly HealthStatus[], HealthStatus])[] = [
    [[], 'UP'],
    [['UP'], 'UP'],
    [['UP', 'UP'], 'UP'],
    [['UP', 'DEGRADED'], 'DEGRADED'],
    [['DEGRADED', 'UP', 'DEGRADED'], 'DEGRADED'],
    [['DOWN', 'UP'], 'DOWN'],
    [['DEGRADED', 'DOWN', 'UP'], 'DOWN'],
  ];
  for (const [statuses, overall] of cases) {
    it(`is ${overall} when its checks are ${statuses.join(', ') || 'none'}`, () => {
      const checks = statuses.map((status, at): CheckResult => ({ name: `check ${at}`, status }));
      expect(overallStatus(checks)).to.equal(overall);
    });
  }

  const check = (probe: () => Promise<string | undefined>, withinMs = 1_000) =>
    createCheck({ name: 'part', failing: 'DEGRADED', withinMs, probe });

  it('takes what a probe says as the reason', async () => {
    expect(await check(async () => undefined)()).to.deep.equal({ name: 'part', status: 'UP' });
    const notWell = { name: 'part', status: 'DEGRADED', reason: 'it is late' };
    expect(await check(async () => 'it is late')()).to.deep.equal(notWell);
    expect(await healthOf([check(async () => 'it is late')])).to.deep.equal({ status: 'DEGRADED', checks: [notWell] });
  });

  it('shows of an error its code alone, as its sentence may name a user or a host', async () => {
    const secret = Object.assign(new Error('password of bode@db.example refused'), { code: '28P01' });
    expect((await check(() => Promise.reject(secret))()).reason).to.equal('failed (28P01)');
    expect((await check(() => Promise.reject(new Error('secret')))()).reason).to.equal('failed');
  });

  it('does not wait for a probe that hangs, nor ask it twice', async () => {
    const gate = createGate<string | undefined>();
    let asked = 0;
    const hanging = check(() => {
      asked += 1;
      return gate.opened;
    }, 5);
    expect((await hanging()).reason).to.equal('no answer in time');
    expect((await hanging()).reason).to.equal('no answer in time');
    expect(asked).to.equal(1);
  });
});

describe('a fresh result', () => {
  it('is shared for a time, and made again after it', async () => {
    let now = 0;
    let runs = 0;
    const count = freshFor(
      100,
      async () => ++runs,
      () => now,
    );
    expect(await Promise.all([count(), count()])).to.deep.equal([1, 1]);
    now = 99;
    expect(await count()).to.equal(1);
    now = 100;
    expect(await count()).to.equal(2);
  });

  it('is asked for again after a failure', async () => {
    let runs = 0;
    const failing = freshFor(100, async () => {
      runs += 1;
      throw new Error(`run ${runs}`);
    });
    for (const run of ['run 1', 'run 2']) {
      const error = await failing().then(
        () => undefined,
        (caught: Error) => caught.message,
      );
      expect(error).to.equal(run);
    }
  });
});
