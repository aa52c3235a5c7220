import type { FastifyInstance } from 'fastify';
import { notFound } from './caller.ts';
import { FEDERATION } from './paths.ts';
import { FEDERATION_SCHEMAS } from './routes-federation.ts';
import { params, statusResponses } from './schemas.ts';

const LINKS = {
  type: 'object',
  properties: {
    _links: {
      type: 'object',
      properties: { self: { type: 'object', properties: { href: { type: 'string' } } } },
    },
  },
};
const about = (summary: string, answer: object) => ({
  ...{ tags: ['documentation'], summary, security: [], response: { 200: answer, ...statusResponses() } },
});

/** The documentation that the federation's interface has about itself: for everybody, without a token. */
export function documentationRoutes(app: FastifyInstance, url: () => string, document: () => object): void {
  const root = `${FEDERATION}/api`;
  const links = () => ({ _links: { self: { href: `${url()}${root}` } } });
  const schema = about('Where the documentation is', LINKS);
  app.route({ method: ['GET', 'OPTIONS'], url: root, schema, handler: async () => links() });
  app.get(
    `${root}/doc`,
    { schema: about('A page that says where the description is', { description: 'HTML', type: 'string' }) },
    async (_request, reply) => reply.type('text/html; charset=utf-8').serializer(String).send(page()),
  );
  app.get(
    `${root}/doc/jsonSchemas/:name`,
    { schema: { ...about('A schema', { type: 'object', additionalProperties: true }), params: params('name') } },
    async ({ params: given }) => {
      const { name } = given as { name: string };
      if (!Object.hasOwn(FEDERATION_SCHEMAS, name)) throw notFound();
      return FEDERATION_SCHEMAS[name];
    },
  );
  app.get(
    `${root}/doc/swagger.json`,
    { schema: about('The description (OpenAPI)', { type: 'object', additionalProperties: true }) },
    async () => document(),
  );
}

/** No script and nothing from elsewhere. */
function page(): string {
  const schemas = Object.keys(FEDERATION_SCHEMAS).map(
    (name) => `<li><a href="doc/jsonSchemas/${name}">${name}</a></li>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>e-Box federation</title>
<h1>e-Box federation</h1><p><a href="doc/swagger.json">OpenAPI</a></p><ul>${schemas.join('')}</ul></html>`;
}
