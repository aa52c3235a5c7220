import type { Identity } from '../../engine/outbound/sign.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { Db } from '../../engine/store/database.ts';
import { accessRoutes } from './access/routes.ts';
import { createApplication } from './application.ts';
import { batchRoutes } from './batch/routes.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { describeRoutes } from './openapi.ts';

/** The OpenAPI description of the web service, as a running server gives it; nothing listens, and no store is opened. */
export async function openapiDocument(which: 'batch' | 'access' = 'batch'): Promise<object> {
  const log = { error: () => undefined } as never;
  const { app } = await createApplication(log);
  await describeRoutes(app);
  const unused = {
    access: { bearerOf: () => Promise.reject(new Error('nobody asks')) },
    db: undefined as unknown as Db,
    defence: undefined as unknown as LoginDefence,
    tokens: undefined as never,
    identity: undefined as unknown as Identity,
    clock: () => new Date(0),
    foldersOf: () => undefined as never,
    fileBytes: 0,
    longestWaitMs: 0,
    goneOf: () => new AbortController().signal,
    url: () => '',
    senderOf: async () => undefined,
    certificatesOf: async () => [],
    decoy: '',
    useAssertion: async () => false,
    clientOf: () => undefined as never,
    ...{ signIn: undefined as never, oidc: undefined as never, log, mayAsk: undefined as never },
    ...{ qualities: [], choices: undefined as never },
  };
  oauthRoutes(app, unused);
  batchRoutes(app, unused);
  await accessRoutes(app, unused);
  await app.ready();
  const document = which === 'batch' ? app.swagger() : app.accessDescription();
  await app.close();
  return document;
}
