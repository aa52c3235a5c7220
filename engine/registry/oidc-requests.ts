import { hash } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { addRow, change, rowsOf } from '../store/sql.ts';

/** A sign-in that was begun at a provider and is to come back. */
export interface OidcRequest {
  /** What the provider gives back. */
  readonly state: string;
  /** What only the browser that began knows. */
  readonly browser: string;
  /** Name of the provider in the configuration. */
  readonly provider: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  /** Where the person wants to go in; absent: the only organisation there is. */
  readonly enterpriseNumber?: string;
}

const LIFE_MS = 10 * 60_000;

/** Notes a sign-in that has begun, for ten minutes, for every process. */
export async function addOidcRequest(db: Db, request: OidcRequest, now: Date): Promise<void> {
  const { state, browser, provider, nonce, verifier, enterpriseNumber } = request;
  const marks = { state: hash('sha256', state, 'hex'), browser: hash('sha256', browser, 'hex') };
  const expires_at = new Date(now.getTime() + LIFE_MS).toISOString();
  const whose = { enterprise_number: enterpriseNumber ?? null };
  await addRow(db, 'oidc_requests', { ...marks, provider, nonce, verifier, ...whose, expires_at });
}

/** Takes the sign-in that a browser has begun and that comes back now: each once, in whatever process. */
export async function takeOidcRequest(db: Db, { state, browser }: Pick<OidcRequest, 'state' | 'browser'>, now: Date) {
  const sql = `delete from oidc_requests where state = ? and browser = ? and expires_at > ?
    returning provider, nonce, verifier, enterprise_number`;
  const marks = [hash('sha256', state, 'hex'), hash('sha256', browser, 'hex')];
  const [row] = await rowsOf<Record<string, string | null>>(db, sql, [...marks, now.toISOString()]);
  if (!row) return undefined;
  const { provider, nonce, verifier, enterprise_number: enterpriseNumber } = row;
  const found: OidcRequest = {
    ...{ state, browser, provider: provider ?? '', nonce: nonce ?? '', verifier: verifier ?? '' },
    ...(enterpriseNumber && { enterpriseNumber }),
  };
  return found;
}

/** Forgets sign-ins that never came back; gives how many. */
export async function forgetOidcRequests(db: Db, now: Date): Promise<number> {
  return change(db, 'delete from oidc_requests where expires_at <= ?', [now.toISOString()]);
}
