import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { SUBMISSIONS_PATH } from './batch/paths.ts';
import { BATCH_SCOPES, SCOPES, type Scope } from './oauth/access-token.ts';
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
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: INFO,
      components: { securitySchemes: { token: securityScheme() } },
      security: [{ token: [...BATCH_SCOPES] }],
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { paths = {} } = document.openapiObject;
      const post = paths[SUBMISSIONS_PATH]?.post;
      // not in the schema of the route: the body is streamed, and nothing validates it as a whole
      if (post) post.requestBody = { required: true, content: { 'multipart/form-data': { schema: PARTS } } };
      return document.openapiObject;
    },
  });
}

function securityScheme() {
  const scopes = Object.fromEntries(SCOPES.map((scope) => [scope, SCOPE_TEXTS[scope]]));
  return { type: 'oauth2', flows: { clientCredentials: { tokenUrl: TOKEN_PATH, scopes } } } as const;
}

const EBOX = 'scope:document:management:consult:ws-eboxrestentreprise';
const FEDERATION = 'scope:documentmanagement:ebox:enterprise:federation-rest';

const SCOPE_TEXTS: Readonly<Record<Scope, string>> = {
  'bode:batch:send': 'Send submissions',
  'bode:batch:fetch': 'Ask after submissions, list, fetch and remove answers',
  [`${EBOX}:publicationsender`]: 'Publish messages, link them, ask after their status',
  [`${EBOX}:eboxrepresentativepublication`]: 'Publish for organisations that have given a mandate',
  [`${EBOX}:summaryownebox`]: 'The summary of one’s own mailbox',
  [`${EBOX}:summaryallebox`]: 'The summary of any mailbox',
  [`${EBOX}:messagesfull`]: 'Read and change the messages of a mailbox, answer them',
  [`${EBOX}:referencedata`]: 'Message types, applications, organisations',
  [`${EBOX}:documentconsumer`]: 'The event feed',
  [`${FEDERATION}:registry`]: 'The providers of messages',
  [`${FEDERATION}:preference`]: 'Who wants no paper any more',
};
