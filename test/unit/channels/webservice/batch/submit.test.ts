import { expect } from 'chai';
import type { FastifyInstance } from 'fastify';
import { createApplication } from '../../../../../channels/webservice/application.ts';
import { batchRoutes } from '../../../../../channels/webservice/batch/routes.ts';
import type { Clock } from '../../../../../engine/core/clock.ts';
import { silentLogger } from '../../../../../engine/core/logger.ts';
import type { OnArrival } from '../../../../../engine/landing/folders.ts';
import { openTestLanding, type TestLanding, upload } from '../../../../support/landing.ts';

const STEM = 'DMFA.123456.20260314.00001.R';
const [FI, FS, GO] = [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`];

describe('a submission over HTTPS', () => {
  let landing: TestLanding;
  let app: FastifyInstance;

  afterEach(async () => {
    await app.close();
    await landing.close();
  });

  async function serve(onArrival: OnArrival, clock?: Clock): Promise<void> {
    landing = await openTestLanding({ onArrival });
    ({ app } = await createApplication(silentLogger()));
    const grant = { client: 'c', sender: '123456', scopes: [], issuedAt: 0, expiresAt: 0 };
    const { db, foldersOf } = landing;
    batchRoutes(app, {
      ...{ db, foldersOf, clock: clock ?? (() => new Date()), fileBytes: 100, longestWaitMs: 0 },
      access: { bearerOf: async () => ({ sender: '123456', organisation: '0206731645', quality: 'employer', grant }) },
      goneOf: () => new AbortController().signal,
    });
  }

  function send(files: Readonly<Record<string, string>>, key?: string) {
    const part = ([name, content]: [string, string]) =>
      `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${content}\r\n`;
    return app.inject({
      method: 'POST',
      url: '/REST/batch/v1/submissions',
      headers: { 'content-type': 'multipart/form-data; boundary=b', ...(key && { 'idempotency-key': key }) },
      payload: `${Object.entries(files).map(part).join('')}--b--\r\n`,
    });
  }

  const left = async () => (await landing.folders.list('IN')).map(({ name }) => name);

  it('keeps the whole set when it cannot be taken in now: a GO without its files would be refused for good', async () => {
    await serve(() => Promise.reject(new Error('the store is away')));
    expect((await send({ [FI]: 'a', [FS]: 'b', [GO]: '' })).statusCode).to.equal(500);
    expect(await left()).to.deep.equal([FI, FS, GO]);
  });

  it('takes back what it stored of a request that it refuses before its GO', async () => {
    await serve(
      async () => undefined,
      () => new Date(Date.now() + 60_000),
    );
    expect((await send({ [FI]: 'a', bad: 'b' })).statusCode).to.equal(400);
    expect(await left()).to.deep.equal([]);
  });

  it('leaves what the client has sent anew meanwhile', async () => {
    await serve(
      async () => undefined,
      () => new Date(0),
    ); // as if it had stored its own long before
    await upload(landing.folders, 'IN', FI, Buffer.from('again'));
    expect((await send({ [FI]: 'a', bad: 'b' })).statusCode).to.equal(400);
    expect(await left()).to.deep.equal([FI]);
  });

  it('reads no more than a file may have, also when it only compares', async () => {
    await serve(async () => 'ABCDEFGHIJKL1');
    expect((await send({ [FI]: 'a' }, 'k')).statusCode).to.equal(201);
    expect((await send({ [FI]: 'a'.repeat(101) }, 'k')).statusCode).to.equal(413);
    expect((await send({ [FI]: 'a' }, 'k')).statusCode).to.equal(201);
  });
});
