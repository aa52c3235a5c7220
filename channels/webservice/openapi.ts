import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { ACCESS_PATH } from './access/paths.ts';
import { SUBMISSIONS_PATH } from './batch/paths.ts';
import { EVENTS_BASE, FEDERATION, REGISTRY_V2, REGISTRY_V3, WEBHOOKS_PATH } from './ebox/paths.ts';
import { WEBHOOK_CALLBACKS } from './ebox/schemas-webhooks.ts';
import { BATCH_SCOPES, SCOPES, type Scope } from './oauth/access-token.ts';
import { TOKEN_PATH } from './oauth/routes.ts';

/** Where the description of an interface is served. */
export const openapiPath = ({ bases: [base] }: Described): string => `${base}/openapi.json`;

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

/** An interface that has a description of its own. */
export interface Described {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** What its paths begin with. */
  readonly bases: readonly string[];
  /** Name of the reviewed file in schemas/openapi. */
  readonly file: string;
}

const EBOX_TEXT = 'Times are UTC; errors are StatusMessages; every answer has a BelGov-Trace-Id.';

/** Every interface of the web service. */
export const INTERFACES: readonly Described[] = [
  { ...INFO, bases: ['/REST/batch/v1', '/REST/oauth'], file: 'batch-v1' },
  { title: 'Bode Message Registry', version: '2.1', description: EBOX_TEXT, bases: [REGISTRY_V2], file: 'ebox-v2' },
  {
    ...{ title: 'Bode Message Registry', version: '3', bases: [REGISTRY_V3], file: 'ebox-v3' },
    description: 'Times are UTC; errors are application/problem+json (RFC 9457).',
  },
  { title: 'Bode e-Box federation', version: '1.3', description: EBOX_TEXT, bases: [FEDERATION], file: 'federation' },
  { title: 'Bode e-Box events', version: '1.1.1', description: EBOX_TEXT, bases: [EVENTS_BASE], file: 'events' },
];

/** Lets the descriptions of the interfaces be made from the routes that follow. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await describeAccess(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: INFO,
      components: { securitySchemes: { token: securityScheme() } },
      security: [{ token: [...BATCH_SCOPES] }],
    },
    transform: ({ schema, url, route }) => {
      // not in the schema of the route: such a body is checked by whoever reads it
      const { describedBody: body, needs } = route.config ?? {};
      const security = needs && { security: [{ token: [...needs] }] };
      const hide = url.startsWith(ACCESS_PATH); // for people: described apart
      return { schema: { ...schema, ...(body && { body }), ...security, ...(hide && { hide }) }, url };
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { paths = {}, components } = document.openapiObject;
      delete components?.schemas?.['Problem']; // of the routes for people
      const post = paths[SUBMISSIONS_PATH]?.post;
      // not in the schema of the route: the body is streamed, and nothing validates it as a whole
      if (post) post.requestBody = { required: true, content: { 'multipart/form-data': { schema: PARTS } } };
      const webhook = paths[`${REGISTRY_V3}${WEBHOOKS_PATH}`]?.post;
      if (webhook) webhook.callbacks = WEBHOOK_CALLBACKS as never;
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

/** The description of one interface, of the routes that the application has. The application must be ready. */
export function documentFor(app: FastifyInstance, { title, version, description, bases }: Described): object {
  const document = app.swagger();
  const paths = Object.entries(document.paths ?? {}).filter(([path]) => bases.some((base) => path.startsWith(base)));
  return { ...document, info: { title, version, description }, paths: Object.fromEntries(paths) };
}

function securityScheme() {
  const scopes = Object.fromEntries(SCOPES.map((scope) => [scope, SCOPE_TEXTS[scope]]));
  return { type: 'oauth2', flows: { clientCredentials: { tokenUrl: TOKEN_PATH, scopes } } } as const;
}

const DOCUMENTS = 'scope:document:management:consult:ws-eboxrestentreprise';
const FEDERATED = 'scope:documentmanagement:ebox:enterprise:federation-rest';

const SCOPE_TEXTS: Readonly<Record<Scope, string>> = {
  'bode:batch:send': 'Send submissions',
  'bode:batch:fetch': 'Ask after submissions, list, fetch and remove answers',
  [`${DOCUMENTS}:publicationsender`]: 'Publish messages, link them, ask after their status',
  [`${DOCUMENTS}:eboxrepresentativepublication`]: 'Publish for organisations that have given a mandate',
  [`${DOCUMENTS}:summaryownebox`]: 'The summary of one’s own mailbox',
  [`${DOCUMENTS}:summaryallebox`]: 'The summary of any mailbox',
  [`${DOCUMENTS}:messagesfull`]: 'Read and change the messages of a mailbox, answer them',
  [`${DOCUMENTS}:referencedata`]: 'Message types, applications, organisations',
  [`${DOCUMENTS}:documentconsumer`]: 'The event feed',
  [`${FEDERATED}:registry`]: 'The providers of messages',
  [`${FEDERATED}:preference`]: 'Who wants no paper any more',
};
