import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openapiDocuments } from '../../../../channels/webservice/description.ts';

// compiled tests lie one directory further down than their sources
const file = (name: string) => fileURLToPath(new URL(`../../../../../schemas/openapi/${name}.json`, import.meta.url));

type Paths = Record<string, Record<string, { responses: object }>>;

describe('the descriptions of the web service', () => {
  for (const name of ['access-v1', 'batch-v1', 'ebox-v2', 'ebox-v3', 'federation', 'events']) {
    it(`are those that were reviewed: ${name}; else \`node dist/scripts/dump-openapi.js\``, async () => {
      const documents = JSON.parse(JSON.stringify(await openapiDocuments()));
      expect(Object.keys(documents)).to.have.length(6);
      expect(documents[name]).to.deep.equal(JSON.parse(await readFile(file(name), 'utf8')));
    });
  }

  it('have every route of the batch, with what it may answer', async () => {
    const { paths } = (await openapiDocuments())['batch-v1'] as { paths: Paths };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.filter((route) => !route.startsWith('head '))).to.have.members([
      'post /REST/oauth/v5/token',
      'post /REST/oauth/v5/introspect',
      'post /REST/batch/v1/submissions',
      'get /REST/batch/v1/submissions/{ticket}',
      'get /REST/batch/v1/out',
      'get /REST/batch/v1/out/{file}',
      'delete /REST/batch/v1/out/{file}',
    ]);
    expect(Object.keys(paths['/REST/batch/v1/submissions']!['post']!.responses)).to.include.members([
      '201',
      '401',
      '413',
      '422',
    ]);
  });
});
