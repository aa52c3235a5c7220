import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../engine/core/clock.ts';
import type { LoginDefence } from '../../../engine/registry/login-defence.ts';
import type { RefusalReason } from '../../../engine/registry/refusals.ts';
import { mayConnect, type Sender } from '../../../engine/registry/senders.ts';
import type { Access } from '../access.ts';
import type { Client } from '../listener.ts';
import { type AccessTokens, SCOPES, type Scope, scopesOf } from './access-token.ts';
import { claimantOf, proveAssertion } from './assertion.ts';
import { INTROSPECTION_SCHEMA, TOKEN_SCHEMA } from './schemas.ts';

export interface OauthDeps {
  readonly tokens: AccessTokens;
  readonly access: Access;
  readonly defence: LoginDefence;
  readonly clock: Clock;
  /** What clients call this server. */
  readonly url: () => string;
  readonly senderOf: (number: string) => Promise<Sender | undefined>;
  readonly certificatesOf: (sender: string) => Promise<readonly string[]>;
  /** A certificate that nobody is registered with: proving against it costs what proving against a real one does. */
  readonly decoy: string;
  /** Notes that an assertion has been used; false when it was before. */
  readonly useAssertion: (used: { client: string; jti: string; expiresAt: Date }) => Promise<boolean>;
  readonly clientOf: (request: FastifyRequest) => Client;
}

/** Where tokens are asked for. */
export const TOKEN_PATH = '/REST/oauth/v5/token';
const INTROSPECTION_PATH = '/REST/oauth/v5/introspect';
const GRANT_TYPE = 'client_credentials';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const CHANNEL = 'webservice';

type Form = Readonly<Record<string, string>>;

/** Access tokens by client credentials with a signed assertion (protocol §1.10; RFC 6749, 7523), and what a token is good for (RFC 7662). */
export function oauthRoutes(app: FastifyInstance, deps: OauthDeps): void {
  const { tokens, access, defence, clock, url, clientOf } = deps;

  async function certificatesFor(sender: string): Promise<readonly string[]> {
    const registered = await deps.certificatesOf(sender);
    return registered.length > 0 ? registered : [deps.decoy];
  }

  async function prove(assertion: string, address: string): Promise<Proven | undefined> {
    const claimant = claimantOf(assertion);
    const login = claimant?.client ?? '';
    const refuse = async (reason: RefusalReason) => {
      await defence.refused({ channel: CHANNEL, address, login }, reason);
      return undefined;
    };
    if (!claimant) return refuse('no assertion of a sender');
    if (!(await defence.mayTry({ channel: CHANNEL, address, login }))) return undefined;
    const certificates = await certificatesFor(claimant.sender);
    const outcome = await proveAssertion(assertion, { certificates, audience: url() + TOKEN_PATH, clock });
    if (outcome.kind === 'refused') return refuse(outcome.reason);
    const sender = await deps.senderOf(claimant.sender);
    if (!sender || !isServed(sender)) return refuse('no such channel for the sender');
    if (!(await deps.useAssertion({ client: claimant.client, ...outcome }))) return refuse('assertion used before');
    await defence.succeeded({ channel: CHANNEL, address, login });
    return { client: claimant.client, sender: sender.number, allowed: scopesOf(sender) };
  }

  async function token(request: FastifyRequest, reply: FastifyReply) {
    reply.header('cache-control', 'no-store');
    const form = request.body as Form;
    if (form['grant_type'] !== GRANT_TYPE) return oauthError(reply, 'unsupported_grant_type', `only ${GRANT_TYPE}`);
    if (form['client_assertion_type'] !== ASSERTION_TYPE) {
      return oauthError(reply, 'invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}`);
    }
    const asked = scopesIn(form['scope']);
    if (!asked) return oauthError(reply, 'invalid_scope', `the scopes are ${SCOPES.join(' ')}`);
    const client = clientOf(request);
    const proven = await prove(form['client_assertion'] ?? '', client.address);
    if (!proven || !client.belongsTo(proven.sender)) {
      return oauthError(reply, 'invalid_client', 'the assertion is not accepted');
    }
    const { allowed, ...bearer } = proven;
    const scopes = asked === 'all' ? allowed : asked;
    if (!scopes.every((scope) => allowed.includes(scope))) {
      return oauthError(reply, 'invalid_scope', `the sender may ask for ${allowed.join(' ')}`);
    }
    const certificate = client.certificate();
    const access_token = await tokens.issue({ ...bearer, scopes, ...(certificate !== undefined && { certificate }) });
    return reply.send({ access_token, token_type: 'Bearer', expires_in: tokens.lifeS, scope: scopes.join(' ') });
  }

  async function introspect(request: FastifyRequest, reply: FastifyReply) {
    const { sender } = await access.bearerOf(request, reply);
    reply.header('cache-control', 'no-store');
    const reading = await tokens.read((request.body as Form)['token'] ?? '');
    if (reading.kind !== 'good' || reading.grant.sender !== sender) return reply.send({ active: false });
    const { client, scopes, issuedAt, expiresAt } = reading.grant;
    const { enterpriseNumber } = (await deps.senderOf(sender)) ?? {};
    return reply.send({
      ...{ active: true, scope: scopes.join(' '), client_id: client, sub: client, token_type: 'Bearer' },
      ...{ iss: url(), aud: url(), iat: issuedAt, exp: expiresAt },
      'urn:be:fgov:kbo-bce:organization:cbe-number': enterpriseNumber,
    });
  }

  app.post(TOKEN_PATH, { schema: TOKEN_SCHEMA, handler: token });
  app.post(INTROSPECTION_PATH, { schema: INTROSPECTION_SCHEMA, handler: introspect });
}

const isServed = (sender: Sender) => sender.state === 'active' && mayConnect(sender, CHANNEL);

/** Who has proved to be a sender. */
interface Proven {
  readonly client: string;
  readonly sender: string;
  /** What its tokens may be used for. */
  readonly allowed: readonly Scope[];
}

function scopesIn(asked: string | undefined): readonly Scope[] | 'all' | undefined {
  if (asked === undefined || asked === '') return 'all';
  const names = asked.split(' ');
  const known = SCOPES.filter((scope) => names.includes(scope));
  return known.length === new Set(names).size ? known : undefined;
}

/** An error as token endpoints say it (RFC 6749 §5.2): the same for every reason that a client is not accepted. */
function oauthError(reply: FastifyReply, error: string, description: string) {
  const status = error === 'invalid_client' ? 401 : 400;
  return reply.code(status).send({ error, error_description: description });
}
