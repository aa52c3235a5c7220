import { expect } from 'chai';
import { createCrowd } from '../../../engine/broker/crowd.ts';

describe('crowd', () => {
  let now = 0;
  const clock = () => new Date(now);

  beforeEach(() => {
    now = Date.parse('2026-03-14T09:00:00Z');
  });

  it('is not there with nobody, nor with one sender', () => {
    const crowd = createCrowd(clock);
    expect(crowd.isThere()).to.equal(false);
    crowd.saw(['100001']);
    crowd.saw(['100001']);
    expect(crowd.isThere()).to.equal(false);
  });

  it('is there for a minute after the last but one was seen', () => {
    const crowd = createCrowd(clock);
    crowd.saw(['100001', '100002']);
    now += 59_000;
    crowd.saw(['100001']);
    expect(crowd.isThere()).to.equal(true);
    now += 2_000;
    expect(crowd.isThere()).to.equal(false);
  });
});
