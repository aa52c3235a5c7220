import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../engine/core/clock.ts';
import type { Logger } from '../../../engine/core/logger.ts';
import type { SignIn } from '../../../engine/registry/sign-in.ts';
import type { MessageChoices } from '../../../engine/registry/structured-messages.ts';
import type { Client } from '../listener.ts';
import { type Asked, type CallersDeps, createCallers } from './callers.ts';
import { messageRoutes } from './message-routes.ts';
import type { Oidc } from './oidc.ts';
import { organisationRoutes } from './organisation-routes.ts';
import { ACCESS_PATH } from './paths.ts';
import { peopleRoutes } from './people-routes.ts';
import { type Described, describe, PROBLEM_SCHEMA } from './schemas.ts';
import { sessionRoutes } from './session-routes.ts';

export interface AccessDeps extends CallersDeps {
  readonly clock: Clock;
  readonly clientOf: (request: FastifyRequest) => Client;
  readonly signIn: SignIn;
  readonly oidc: Oidc;
  readonly log: Logger;
  /** What clients call this server. */
  readonly url: () => string;
  /** Codes of the qualities that an organisation may activate. */
  readonly qualities: readonly string[];
  /** What the steps of structured messages choose from. */
  readonly choices: Omit<MessageChoices, 'now'>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Adds a route that is for people who have signed in. */
export type AddRoute = (
  method: Method,
  path: string,
  described: Described,
  handle: (asked: Asked) => Promise<unknown>,
) => void;

const BODY_BYTES = 128 * 1024;

/** Who may do what, for the people of an organisation: sign-in, people, qualities, structured messages, audit. */
export async function accessRoutes(app: FastifyInstance, deps: AccessDeps): Promise<void> {
  const askedOf = createCallers(deps);

  await app.register(async (scope) => {
    scope.addSchema(PROBLEM_SCHEMA);
    const json = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_BYTES }, json);

    const add: AddRoute = (method, path, described, handle) => {
      const known = new WeakMap<FastifyRequest, Asked>();
      scope.route({
        ...{ method, url: ACCESS_PATH + path, schema: describe(described) },
        // before anything of the body is read
        onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
          known.set(request, await askedOf(request, reply));
        },
        handler: async (request: FastifyRequest, reply: FastifyReply) => {
          const answer = await handle(known.get(request)!);
          return reply.code(described.good[0]).send(answer);
        },
      });
    };
    sessionRoutes(scope, add, deps);
    organisationRoutes(add, deps);
    peopleRoutes(add);
    messageRoutes(add, deps);
  });
}
