import { createHash, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../engine/core/clock.ts';
import type { Identity } from '../../../engine/outbound/sign.ts';
import { EBOX_SCOPES } from '../../../engine/registry/scopes.ts';
import type { Sender } from '../../../engine/registry/senders.ts';

/** What every sender's token may be used for. */
export const BATCH_SCOPES = ['bode:batch:send', 'bode:batch:fetch'] as const;

/** What a token may be used for. */
export const SCOPES = [...BATCH_SCOPES, ...EBOX_SCOPES] as const;
export type Scope = (typeof SCOPES)[number];

/** What tokens of this sender may be used for. */
export const scopesOf = ({ scopes = [] }: Sender): readonly Scope[] => [...BATCH_SCOPES, ...scopes];

/** What an access token says. */
export interface Grant {
  /** As the client calls itself. */
  readonly client: string;
  /** Six digits. */
  readonly sender: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the client certificate that the token is bound to, base64url (RFC 8705); absent: to none. */
  readonly certificate?: string;
}

/** A grant that was read from a token, with its times in seconds since 1970. */
export interface ReadGrant extends Grant {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export type TokenReading =
  | { readonly kind: 'good'; readonly grant: ReadGrant }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' };

/** Makes and reads access tokens. */
export interface AccessTokens {
  readonly lifeS: number;
  issue(grant: Grant): Promise<string>;
  read(token: string): Promise<TokenReading>;
}

export interface AccessTokensOptions {
  /** Whose key signs; the same in every process. */
  readonly identity: Identity;
  /** What clients call this server: issuer and audience of the tokens. */
  readonly url: () => string;
  readonly lifeMs: number;
  readonly clock: Clock;
}

const ALGORITHM = 'RS256';
const TYPE = 'at+jwt'; // RFC 9068: so that nothing else that this key may sign is taken for a token

const REMEMBERED = 5_000; // grants of tokens, of a few hundred bytes each

/**
 * Tokens are signed JWTs (RFC 9068): any process can read what another has issued. A signature is checked once, as that costs
 * more than the rest of a small request; that a token has not expired, each time.
 */
export function createAccessTokens({ identity, url, lifeMs, clock }: AccessTokensOptions): AccessTokens {
  const { privateKey, certificate } = identity;
  const kid = createHash('sha256').update(certificate.raw).digest('base64url').slice(0, 16);
  const lifeS = Math.floor(lifeMs / 1_000);
  const known = new LRUCache<string, ReadGrant>({ max: REMEMBERED }); // by the digest: a token itself is a secret

  async function issue({ client, sender, scopes, certificate: bound }: Grant): Promise<string> {
    const now = Math.floor(clock().getTime() / 1_000);
    const claims = { client_id: client, sender, scope: scopes.join(' '), ...(bound && { cnf: { 'x5t#S256': bound } }) };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .setIssuer(url())
      .setAudience(url())
      .setSubject(client)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeS)
      .setJti(randomUUID())
      .sign(privateKey);
  }

  async function read(token: string): Promise<TokenReading> {
    const digest = createHash('sha256').update(token).digest('base64');
    const grant = known.get(digest);
    if (grant) return grant.expiresAt > clock().getTime() / 1_000 ? { kind: 'good', grant } : { kind: 'expired' };
    const reading = await verify(token);
    if (reading.kind === 'good') known.set(digest, reading.grant);
    return reading;
  }

  async function verify(token: string): Promise<TokenReading> {
    try {
      const required = ['sub', 'sender', 'scope', 'iat', 'exp'];
      const { payload } = await jwtVerify(token, certificate.publicKey, {
        ...{ algorithms: [ALGORITHM], typ: TYPE, issuer: url(), audience: url(), requiredClaims: required },
        currentDate: clock(),
      });
      return { kind: 'good', grant: grantIn(payload) };
    } catch (error) {
      return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
    }
  }

  return { lifeS, issue, read };
}

function grantIn(claims: Readonly<Record<string, unknown>>): ReadGrant {
  const granted = String(claims['scope']).split(' ');
  const bound = (claims['cnf'] as { 'x5t#S256'?: string } | undefined)?.['x5t#S256'];
  return {
    client: String(claims['sub']),
    sender: String(claims['sender']),
    scopes: SCOPES.filter((scope) => granted.includes(scope)),
    issuedAt: Number(claims['iat']),
    expiresAt: Number(claims['exp']),
    ...(bound !== undefined && { certificate: bound }),
  };
}
