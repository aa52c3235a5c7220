import type { Identity } from '../../engine/outbound/sign.ts';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { Db } from '../../engine/store/database.ts';
import { accessRoutes } from './access/routes.ts';
import { createApplication } from './application.ts';
import { batchRoutes } from './batch/routes.ts';
import { eboxRoutes } from './ebox/application.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { describeRoutes, documentFor, INTERFACES } from './openapi.ts';

/** The OpenAPI descriptions of the web service by the names of their files, as a running server gives them; nothing listens, and no store is opened. */
export async function openapiDocuments(): Promise<Readonly<Record<string, object>>> {
  const log = { error: () => undefined } as never;
  const { app } = await createApplication(log);
  await describeRoutes(app);
  const unused = {
    people: { signedIn: () => Promise.reject(new Error('nobody asks')) },
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
  const ebox = {
    types: {},
    provider: '',
    applications: [],
    environment: 'test',
    contact: '',
    organisation: '',
  } as const;
  const mayConnect = () => false;
  const nobody = {
    mayConnect,
    recipientOf: async () => undefined,
    viewOf: async () => undefined,
    hasMandate: async () => false,
  };
  const directory = async () => ({ types: [], applications: [], organisations: [] });
  await eboxRoutes(app, { ...unused, ...ebox, ...nobody, directory, log, blobs: undefined as never }, () => ({}));
  await app.ready();
  const documents = INTERFACES.map((described) => [described.file, documentFor(app, described)] as const);
  documents.push(['access-v1', app.accessDescription()]);
  await app.close();
  return Object.fromEntries(documents);
}
