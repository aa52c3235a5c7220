import { expect } from 'chai';
import { publicOr } from '../../../engine/core/private-addresses.ts';

describe('publicOr', () => {
  const mayConnect = publicOr([]);

  it('refuses what is private, local, reserved or for many, also in the clothes of IPv6', () => {
    for (const address of [
      ...['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254'],
      ...['0.0.0.0', '100.64.0.1', '192.0.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
      ...[
        '::',
        '::1',
        '::ffff:10.0.0.1',
        '::ffff:a00:1',
        '::ffff:8.8.8.8',
        '64:ff9b::a00:1',
        '2002:a00:1::',
        'fe80::1',
      ],
      ...['fe80::1%eth0', 'febf::1', 'fec0::1', 'fc00::1', 'fdff::1', 'ff02::1', '2001:db8::1', '::10.0.0.1'],
      ...['', 'localhost', '10.1', '0x7f000001'],
    ])
      expect(mayConnect(address), address).to.equal(false);
  });

  it('lets what is public through', () => {
    for (const address of ['8.8.8.8', '172.32.0.1', '11.0.0.1', '100.128.0.1', '2606:4700::1111', '2a02:a03f::1'])
      expect(mayConnect(address), address).to.equal(true);
  });

  it('lets ranges through that are allowed, and no other', () => {
    const some = publicOr(['10.20.0.0/16', '::1']);
    expect(['10.20.3.4', '::1', '8.8.8.8'].map(some)).to.deep.equal([true, true, true]);
    expect(['10.21.0.1', '127.0.0.1'].map(some)).to.deep.equal([false, false]);
  });
});
