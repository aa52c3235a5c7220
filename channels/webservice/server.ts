import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../engine/core/clock.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import type { FoldersOf } from '../../engine/landing/create-folders.ts';
import type { Identity } from '../../engine/outbound/sign.ts';
import { certificatesInForce } from '../../engine/registry/certificates.ts';
import { findSender, mayConnect } from '../../engine/registry/senders.ts';
import { createSignIn } from '../../engine/registry/sign-in.ts';
import type { MessageChoices } from '../../engine/registry/structured-messages.ts';
import { useAssertion } from '../../engine/registry/used-assertions.ts';
import type { BlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { createOidc, type OidcProvider } from './access/oidc.ts';
import { ACCESS_OPENAPI_PATH } from './access/paths.ts';
import { accessRoutes } from './access/routes.ts';
import { createAccess } from './access.ts';
import { createApplication } from './application.ts';
import { batchRoutes } from './batch/routes.ts';
import { eboxRoutes } from './ebox/application.ts';
import type { Mailboxes } from './ebox/deps.ts';
import { type Client, createListener, type Listener, type ListenerOptions } from './listener.ts';
import { createAccessTokens } from './oauth/access-token.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { describeRoutes, documentFor, INTERFACES, openapiPath } from './openapi.ts';
import { createPeople } from './people.ts';
import { createMayAsk } from './rate.ts';

export interface WebserviceOptions extends ListenerOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly blobs: BlobStore;
  readonly foldersOf: FoldersOf;
  readonly mailboxes: Mailboxes;
  /** Size of one file, in bytes; folders have the same limit. */
  readonly fileBytes: number;
  /** Whose key signs access tokens; the same in every process. */
  readonly identity: Identity;
  /** What clients call this server, without a slash at the end; empty: by its host and port. */
  readonly publicUrl: string;
  readonly tokenLifeMs: number;
  readonly requestsPerMinute: number;
  readonly longestWaitMs: number;
  /** For the people of organisations; they have no interface when absent. */
  readonly people?: PeopleOptions;
}

export interface PeopleOptions {
  readonly sessionLifeMs: number;
  /** Providers that prove who people are, by name. */
  readonly oidc: Readonly<Record<string, OidcProvider>>;
  /** Codes of the qualities that an organisation may activate. */
  readonly qualities: readonly string[];
  readonly choices: Omit<MessageChoices, 'now'>;
}

/** The web service: tokens by signed assertion, submissions in, answers out. */
export function createWebservice(options: WebserviceOptions): Service & { port(): number } {
  const { host, log } = options;
  const isServed = async (number: string) => {
    const sender = await findSender(options.db, number);
    return sender?.state === 'active' && mayConnect(sender, 'webservice');
  };
  const listener = createListener({ ...options, isServed });
  let running: { stop(): Promise<void> } | undefined;

  async function start(): Promise<void> {
    if (running) return;
    const closing = new AbortController();
    const { app, http } = await createApplication(log);
    await describeRoutes(app);
    await addRoutes(app, { ...options, listener, closing: closing.signal });
    await app.ready();
    await listener.listen(http);
    running = {
      async stop() {
        closing.abort(); // who waits for news is answered with what there is
        await listener.close();
        await app.close();
      },
    };
    log.info({ host, port: listener.port() }, 'web service listening');
  }

  async function stop(): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.stop();
  }

  return { name: 'webservice', port: listener.port, start, stop };
}

interface RouteDeps extends WebserviceOptions {
  readonly listener: Listener;
  /** Aborted when the server stops. */
  readonly closing: AbortSignal;
}

type App = Awaited<ReturnType<typeof createApplication>>['app'];

async function addRoutes(app: App, deps: RouteDeps): Promise<void> {
  const { db, clock, identity, listener, closing, host } = deps;
  const url = () => deps.publicUrl || `https://${host.includes(':') ? `[${host}]` : host}:${listener.port()}`;
  const tokens = createAccessTokens({ identity, clock, url, lifeMs: deps.tokenLifeMs });
  const senderOf = (number: string) => findSender(db, number);
  const clientOf = ({ raw }: FastifyRequest) => listener.clientOf(raw.socket) ?? NOBODY;
  const mayAsk = createMayAsk(app, deps.requestsPerMinute);
  const access = createAccess({ ...deps, tokens, senderOf, clientOf, mayAsk });
  const people = createPeople({ ...deps, clientOf, url, mayAsk });
  oauthRoutes(app, {
    ...deps,
    ...{ tokens, access, url, senderOf, clientOf },
    certificatesOf: (sender) => certificatesInForce(db, sender, clock()),
    decoy: identity.certificate.toString(),
    useAssertion: (used) => useAssertion(db, used),
  });
  batchRoutes(app, { ...deps, access, goneOf: ({ raw }) => AbortSignal.any([closing, goneOf(raw)]) });
  if (deps.people) {
    const signIn = createSignIn({ ...deps, ...deps.people });
    const oidc = createOidc(deps.people.oidc);
    await accessRoutes(app, { ...deps, ...deps.people, people, signIn, oidc, url, clientOf });
    app.get(ACCESS_OPENAPI_PATH, { schema: { hide: true } }, async () => app.accessDescription());
  }
  const documentOf = (base: string) => {
    const described = INTERFACES.find(({ bases }) => bases.includes(base));
    return described ? documentFor(app, described) : {};
  };
  await eboxRoutes(app, { ...deps, ...deps.mailboxes, access, people, url }, documentOf);
  for (const described of INTERFACES) {
    app.get(openapiPath(described), { schema: { hide: true } }, async () => documentFor(app, described));
  }
}

/** A connection that has closed meanwhile: nothing that it asks for is given to it. */
const NOBODY: Client = {
  address: '',
  certificate: () => undefined,
  belongsTo: () => false,
  recognise: () => undefined,
};

function goneOf(response: FastifyReply['raw']): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
