import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Access, Bearer } from '../access.ts';
import type { Scope } from '../oauth/access-token.ts';
import { fetchFile, list, type OutDeps, removeFile } from './out.ts';
import { OUT_PATH, SUBMISSIONS_PATH } from './paths.ts';
import { FETCH_SCHEMA, LIST_SCHEMA, REMOVE_SCHEMA, STATUS_SCHEMA, SUBMIT_SCHEMA } from './schemas.ts';
import { type StatusDeps, status } from './status.ts';
import { type SubmitDeps, submit } from './submit.ts';

export interface BatchDeps extends SubmitDeps, StatusDeps, OutDeps {
  readonly access: Access;
}

type Handler = (request: FastifyRequest, reply: FastifyReply, bearer: Bearer, deps: BatchDeps) => Promise<unknown>;

/** Submissions in, answers out: what a sender does in its folders by SFTP, over HTTPS. */
export function batchRoutes(app: FastifyInstance, deps: BatchDeps): void {
  /** The token is looked at before anything of the body is read. */
  function guarded(scope: Scope, handle: Handler, schema: object): RouteShorthandOptions & { handler: never } {
    const bearers = new WeakMap<FastifyRequest, Bearer>();
    return {
      schema,
      onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
        bearers.set(request, await deps.access.bearerOf(request, reply, scope));
      },
      handler: ((request: FastifyRequest, reply: FastifyReply) =>
        handle(request, reply, bearers.get(request)!, deps)) as never,
    };
  }

  app.post(SUBMISSIONS_PATH, guarded('bode:batch:send', submit, SUBMIT_SCHEMA));
  app.get(`${SUBMISSIONS_PATH}/:ticket`, guarded('bode:batch:fetch', status, STATUS_SCHEMA));
  app.get(OUT_PATH, guarded('bode:batch:fetch', list, LIST_SCHEMA));
  app.get(`${OUT_PATH}/:file`, guarded('bode:batch:fetch', fetchFile, FETCH_SCHEMA));
  app.delete(`${OUT_PATH}/:file`, guarded('bode:batch:fetch', removeFile, REMOVE_SCHEMA));
}
