import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../engine/core/clock.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import { findSession, type Session } from '../../engine/registry/sessions.ts';
import { ACCESS_CHANNEL } from '../../engine/registry/sign-in.ts';
import type { Db } from '../../engine/store/database.ts';
import type { Client } from './listener.ts';
import { ProblemError } from './problem.ts';
import type { MayAsk } from './rate.ts';
import { cookieToken, isOfOwnPage } from './session-cookie.ts';

export interface PeopleDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly defence: LoginDefence;
  readonly clientOf: (request: FastifyRequest) => Client;
  /** What browsers call this server. */
  readonly url: () => string;
  /** Counts a request; false when the person has made too many. */
  readonly mayAsk: MayAsk;
}

/** A person who has signed in. */
export interface SignedIn {
  readonly session: Session;
  readonly token: string;
  /** Where the request came from. */
  readonly address: string;
  readonly now: Date;
}

/** Lets people in. */
export interface People {
  /** By the token of a session that is good now. Rejects with the problem that the request is answered with. */
  signedIn(request: FastifyRequest, reply: FastifyReply): Promise<SignedIn>;
}

/** Deny by default: nothing is done for who does not show the token of a session that is good now. */
export function createPeople({ db, clock, defence, clientOf, url, mayAsk }: PeopleDeps): People {
  function refuse(address: string, reason: RefusalReason): never {
    defence.note({ channel: ACCESS_CHANNEL, address }, reason);
    const kind = reason === 'no session' ? 'noAccessToken' : 'invalidAccessToken';
    const headers = { 'www-authenticate': 'Bearer realm="bode"' };
    throw new ProblemError(kind, 'Sign in, and send the token of the session: Authorization: Bearer …', { headers });
  }

  async function signedIn(request: FastifyRequest, reply: FastifyReply): Promise<SignedIn> {
    const { address, recognise } = clientOf(request);
    const held = cookieToken(request);
    const token = bearerToken(request) ?? held;
    if (token === undefined) return refuse(address, 'no session');
    if (token === held && !isOfOwnPage(request, new URL(url()).origin))
      return refuse(address, 'session not of this page');
    const now = clock();
    const session = await findSession(db, token, now);
    if (!session) return refuse(address, 'session not valid');
    recognise();
    if (!(await mayAsk(`person ${session.person}`, request, reply))) throw tooMany();
    return { session, token, address, now };
  }

  return { signedIn };
}

const tooMany = () => new ProblemError('tooManyRequests', 'Too many requests: wait, then go on more slowly');

/** Access tokens of senders have dots in them, those of sessions have none. */
const bearerToken = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer ([\w-]{1,128})$/i.exec(headers.authorization ?? '')?.[1];

/** Whether a request shows the token of a session. */
export function showsSession(request: FastifyRequest): boolean {
  const { authorization } = request.headers;
  return bearerToken(request) !== undefined || (authorization === undefined && cookieToken(request) !== undefined);
}
