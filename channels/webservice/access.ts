import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoginDefence } from '../../engine/registry/login-defence.ts';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import { mayConnect, type Sender } from '../../engine/registry/senders.ts';
import type { Client } from './listener.ts';
import { type AccessTokens, type ReadGrant, type Scope, scopesOf } from './oauth/access-token.ts';
import { ProblemError, type ProblemKind } from './problem.ts';
import type { MayAsk } from './rate.ts';

export interface AccessDeps {
  readonly tokens: AccessTokens;
  readonly defence: LoginDefence;
  readonly senderOf: (number: string) => Promise<Sender | undefined>;
  readonly clientOf: (request: FastifyRequest) => Client;
  /** Counts a request; false when the sender has made too many. */
  readonly mayAsk: MayAsk;
}

/** What the bearer of a good token may do. */
export interface Bearer {
  /** Six digits. */
  readonly sender: string;
  /** The enterprise number of its organisation. */
  readonly organisation: string;
  /** The quality that it sends in. */
  readonly quality: string;
  readonly grant: ReadGrant;
}

/** Lets a request in by its access token. */
export interface Access {
  /** With one of these scopes, if any is named. Rejects with the problem that the request is answered with; every refusal is logged and counted. */
  bearerOf(request: FastifyRequest, reply: FastifyReply, ...scopes: readonly Scope[]): Promise<Bearer>;
}

const CHANNEL = 'webservice';

/** Deny by default: a request gets no further without a token that is good, now, for this sender and this connection. */
export function createAccess({ tokens, defence, senderOf, clientOf, mayAsk }: AccessDeps): Access {
  async function refuse(who: { address: string; login?: string }, reason: RefusalReason): Promise<never> {
    const [kind, challenge] = ANSWERS[reason] ?? ANSWER;
    const { address, login } = who;
    await defence.refused({ channel: CHANNEL, address, ...(login !== undefined && { login }) }, reason);
    const headers = { 'www-authenticate': `Bearer realm="bode"${challenge && `, error="${challenge}"`}` };
    throw new ProblemError(kind, DETAILS[kind] ?? 'Ask for a new access token', { headers });
  }

  async function grantOf(request: FastifyRequest, address: string): Promise<ReadGrant> {
    const [, token] = /^Bearer ([\w.~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return refuse({ address }, 'no token');
    const reading = await tokens.read(token);
    if (reading.kind === 'expired') return refuse({ address }, 'token expired');
    if (reading.kind === 'invalid') return refuse({ address, login: '' }, 'token not valid');
    return reading.grant;
  }

  async function bearerOf(request: FastifyRequest, reply: FastifyReply, ...scopes: readonly Scope[]): Promise<Bearer> {
    const client = clientOf(request);
    const { address } = client;
    const grant = await grantOf(request, address);
    const who = { address, login: grant.client };
    if (grant.certificate !== undefined && grant.certificate !== client.certificate()) {
      return refuse(who, 'token bound to another certificate');
    }
    const sender = await senderOf(grant.sender);
    if (sender?.state !== 'active' || !mayConnect(sender, CHANNEL)) {
      return refuse(who, 'no such channel for the sender');
    }
    // also of those that the token was given: what the sender may do no more, its tokens may not
    const allowed = grant.scopes.filter((one) => scopesOf(sender).includes(one));
    if (scopes.length > 0 && !scopes.some((scope) => allowed.includes(scope))) {
      return refuse(who, 'token without this scope');
    }
    if (!client.belongsTo(sender.number)) return refuse(who, 'too many connections of the sender');
    if (!(await mayAsk(sender.number, request, reply))) return refuse(who, 'too many requests');
    const { number, enterpriseNumber: organisation, quality } = sender;
    return { sender: number, organisation, quality, grant: { ...grant, scopes: allowed } };
  }

  return { bearerOf };
}

const ANSWER: readonly [ProblemKind, string] = ['invalidAccessToken', 'invalid_token'];

/** The kind of problem, and the error code of RFC 6750. */
const ANSWERS: Partial<Readonly<Record<RefusalReason, readonly [ProblemKind, string]>>> = {
  'no token': ['noAccessToken', ''],
  'token expired': ['expiredAccessToken', 'invalid_token'],
  'token without this scope': ['missingScope', 'insufficient_scope'],
  'too many connections of the sender': ['tooManyRequests', ''],
  'too many requests': ['tooManyRequests', ''],
};

const DETAILS: Partial<Readonly<Record<ProblemKind, string>>> = {
  noAccessToken: 'Send an access token: Authorization: Bearer …',
  expiredAccessToken: 'The access token has expired: ask for a new one',
  missingScope: 'The access token does not have the scope that this needs',
  tooManyRequests: 'Too many requests or connections of this sender: wait, then go on more slowly',
};
