import { expect } from 'chai';
import ssh2 from 'ssh2';
import { newKeyPair } from '../../../../channels/sftp/key-pair.ts';

describe('newKeyPair', () => {
  it('never gives a pair that cannot be read back, of which the library makes some', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const pair = newKeyPair('ed25519');
      expect(ssh2.utils.parseKey(pair.private), pair.public).to.not.be.instanceOf(Error);
      expect(ssh2.utils.parseKey(pair.public), pair.public).to.not.be.instanceOf(Error);
    }
  });

  it('tries again until the halves are readable and fit each other, and not for ever', () => {
    const [one, other] = [newKeyPair('ecdsa'), newKeyPair('ecdsa')];
    const damaged = { ...one, private: one.private.slice(0, 100) };
    const made = [damaged, { private: one.private, public: other.public }, other];
    expect(newKeyPair('ecdsa', () => made.shift() ?? damaged)).to.equal(other);
    expect(() => newKeyPair('ecdsa', () => damaged)).to.throw('no usable ecdsa key');
  });
});
