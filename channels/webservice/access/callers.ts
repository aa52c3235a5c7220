import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../engine/core/clock.ts';
import { type Acting, type Caller, carryOut, lookAt } from '../../../engine/registry/caller.ts';
import type { LoginDefence } from '../../../engine/registry/login-defence.ts';
import type { RefusalReason } from '../../../engine/registry/refusals.ts';
import { findSession, type Session } from '../../../engine/registry/sessions.ts';
import { ACCESS_CHANNEL } from '../../../engine/registry/sign-in.ts';
import type { Db } from '../../../engine/store/database.ts';
import type { Client } from '../listener.ts';
import { ProblemError } from '../problem.ts';
import type { MayAsk } from '../rate.ts';

export interface CallersDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly defence: LoginDefence;
  readonly clientOf: (request: FastifyRequest) => Client;
  /** Counts a request; false when the person has made too many. */
  readonly mayAsk: MayAsk;
}

/** A request of somebody who has signed in. */
export interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly session: Session;
  readonly token: string;
  /** Where the person has signed in: everything is about this organisation. */
  readonly enterpriseNumber: string;
  readonly now: Date;
  /** Carries an act out in one transaction; a refusal is audited. */
  act<T>(act: string, subject: string, work: (acting: Acting) => Promise<T>): Promise<T>;
  /** Looks at something; a refusal is audited. */
  look<T>(act: string, subject: string, work: (acting: Acting) => Promise<T>): Promise<T>;
}

/** Deny by default: nothing is done for who does not show the token of a session that is good now. */
export function createCallers({ db, clock, defence, clientOf, mayAsk }: CallersDeps) {
  function refuse(address: string, reason: RefusalReason): never {
    defence.note({ channel: ACCESS_CHANNEL, address }, reason);
    const kind = reason === 'no session' ? 'noAccessToken' : 'invalidAccessToken';
    const headers = { 'www-authenticate': 'Bearer realm="bode"' };
    throw new ProblemError(kind, 'Sign in, and send the token of the session: Authorization: Bearer …', { headers });
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<Asked> => {
    const { address, recognise } = clientOf(request);
    const [, token] = /^Bearer ([\w-]{1,128})$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return refuse(address, 'no session');
    const now = clock();
    const session = await findSession(db, token, now);
    if (!session) return refuse(address, 'session not valid');
    recognise();
    if (!(await mayAsk(`person ${session.person}`, request, reply))) throw tooMany();
    const { enterpriseNumber } = session;
    const caller = { kind: 'person', id: session.person, from: address } as const;
    const wanted = (act: string, subject: string) => ({ enterpriseNumber, act, subject });
    return {
      ...{ request, reply, caller, session, token, enterpriseNumber, now },
      act: (act, subject, work) => carryOut(db, { caller, now }, wanted(act, subject), work),
      look: (act, subject, work) => lookAt(db, { caller, now }, wanted(act, subject), work),
    };
  };
}

const tooMany = () => new ProblemError('tooManyRequests', 'Too many requests: wait, then go on more slowly');
