import { expect } from 'chai';
import { createRanges, parseCidr, plainAddress } from '../../../engine/core/cidr.ts';

const rangesOf = (...texts: string[]) => createRanges(texts.flatMap((text) => parseCidr(text) ?? []));

describe('ranges of addresses', () => {
  it('are read from text, and only from what is one', () => {
    expect(parseCidr('10.0.0.0/8')).to.deep.equal({ address: '10.0.0.0', prefix: 8, family: 'ipv4' });
    expect(parseCidr('2001:db8::1')).to.deep.equal({ address: '2001:db8::1', prefix: 128, family: 'ipv6' });
    for (const text of ['10.0.0.0/33', '10.0.0/8', '::/129', 'host', '10.0.0.0/', '10.0.0.0/8/8', '1.2.3.4/x']) {
      expect(parseCidr(text), text).to.equal(undefined);
    }
  });

  it('hold what lies between their ends, IPv4 over IPv6 too', () => {
    const holds = rangesOf('10.1.0.0/16', '2001:db8::/32', '192.0.2.7');
    const inside = ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', '2001:db8:1::1', '192.0.2.7'];
    const outside = ['10.2.0.0', '10.0.255.255', '2001:db9::1', '192.0.2.8', '::ffff:10.2.0.1', '', 'nonsense'];
    for (const address of inside) expect(holds(address), address).to.equal(true);
    for (const address of outside) expect(holds(address), address).to.equal(false);
    expect(plainAddress('::ffff:10.1.2.3')).to.equal('10.1.2.3');
  });
});
