import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { ACCESS_PATH } from './access/paths.ts';
import { SUBMISSIONS_PATH } from './batch/paths.ts';
import { SCOPES } from './oauth/access-token.ts';
import { TOKEN_PATH } from './oauth/routes.ts';

/** Where the description of the interface is served. */
export const OPENAPI_PATH = '/REST/batch/v1/openapi.json';

const INFO = {
  title: 'Bode batch',
  version: '1',
  description:
    'Send submissions and fetch their answers. Times are UTC; errors are application/problem+json (RFC 9457); every answer has a BelGov-Trace-Id.',
};

const PARTS = {
  type: 'object',
  properties: {
    file: {
      type: 'array',
      items: { type: 'string', format: 'binary' },
      description: 'FI, FS and GO files, each with its file name',
    },
  },
} as const;

/** Lets the description of the interface be made from the routes that follow. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await describeAccess(app);
  await app.register(swagger, {
    transform: onlyWhere((url) => !url.startsWith(ACCESS_PATH)),
    openapi: {
      openapi: '3.0.3',
      info: INFO,
      components: { securitySchemes: { token: securityScheme() } },
      security: [{ token: [...SCOPES] }],
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { paths = {}, components } = document.openapiObject;
      delete components?.schemas?.['Problem']; // of the routes for people
      const post = paths[SUBMISSIONS_PATH]?.post;
      // not in the schema of the route: the body is streamed, and nothing validates it as a whole
      if (post) post.requestBody = { required: true, content: { 'multipart/form-data': { schema: PARTS } } };
      return document.openapiObject;
    },
  });
}

/** The routes for people are described apart, by `app.accessDescription()`. */
async function describeAccess(app: FastifyInstance): Promise<void> {
  const session = { type: 'http', scheme: 'bearer', description: 'The token of a session' } as const;
  await app.register(swagger, {
    decorator: 'accessDescription',
    refResolver: {
      buildLocalReference: (json, _base, _fragment, at) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${at}`,
    },
    transform: onlyWhere((url) => url.startsWith(ACCESS_PATH)),
    openapi: {
      ...{ openapi: '3.0.3', info: ACCESS_INFO, security: [{ session: [] }] },
      components: { securitySchemes: { session } },
    },
  });
}

const ACCESS_INFO = {
  title: 'Bode access',
  version: '1',
  description:
    'Who may do what in an organisation, for its people: sign-in, qualities, people, rights, structured messages, audit. Who may do what is one table (docs/access.md). What you may not know of is answered with 404, what you may see and not do with 403.',
};

function onlyWhere(isWanted: (url: string) => boolean) {
  return ({ schema, url }: { schema: FastifySchema; url: string }) => ({
    schema: isWanted(url) ? schema : ({ ...schema, hide: true } as FastifySchema),
    url,
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI description of the routes for people. */
    accessDescription(): object;
  }
}

function securityScheme() {
  const scopes = Object.fromEntries(SCOPES.map((scope) => [scope, SCOPE_TEXTS[scope]]));
  return { type: 'oauth2', flows: { clientCredentials: { tokenUrl: TOKEN_PATH, scopes } } } as const;
}

const SCOPE_TEXTS = {
  'bode:batch:send': 'Send submissions',
  'bode:batch:fetch': 'Ask after submissions, list, fetch and remove answers',
} as const;
