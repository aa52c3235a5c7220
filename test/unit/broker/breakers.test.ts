import { expect } from 'chai';
import { afterFailure, type Breaker, type BreakerPolicy } from '../../../engine/broker/breakers.ts';

const POLICY: BreakerPolicy = { failures: 3, firstPauseMs: 30_000, maxPauseMs: 100_000 };
const NOW = new Date('2026-03-14T09:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const CLOSED: Breaker = { failures: 0, state: 'closed', trips: 0, until: null };

const fail = (before: Breaker, at = NOW, shared = false) => afterFailure(before, at, POLICY, shared);

describe('breaker', () => {
  it('counts failures in a row and opens at the last that is borne', () => {
    const second = fail(fail(CLOSED));
    expect(second).to.deep.equal({ failures: 2, state: 'closed', trips: 0, until: null });
    expect(fail(second)).to.deep.equal({ failures: 3, state: 'open', trips: 1, until: inMs(30_000) });
  });

  it('pauses twice as long after each trial that fails, up to the longest', () => {
    let breaker: Breaker = { failures: 2, state: 'closed', trips: 0, until: null };
    const pauses: number[] = [];
    for (let now = NOW; pauses.length < 4; now = breaker.until ?? now) {
      breaker = fail(breaker, now);
      pauses.push((breaker.until?.getTime() ?? 0) - now.getTime());
    }
    expect(pauses).to.deep.equal([30_000, 60_000, 100_000, 100_000]);
  });

  it('does not pause longer for work that was in hand before the pause', () => {
    const open = { failures: 3, state: 'open', trips: 1, until: inMs(30_000) } as const;
    expect(fail(open, inMs(29_999))).to.deep.equal({ ...open, failures: 4 });
  });

  it('does not open while the cause is shared with others, and does at the next failure that is not', () => {
    const before = { failures: 2, state: 'closed', trips: 0, until: null } as const;
    const shared = fail(before, NOW, true);
    expect(shared).to.deep.equal({ ...before, failures: 3 });
    expect(fail(shared).state).to.equal('open');
  });

  it('counts from the start when work has succeeded meanwhile', () => {
    expect(fail({ failures: 0, state: 'resumed', trips: 0, until: null }).failures).to.equal(1);
  });
});
