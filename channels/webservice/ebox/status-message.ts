import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../../engine/core/logger.ts';
import { endSoon } from '../application.ts';
import { PROBLEMS, ProblemError, type ProblemKind, problemFor } from '../problem.ts';

/** Which environment an engine tells its clients that it is. */
export const ENVIRONMENTS = [
  ...(['development', 'test', 'integration', 'acceptation', 'simulation', 'production'] as const),
] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** An error as the e-Box interfaces say it (StatusMessage of the authority's files). */
export interface StatusMessage {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly contact?: string;
  readonly environment: string;
}

export interface StatusOptions {
  readonly log: Logger;
  readonly contact: string;
  /** As it is written in this interface: the federation has capitals. */
  readonly environment: string;
}

const CODES: Readonly<Record<ProblemKind, string>> = {
  badRequest: 'INVALID_INPUT',
  noAccessToken: 'NO_ACCESS_TOKEN',
  invalidAccessToken: 'INVALID_ACCESS_TOKEN',
  expiredAccessToken: 'EXPIRED_ACCESS_TOKEN',
  signInRefused: 'SIGN_IN_REFUSED',
  missingScope: 'MISSING_SCOPE',
  missingPermission: 'MISSING_PERMISSION',
  resourceNotFound: 'NOT_FOUND',
  methodNotAllowed: 'METHOD_NOT_ALLOWED',
  requestTimeout: 'REQUEST_TIMEOUT',
  conflict: 'CONFLICT',
  payloadTooLarge: 'PAYLOAD_TOO_LARGE',
  unsupportedMediaType: 'UNSUPPORTED_MEDIA_TYPE',
  rangeNotSatisfiable: 'RANGE_NOT_SATISFIABLE',
  keyReused: 'CONFLICT',
  tooManyRequests: 'TOO_MANY_REQUESTS',
  tooManyFailedRequests: 'TOO_MANY_REQUESTS',
  internalServerError: 'INTERNAL_ERROR',
  serviceUnavailable: 'UNAVAILABLE',
};

/** Answers whatever went wrong with a StatusMessage; what is nobody's fault but ours is logged. */
export function answerStatus(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, contact, environment }: StatusOptions,
): FastifyReply {
  const problem = problemFor(error) ?? internal(error, log);
  const [status] = PROBLEMS[problem.kind];
  if (!request.raw.complete) endSoon(request, reply);
  if (status === 503) reply.header('retry-after', '5');
  const details = problem.issues.map(({ name, detail }) => (name === undefined ? detail : `${name} ${detail}`));
  const body: StatusMessage = {
    id: randomUUID(),
    code: problem.code ?? CODES[problem.kind],
    message: [problem.message, ...details].join('; '),
    ...(contact !== '' && { contact }),
    environment,
  };
  return reply.code(status).headers(problem.headers).type('application/json').serializer(JSON.stringify).send(body);
}

function internal(err: unknown, log: Logger): ProblemError {
  log.error({ err }, 'web service request failed');
  return new ProblemError('internalServerError', 'The server could not do this now; please try again later');
}
