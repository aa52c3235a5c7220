import { timingSafeEqual } from 'node:crypto';
import ssh2, { type AuthContext, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import { parseSshKey } from '../../engine/registry/ssh-keys.ts';

/** Who has logged in. */
export interface Authenticated {
  /** Six digits. */
  readonly number: string;
  /** The registered line of the key (`ssh-ed25519 AAAA…`): signatures are verified with this one and no other. */
  readonly publicKey: string;
}

/** Finds the sender whose login and registered key these are; undefined when there is none. Does the same work in both cases. */
export type Authenticate = (login: string, keyBlob: Buffer) => Promise<Authenticated | undefined>;

/** What a client came in with, to be looked up again later. */
export interface Credentials {
  readonly login: string;
  readonly keyBlob: Buffer;
}

/** How one attempt ended. */
export type Attempt =
  | { readonly kind: 'accepted'; readonly sender: Authenticated; readonly credentials: Credentials }
  /** The key would do, but nothing is signed yet. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

export interface AuthenticationOptions {
  readonly authenticate: Authenticate;
  /** Takes RSA signatures over SHA-1 (`ssh-rsa`) from old clients. */
  readonly allowSha1?: boolean;
}

const MAX_LOGIN = 255;
const MAX_KEY_BYTES = 2_048;

// as the library hands them on: rsa-sha2-256 and -512 come as ssh-rsa with the name of a hash
const KEY_TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

/**
 * Judges one attempt to log in: public key only. The key that is registered verifies the signature, and must be the one
 * that the client named, byte for byte (against CVE-2024-45337): nothing a client sends is ever trusted as a key.
 * A signature is checked whether or not the sender is known, so that time tells nothing.
 */
export async function judge(
  attempt: AuthContext,
  { authenticate, allowSha1 }: AuthenticationOptions,
): Promise<Attempt> {
  if (attempt.method !== 'publickey') return { kind: 'refused', reason: 'login method not offered' };
  const offered = offeredKey(attempt);
  if (!offered) return { kind: 'refused', reason: 'unusable key' };
  if (offered.type === 'ssh-rsa' && !attempt.hashAlgo && !allowSha1) {
    return { kind: 'refused', reason: 'SHA-1 signature' };
  }
  const credentials = { login: attempt.username, keyBlob: attempt.key.data };
  const sender = await authenticate(credentials.login, credentials.keyBlob);
  const registered = sender && keyWithBlob(sender.publicKey, credentials.keyBlob);
  const genuine = attempt.signature === undefined || isSignedBy(registered ?? offered, attempt);
  if (!sender || !registered) return { kind: 'refused', reason: 'unknown login or key' };
  if (!genuine) return { kind: 'refused', reason: 'wrong signature' };
  return attempt.signature === undefined ? { kind: 'asked' } : { kind: 'accepted', sender, credentials };
}

function offeredKey({ key, username }: PublicKeyAuthContext): ParsedKey | undefined {
  if (username.length > MAX_LOGIN || key.data.length > MAX_KEY_BYTES) return undefined;
  const type = KEY_TYPES.find((known) => known === key.algo);
  return type === undefined ? undefined : keyWithBlob(`${type} ${key.data.toString('base64')}`, key.data);
}

/** The key of a line, when it is of a kind that can be registered and its own bytes are these. */
function keyWithBlob(line: string, blob: Buffer): ParsedKey | undefined {
  try {
    const { type } = parseSshKey(line);
    const parsed = ssh2.utils.parseKey(line);
    if (parsed instanceof Error || parsed.type !== type) return undefined;
    const own = parsed.getPublicSSH();
    return own.length === blob.length && timingSafeEqual(own, blob) ? parsed : undefined;
  } catch {
    return undefined; // a key that nobody could have registered
  }
}

function isSignedBy(key: ParsedKey, { blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  if (!blob || !signature) return false;
  try {
    return key.verify(blob, signature, hashAlgo) === true;
  } catch {
    return false; // a signature that does not even parse
  }
}
