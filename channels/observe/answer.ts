import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health, HealthStatus } from '../../engine/core/health.ts';
import type { Logger } from '../../engine/core/logger.ts';

export interface AnswerDeps {
  readonly health: () => Promise<Health>;
  /** True while this process takes work. */
  readonly isReady: () => boolean;
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Page = (deps: AnswerDeps) => Promise<Reply>;

const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = 'application/problem+json';
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A degraded engine still does its work: a supervisor that restarted it would make it worse. */
const HEALTH_CODES = { UP: 200, DEGRADED: 200, DOWN: 503 } as const satisfies Record<HealthStatus, number>;

const PAGES: Readonly<Record<string, Page>> = {
  async '/health'({ health }) {
    const found = await health();
    return { status: HEALTH_CODES[found.status], type: JSON_TYPE, body: JSON.stringify(found) };
  },
  async '/ready'({ health, isReady }) {
    const ready = isReady() && (await health()).status !== 'DOWN';
    return { status: ready ? 200 : 503, type: JSON_TYPE, body: JSON.stringify({ ready }) };
  },
  async '/metrics'({ metrics }) {
    return { status: 200, type: METRICS_TYPE, body: await metrics() };
  },
};

/** Answers one request; never rejects, and a failure shows neither its message nor its stack. */
export function createAnswer(deps: AnswerDeps): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const reply = await replyTo(request, deps).catch((err: unknown) => {
      deps.log.error({ err }, 'observe request failed');
      return problem(503, 'The engine cannot tell this now');
    });
    send(request, response, reply);
  };
}

async function replyTo({ method, url = '' }: IncomingMessage, deps: AnswerDeps): Promise<Reply> {
  const path = url.split('?')[0] ?? '';
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return problem(404, 'There is only /health, /ready and /metrics');
  if (method !== 'GET' && method !== 'HEAD') return problem(405, 'Only GET and HEAD', { allow: 'GET, HEAD' });
  return page(deps);
}

function problem(status: number, title: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: PROBLEM_TYPE, body: JSON.stringify({ type: 'about:blank', title, status }), headers };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Reply): void {
  const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
  response.writeHead(status, {
    ...headers,
    // nobody has a reason to send a body: it is not read
    ...(hasBody ? { connection: 'close' } : {}),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
