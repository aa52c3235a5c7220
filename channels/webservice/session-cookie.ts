import type { FastifyRequest } from 'fastify';

const NAME = '__Host-bode-session';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';
const HELD = new RegExp(`(?:^|; *)${NAME}=([\\w-]{1,128})(?:;|$)`);

/** Has a browser keep the token of a session, out of reach of scripts and of other sites. */
export function sessionCookie(token: string, expiresAt: Date, now: Date): string {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1_000));
  return `${NAME}=${token}; ${ATTRIBUTES}; Max-Age=${seconds}`;
}

/** Has a browser forget it. */
export const NO_SESSION_COOKIE = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** The token that a browser sends by itself. */
export const cookieToken = ({ headers }: FastifyRequest): string | undefined => HELD.exec(headers.cookie ?? '')?.[1];

/**
 * Whether a request with a cookie may do what it asks: what changes something must come from a page of this server. A
 * browser says so in `Origin`, whatever a page of another site wants it to say.
 */
export function isOfOwnPage({ method, headers }: FastifyRequest, url: string): boolean {
  return method === 'GET' || method === 'HEAD' || headers.origin === url;
}
