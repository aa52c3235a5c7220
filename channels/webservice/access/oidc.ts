import * as client from 'openid-client';

/** A provider that proves who people are. */
export interface OidcProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client, which has PKCE only. */
  readonly clientSecret?: string;
  readonly scope: string;
  /** The claim of the identity token that holds the national register number. */
  readonly claim: string;
}

/** What a sign-in at a provider is begun with. */
export interface OidcStart {
  readonly authorizationUrl: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
}

/** What came back from a provider, and what it must fit. */
export interface OidcReturn {
  /** The address that the browser was sent to, with its query. */
  readonly url: URL;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Signs people in at OpenID Connect providers: code flow with PKCE, state and nonce. */
export interface Oidc {
  readonly providers: readonly string[];
  start(provider: string, redirectUri: string): Promise<OidcStart>;
  /** The national register number that the provider vouches for; undefined when it vouches for none, or proves nothing. */
  finish(provider: string, came: OidcReturn): Promise<string | undefined>;
}

const PATIENCE_S = 10;

/** The providers by name. What a provider says of itself is read when it is first needed, and again after a failure. */
export function createOidc(providers: Readonly<Record<string, OidcProvider>>): Oidc {
  const known = new Map<string, Promise<client.Configuration>>();

  function configurationOf(name: string, provider: OidcProvider): Promise<client.Configuration> {
    const found = known.get(name);
    if (found) return found;
    const asked = discover(provider);
    known.set(name, asked);
    asked.catch(() => known.delete(name));
    return asked;
  }

  async function start(name: string, redirectUri: string): Promise<OidcStart> {
    const provider = providerOf(providers, name);
    const configuration = await configurationOf(name, provider);
    const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
    const code_challenge = await client.calculatePKCECodeChallenge(verifier);
    const { href } = client.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: redirectUri, scope: provider.scope, state, nonce },
      ...{ code_challenge, code_challenge_method: 'S256' },
    });
    return { authorizationUrl: href, state, nonce, verifier };
  }

  async function finish(name: string, { url, state, nonce, verifier }: OidcReturn): Promise<string | undefined> {
    const provider = providerOf(providers, name);
    const configuration = await configurationOf(name, provider);
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(configuration, url, checks);
    const number = tokens.claims()?.[provider.claim];
    return typeof number === 'string' ? number.replace(/[ ./-]/g, '') : undefined;
  }

  return { providers: Object.keys(providers), start, finish };
}

const TOLERANCE_S = 30;

function providerOf(providers: Readonly<Record<string, OidcProvider>>, name: string): OidcProvider {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (!provider) throw new Error('no such provider');
  return provider;
}

async function discover({ issuer, clientId, clientSecret }: OidcProvider): Promise<client.Configuration> {
  const url = new URL(issuer);
  const proof = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
  // the configuration lets plain HTTP through for a provider on this very machine only
  const execute = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  return client.discovery(url, clientId, { [client.clockTolerance]: TOLERANCE_S }, proof, {
    execute,
    timeout: PATIENCE_S,
  });
}
