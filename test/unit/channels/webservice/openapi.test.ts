import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openapiDocument } from '../../../../channels/webservice/description.ts';

// compiled tests lie one directory further down than their sources
const FILE = fileURLToPath(new URL('../../../../../schemas/openapi/batch-v1.json', import.meta.url));

describe('the description of the web service', () => {
  it('is the one that was reviewed: else `node dist/scripts/dump-openapi.js`', async () => {
    expect(JSON.parse(JSON.stringify(await openapiDocument()))).to.deep.equal(JSON.parse(await readFile(FILE, 'utf8')));
  });

  it('has every route, with what it may answer', async () => {
    const { paths } = (await openapiDocument()) as { paths: Record<string, Record<string, { responses: object }>> };
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
