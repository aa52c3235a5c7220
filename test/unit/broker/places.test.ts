import { expect } from 'chai';
import { handedAtOnce, leasedAtOnce, type Sharing } from '../../../engine/broker/places.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

describe('places', () => {
  const among = { alone: false, senderShare: 0.5 };
  const leasedOf = (places: number, sharing: Sharing) =>
    leasedAtOnce(new Map([['submissions', places]]), sharing).get('submissions');

  it('give a sender without others its share of each queue', () => {
    const limits = leasedOf(16, { ...among, crowded: false });
    expect(limits).to.deep.equal({ limit: 32, inAll: 32, perSender: 8, perSenderInAll: ENDLESS });
  });

  it('give a sender among others few, and in all queues together half as many again', () => {
    expect(leasedOf(16, { ...among, crowded: true })).to.include({ perSender: 2, perSenderInAll: 3 });
    expect(leasedOf(160, { ...among, crowded: true })).to.include({ perSender: 20, perSenderInAll: 30 });
  });

  it('leave a sender among others two, or its share where that is one', () => {
    expect(leasedOf(8, { ...among, crowded: true })).to.include({ perSender: 2, perSenderInAll: 3 });
    expect(leasedOf(2, { ...among, crowded: true })).to.include({ perSender: 1, perSenderInAll: 2 });
  });

  it('of all queues together are those of the largest', () => {
    const places = new Map([
      ['records', 16],
      ['forms', 32],
    ] as const);
    const limits = leasedAtOnce(places, { ...among, crowded: true });
    expect(limits.get('records')).to.include({ perSender: 2, perSenderInAll: 6 });
    expect(limits.get('forms')).to.include({ perSender: 4, perSenderInAll: 6 });
  });

  it('of a lone relay are leased ahead, and handed over as they come free', () => {
    const lone = { alone: true, senderShare: 0.25 };
    expect(leasedOf(8, { ...lone, crowded: true })).to.include({ inAll: 32, perSender: 16 });
    expect(handedAtOnce(8, lone)).to.deep.equal({ inAll: 8, perSender: 2 });
    expect(handedAtOnce(8, { ...lone, senderShare: 0 })).to.deep.equal({ inAll: 8, perSender: 1 });
    expect(handedAtOnce(8, among)).to.deep.equal({ inAll: ENDLESS, perSender: ENDLESS });
  });
});
