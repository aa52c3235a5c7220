import { lookup as resolveName } from 'node:dns/promises';
import { type ClientRequest, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { MayConnect } from '../../engine/core/private-addresses.ts';
import { addressIn, urlFault } from '../../engine/mailboxes/webhook-url.ts';
import type { PostWebhook, WebhookAnswer, WebhookRequest } from '../../engine/outbound/webhook-outlet.ts';

export interface WebhookOptions {
  /** Which addresses may be connected to, whatever a name resolves to. */
  readonly mayConnect: MayConnect;
  /** How long all of it may take: name, connection, TLS, answer. */
  readonly answerWithinMs: number;
  /** CA certificates in PEM that the servers' must descend from; absent: those that Node knows. */
  readonly ca?: string;
  /** Resolves a name; the system's unless a test says otherwise. */
  readonly resolve?: (name: string) => Promise<readonly Address[]>;
}

interface Address {
  readonly address: string;
  readonly family: number;
}

const MOST_BYTES = 64 << 10;
const IDLE_MS = 4_000; // less than most servers wait for a next request
const IDLE_PER_SERVER = 4;

/** Sends events, over connections that it keeps until it is closed. */
export interface WebhookSender {
  readonly post: PostWebhook;
  /** Ends its connections. */
  close(): void;
}

/**
 * Sends events to URLs that strangers chose: to public addresses only, and to the very address that was looked at; no redirect
 * is followed, nothing of an answer but its status is used, and no more than 64 KiB of it is read. Who has taken one event
 * is told of the next over the same connection.
 */
export function createWebhookSender(options: WebhookOptions): WebhookSender {
  const kept = { keepAlive: true, maxFreeSockets: IDLE_PER_SERVER, timeout: IDLE_MS } as const;
  const agents = { 'https:': new TlsAgent(kept), 'http:': new PlainAgent(kept) };

  async function postWithin(request: WebhookRequest): Promise<WebhookAnswer> {
    const signal = AbortSignal.timeout(options.answerWithinMs);
    try {
      return await post(request, { ...options, agents }, signal);
    } catch (error) {
      const reason = signal.aborted ? `no answer within ${options.answerWithinMs} ms` : reasonOf(error);
      return { kind: 'failed', text: short(reason) };
    }
  }

  return {
    post: postWithin,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

interface Agents {
  readonly 'https:': TlsAgent;
  readonly 'http:': PlainAgent;
}

const failed = (text: string): WebhookAnswer => ({ kind: 'failed', text });

async function post(
  request: WebhookRequest,
  options: WebhookOptions & { readonly agents: Agents },
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const fault = urlFault(request.url, options.mayConnect);
  if (fault !== undefined) return failed(`the URL ${fault}`);
  const url = new URL(request.url);
  const addresses = addressIn(url) === undefined ? await beforeEnd(resolved(url.hostname, options), signal) : undefined;
  // one private address is enough: whoever owns the name would have it tried until it is the one
  if (addresses?.some(({ address }) => !options.mayConnect(address))) return failed('resolves to a private address');
  const status = await exchange(url, request, { signal, ca: options.ca, agents: options.agents, addresses });
  if (status >= 200 && status < 300) return { kind: 'taken' };
  return failed(status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`);
}

async function resolved(name: string, { resolve }: WebhookOptions): Promise<readonly Address[]> {
  const found = await (resolve ?? ((host) => resolveName(host, { all: true })))(name);
  if (found.length === 0) throw new Error('the name resolves to nothing');
  return found;
}

/** A name is resolved in a thread that cannot be stopped; its end is not waited for. */
function beforeEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

interface Exchange {
  readonly signal: AbortSignal;
  readonly ca: string | undefined;
  readonly addresses: readonly Address[] | undefined;
  readonly agents: Agents;
}

/** A server may end a connection just as it is used again: then the same goes over another. Its id tells it twice. */
async function exchange(url: URL, request: WebhookRequest, options: Exchange): Promise<number> {
  for (;;) {
    const sent = send(url, request, options);
    try {
      return await sent.status;
    } catch (error) {
      if (options.signal.aborted || !sent.request.reusedSocket) throw error;
    }
  }
}

function send(url: URL, { headers, body }: WebhookRequest, { signal, ca, agents, addresses }: Exchange) {
  const isTls = url.protocol === 'https:';
  const request = (isTls ? tlsRequest : plainRequest)(url, {
    ...{
      method: 'POST',
      agent: agents[isTls ? 'https:' : 'http:'],
      signal,
      headers: { ...headers, ...fixedHeaders(body) },
    },
    ...(addresses && { lookup: pinned(addresses) }),
    ...(ca !== undefined && { ca }),
  });
  const status = statusOf(request);
  request.end(body);
  return { request, status };
}

const fixedHeaders = (body: string) => ({
  ...{ 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'bode', accept: '*/*' },
});

/** Gives the connection the addresses that were looked at, and asks nobody again. */
function pinned(addresses: readonly Address[]): LookupFunction {
  return (_name, { all }, give) => {
    const [first] = addresses;
    if (all) give(null, [...addresses]);
    else give(null, first?.address ?? '', first?.family);
  };
}

function statusOf(request: ClientRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let bytes = 0;
      const done = () => resolve(response.statusCode ?? 0);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MOST_BYTES) return;
        done(); // its status is known; a server that goes on for ever is not listened to
        response.destroy();
      });
      response.on('error', reject);
      response.on('close', done);
    });
  });
}

const LONGEST = 200;
const short = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, LONGEST);

/** What went wrong; of several addresses, with each of them. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
