import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EboxScope } from '../../../engine/registry/scopes.ts';
import { callerOf, type EboxCaller, type Entrance } from './caller.ts';
import { ON_BEHALF, params, statusResponses } from './schemas.ts';

/** What is done for a caller that may. */
export type Handle = (request: FastifyRequest, reply: FastifyReply, caller: EboxCaller) => unknown;

/** One operation of an interface. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the base of the interface; parameters as `:name`. */
  readonly path: string;
  /** What it asks of a token: one of these. */
  readonly needs: readonly EboxScope[];
  readonly tag: string;
  readonly summary: string;
  /** Of the answer when all is well. */
  readonly answer: object;
  /** Status of that answer; 200 when absent. */
  readonly status?: number;
  /** Statuses of errors that only some operations have. */
  readonly errors?: readonly number[];
  readonly query?: object;
  readonly headers?: object;
  /** Schema of the body, for the description only: bodies are checked by whoever reads them. */
  readonly body?: object;
  /** What the body is sent as; JSON when absent. */
  readonly consumes?: string;
  readonly handle: Handle;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For the description: the body that a route takes, and the scopes it asks for. */
    describedBody?: object;
    needs?: readonly string[];
  }
}

/** Adds operations to the application; each looks at the token before anything of the body is read. */
export function addRoutes(app: FastifyInstance, entrance: Entrance, base: string, routes: readonly Route[]): void {
  const callers = new WeakMap<FastifyRequest, EboxCaller>();
  for (const { method, path, needs, body, handle, ...about } of routes) {
    app.route({
      method,
      url: base + path,
      schema: schemaOf(path, about),
      config: { needs, ...(body && { describedBody: body }) },
      onRequest: async (request, reply) => {
        callers.set(request, await callerOf(request, reply, entrance, needs));
      },
      handler: async (request, reply) => handle(request, reply, callers.get(request)!),
    });
  }
}

function schemaOf(path: string, about: Omit<Route, 'method' | 'path' | 'needs' | 'body' | 'handle'>): object {
  const { tag, summary, answer, status = 200, errors = [], query, headers = ON_BEHALF, consumes } = about;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return {
    ...{ tags: [tag], summary, headers, response: { ...statusResponses(...errors), [status]: answer } },
    ...(names.length > 0 && { params: params(...names) }),
    ...(query && { querystring: query }),
    ...(consumes !== undefined && { consumes: [consumes] }),
  };
}
