import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Acting, type Caller, carryOut, lookAt } from '../../../engine/registry/caller.ts';
import type { Session } from '../../../engine/registry/sessions.ts';
import type { Db } from '../../../engine/store/database.ts';
import type { People } from '../people.ts';

export interface CallersDeps {
  readonly db: Db;
  readonly people: People;
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

/** Who asks, once a session is shown that is good now. */
export function createCallers({ db, people }: CallersDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<Asked> => {
    const { session, token, address, now } = await people.signedIn(request, reply);
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
