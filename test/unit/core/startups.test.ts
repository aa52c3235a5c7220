import { expect } from 'chai';
import { admitStartup, networkOf } from '../../../engine/core/startups.ts';

const limits = { startups: 6, startupsPerAddress: 3 };
const from = (...addresses: string[]) => addresses.map((address, at) => ({ address, at }));

describe('admitStartup', () => {
  it('takes a connection while there is room', () => {
    expect(admitStartup(from('192.0.2.1', '192.0.2.1'), '192.0.2.1', limits)).to.deep.equal({ kind: 'take' });
  });

  it('refuses one address more than its share, however written', () => {
    const waiting = from('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1');
    expect(admitStartup(waiting, '192.0.2.1', limits)).to.deep.equal({ kind: 'refuse' });
    expect(admitStartup(waiting, '192.0.2.2', limits)).to.deep.equal({ kind: 'take' });
  });

  it('counts the addresses of one IPv6 network together', () => {
    const waiting = from('2001:db8::1', '2001:db8:0:0:ff::2', '2001:db8::3:4');
    expect(admitStartup(waiting, '2001:db8::5', limits)).to.deep.equal({ kind: 'refuse' });
    expect(admitStartup(waiting, '2001:db8:0:1::5', limits)).to.deep.equal({ kind: 'take' });
  });

  it('drops the oldest of the address that has most when all places are taken', () => {
    const waiting = from('192.0.2.9', '192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2');
    expect(admitStartup(waiting, '192.0.2.3', limits)).to.deep.equal({ kind: 'replace', drop: waiting[1] });
  });

  it('refuses when all places are taken and nobody has more than the newcomer', () => {
    const waiting = from('1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4', '1.1.1.5', '1.1.1.6');
    expect(admitStartup(waiting, '1.1.1.1', limits)).to.deep.equal({ kind: 'refuse' });
  });
});

describe('networkOf', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ] as const) {
    it(`of ${address} is ${network}`, () => {
      expect(networkOf(address)).to.equal(network);
    });
  }
});
