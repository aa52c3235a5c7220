import { expect } from 'chai';
import { handedAtOnce, leasedAtOnce } from '../../../engine/broker/places.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

describe('places', () => {
  const among = { alone: false, senderShare: 0.5 };

  it('give a sender without others its share of each queue', () => {
    const limits = leasedAtOnce(16, { ...among, crowded: false });
    expect(limits).to.deep.equal({ limit: 32, inAll: 32, perSender: 8, perSenderInAll: ENDLESS });
  });

  it('give a sender among others few, and in all queues together twice as many', () => {
    expect(leasedAtOnce(16, { ...among, crowded: true })).to.include({ perSender: 2, perSenderInAll: 4 });
    expect(leasedAtOnce(160, { ...among, crowded: true })).to.include({ perSender: 20, perSenderInAll: 40 });
  });

  it('leave a sender among others two, or its share where that is one', () => {
    expect(leasedAtOnce(8, { ...among, crowded: true })).to.include({ perSender: 2, perSenderInAll: 4 });
    expect(leasedAtOnce(2, { ...among, crowded: true })).to.include({ perSender: 1, perSenderInAll: 2 });
  });

  it('of a lone relay are leased ahead, and handed over as they come free', () => {
    const lone = { alone: true, senderShare: 0.25 };
    expect(leasedAtOnce(8, { ...lone, crowded: true })).to.include({ inAll: 32, perSender: 16 });
    expect(handedAtOnce(8, lone)).to.deep.equal({ inAll: 8, perSender: 2 });
    expect(handedAtOnce(8, { ...lone, senderShare: 0 })).to.deep.equal({ inAll: 8, perSender: 1 });
    expect(handedAtOnce(8, among)).to.deep.equal({ inAll: ENDLESS, perSender: ENDLESS });
  });
});
