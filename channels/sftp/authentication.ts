import ssh2, { type AuthContext, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { parseSshKey } from '../../engine/registry/ssh-keys.ts';

/** Who has logged in. */
export interface Authenticated {
  /** Six digits. */
  readonly number: string;
}

/** Finds the sender whose login and registered key these are; undefined when there is none. Does the same work in both cases. */
export type Authenticate = (login: string, keyBlob: Buffer) => Promise<Authenticated | undefined>;

/** How one attempt ended. */
export type Attempt =
  | { readonly kind: 'accepted'; readonly sender: Authenticated }
  /** The key would do, but nothing is signed yet. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface AuthenticationOptions {
  readonly authenticate: Authenticate;
  /** Takes RSA signatures over SHA-1 (`ssh-rsa`) from old clients. */
  readonly allowSha1?: boolean;
}

const MAX_LOGIN = 255;
const MAX_KEY_BYTES = 2_048;

/**
 * Judges one attempt to log in: public key only. The key that signed must be the one that is registered, byte for byte
 * (against CVE-2024-45337). A signature is checked whether or not the sender is known, so that time tells nothing.
 */
export async function judge(
  attempt: AuthContext,
  { authenticate, allowSha1 }: AuthenticationOptions,
): Promise<Attempt> {
  if (attempt.method !== 'publickey') return { kind: 'refused', reason: `method ${attempt.method}` };
  const key = keyOf(attempt);
  if (!key) return { kind: 'refused', reason: 'unusable key' };
  if (key.type === 'ssh-rsa' && !attempt.hashAlgo && !allowSha1) return { kind: 'refused', reason: 'SHA-1 signature' };
  const genuine = attempt.signature === undefined || isSignedBy(key, attempt);
  const sender = await authenticate(attempt.username, attempt.key.data);
  if (!sender) return { kind: 'refused', reason: 'unknown login or key' };
  if (!genuine) return { kind: 'refused', reason: 'wrong signature' };
  return attempt.signature === undefined ? { kind: 'asked' } : { kind: 'accepted', sender };
}

function keyOf({ key, username }: PublicKeyAuthContext): ParsedKey | undefined {
  if (username.length > MAX_LOGIN || key.data.length > MAX_KEY_BYTES) return undefined;
  const line = `${key.algo} ${key.data.toString('base64')}`;
  try {
    parseSshKey(line);
  } catch {
    return undefined; // a key that nobody could have registered
  }
  const parsed = ssh2.utils.parseKey(line);
  return parsed instanceof Error ? undefined : parsed;
}

function isSignedBy(key: ParsedKey, { blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  if (!blob || !signature) return false;
  try {
    return key.verify(blob, signature, hashAlgo) === true;
  } catch {
    return false; // a signature that does not even parse
  }
}
