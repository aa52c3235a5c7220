import ssh2 from 'ssh2';

export interface KeyPair {
  /** OpenSSH's format. */
  readonly private: string;
  /** One line of authorized_keys. */
  readonly public: string;
}

const MAKERS = {
  ed25519: () => ssh2.utils.generateKeyPairSync('ed25519'),
  ecdsa: () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }),
  rsa: () => ssh2.utils.generateKeyPairSync('rsa', { bits: 3072 }),
} as const;

export type KeyType = keyof typeof MAKERS;

const TRIES = 50;

/**
 * A new key pair that can be read back and whose halves fit each other. ssh2 drops a leading zero of Ed25519 keys, so
 * about one in 270 that it makes is malformed: such a host key would keep the engine from ever starting again.
 */
export function newKeyPair(type: KeyType, make: () => KeyPair = MAKERS[type]): KeyPair {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const pair = make();
    if (isUsable(pair)) return pair;
  }
  throw new Error(`no usable ${type} key in ${TRIES} tries`);
}

function isUsable(pair: KeyPair): boolean {
  const secret = ssh2.utils.parseKey(pair.private);
  const known = ssh2.utils.parseKey(pair.public);
  if (secret instanceof Error || known instanceof Error) return false;
  const probe = Buffer.from('probe');
  return known.verify(probe, secret.sign(probe)) === true;
}
