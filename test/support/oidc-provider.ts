import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** What the client of the tests is called, and its secret. */
export const OIDC_CLIENT = { clientId: 'bode', clientSecret: 'een geheim van zestien tekens' };

/** A real OpenID Connect provider, where whoever comes is at once who `person` says. */
export interface TestProvider {
  readonly issuer: string;
  /** The national register number that the next one who comes proves. */
  person: string;
  close(): Promise<void>;
}

/** Starts it on a free port; it sends people back to this address. */
export async function startProvider(redirectUri: () => string): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self = { issuer, person: '', close: () => closeServer(server) };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: OIDC_CLIENT.clientId, client_secret: OIDC_CLIENT.clientSecret },
        ...{ redirect_uris: [redirectUri()], response_types: ['code'], grant_types: ['authorization_code'] },
      },
    ],
    claims: { openid: ['sub', 'national_register_number'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, national_register_number: id }) }),
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/come-in/${uid}` },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['a key of the tests'] },
  });
  const serve = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/come-in/')) return void serve(request, response);
    void letIn(provider, self.person, request, response);
  });
  return self;
}

async function letIn(
  provider: Provider,
  accountId: string,
  ...[request, response]: Parameters<Provider['interactionDetails']>
) {
  const { params, grantId } = await provider.interactionDetails(request, response);
  const grant =
    (grantId !== undefined && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope('openid');
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** A provider that says it is itself and lets another one sign: its tokens have the wrong issuer. */
export async function startImpostor(real: TestProvider): Promise<{ issuer: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    void fetch(`${real.issuer}/.well-known/openid-configuration`)
      .then((answer) => answer.json())
      .then((metadata) => {
        const own = { ...(metadata as object), issuer, authorization_response_iss_parameter_supported: false };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(own));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { issuer, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Follows a provider as a browser does, with its cookies, until it is sent back to `stop`; gives that address. */
export async function browse(start: string, stop: string): Promise<string> {
  const cookies = new Map<string, string>();
  for (let at = start, hops = 0; hops < 10; hops += 1) {
    if (at.startsWith(stop)) return at;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const next = answer.headers.get('location');
    if (next === null) throw new Error(`the provider did not go on: ${answer.status} ${await answer.text()}`);
    at = new URL(next, at).href;
  }
  throw new Error('the provider sends in circles');
}
