import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from '../../engine/core/logger.ts';
import { refuseNul } from './nul.ts';
import { PROBLEMS, ProblemError, problemFor, problemOf } from './problem.ts';

/** A fastify application, and the HTTP server that is to be given connections. */
export interface Application {
  readonly app: FastifyInstance;
  readonly http: Server;
}

const HEADER_BYTES = 16_384;
const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 15_000;
const FORM_BYTES = 16_384;
const NAME_LENGTH = 200;
const DRAIN_MS = 2_000;

/** Everything but the routes: limits, forms, problems, trace and security headers. */
export async function createApplication(log: Logger): Promise<Application> {
  const http = createServer({
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: 0, // an upload may take long; a connection that stands still is closed
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 2_000,
  });
  const app = Fastify({
    serverFactory: (handler) => http.on('request', handler),
    bodyLimit: FORM_BYTES,
    routerOptions: { maxParamLength: NAME_LENGTH },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
  });
  await app.register(rateLimit, { global: false });
  takeForms(app);
  app.addHook('onRequest', trace);
  app.addHook('preValidation', refuseNul);
  app.setErrorHandler((error: FastifyError, request, reply) => answerProblem(error, request, reply, log));
  app.setNotFoundHandler((request, reply) =>
    answerProblem(new ProblemError('resourceNotFound', 'There is nothing at this address'), request, reply, log),
  );
  return { app, http };
}

/** A form is parsed, a multipart body stays a stream, and nothing else is taken: no JSON, so no bomb of it. */
function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: unknown) => formIn(String(body)),
  );
  app.addContentTypeParser('multipart/form-data', async () => undefined);
}

function formIn(body: string): Record<string, string> {
  const fields = [...new URLSearchParams(body)];
  if (new Set(fields.map(([name]) => name)).size < fields.length) {
    throw new ProblemError('badRequest', 'A parameter must not be given twice');
  }
  return Object.fromEntries(fields);
}

const TRACE = /^[\w.-]{1,36}$/;

async function trace({ headers }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const related = headers['belgov-trace-id'];
  reply.headers({
    'belgov-trace-id': randomUUID(),
    ...(typeof related === 'string' && TRACE.test(related) && { 'belgov-related-trace-id': related }),
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
    'cache-control': 'no-store',
  });
}

function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const problem = problemFor(error) ?? unknown(error, log);
  const [status] = PROBLEMS[problem.kind];
  if (!request.raw.complete) endSoon(request, reply);
  if (status === 503) reply.header('retry-after', '5');
  return reply
    .code(status)
    .headers(problem.headers)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemOf(problem.kind, problem.message, problem.issues, problem.code));
}

function unknown(err: unknown, log: Logger): ProblemError {
  log.error({ err }, 'web service request failed');
  return new ProblemError('internalServerError', 'The server could not do this now; please try again later');
}

/** A client that is still sending is to have the time to read why, and no more. */
export function endSoon({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  raw.resume();
  if (raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), DRAIN_MS).unref();
  raw.once('close', () => clearTimeout(timer)); // it has been read to its end, or has gone
}
