import { randomUUID } from 'node:crypto';
import { EngineError, type ErrorCode } from '../../engine/core/errors.ts';
import type { Fault } from '../../engine/registry/caller.ts';

/** The kinds of problem that the service answers with, and their status and title (Belgif, protocol §2.8). */
export const PROBLEMS = {
  badRequest: [400, 'Bad Request'],
  noAccessToken: [401, 'No Access Token'],
  invalidAccessToken: [401, 'Invalid Access Token'],
  expiredAccessToken: [401, 'Expired Access Token'],
  missingScope: [403, 'Missing Scope'],
  missingPermission: [403, 'Missing Permission'],
  signInRefused: [401, 'Sign-in Refused'],
  resourceNotFound: [404, 'Resource Not Found'],
  methodNotAllowed: [405, 'Method Not Allowed'],
  requestTimeout: [408, 'Request Timeout'],
  conflict: [409, 'Conflict'],
  payloadTooLarge: [413, 'Payload Too Large'],
  unsupportedMediaType: [415, 'Unsupported Media Type'],
  rangeNotSatisfiable: [416, 'Range Not Satisfiable'],
  keyReused: [422, 'Idempotency Key Reused'],
  tooManyRequests: [429, 'Too Many Requests'],
  tooManyFailedRequests: [429, 'Too Many Failed Requests'],
  internalServerError: [500, 'Internal Server Error'],
  serviceUnavailable: [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof PROBLEMS;

/** What is wrong with one value of the request. */
export interface Issue {
  readonly type: string;
  readonly in: 'path' | 'query' | 'header' | 'body';
  readonly name?: string;
  readonly detail: string;
  /** The rule that it breaks. */
  readonly rule?: string;
  readonly allowed?: string;
}

/** The body of an answer that is a problem (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly issues?: readonly Issue[];
  /** A business code, where an interface has them. */
  readonly code?: string;
}

/** A request that is answered with a problem; thrown by handlers and turned into the answer in one place. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly kind: ProblemKind;
  readonly issues: readonly Issue[];
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** A business code, where an interface has them. */
  readonly code: string | undefined;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: {
      readonly issues?: readonly Issue[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly code?: string;
    } = {},
  ) {
    super(detail);
    this.kind = kind;
    this.issues = more.issues ?? [];
    this.headers = more.headers ?? {};
    this.code = more.code;
  }
}

/** The body of a problem. */
export function problemOf(kind: ProblemKind, detail: string, issues: readonly Issue[] = [], code?: string): Problem {
  const [status, title] = PROBLEMS[kind];
  return {
    type: `urn:problem-type:belgif:${kind}`,
    title,
    status,
    detail,
    instance: `urn:uuid:${randomUUID()}`,
    ...(issues.length > 0 && { issues }),
    ...(code !== undefined && { code }),
  };
}

/** A value of the request that cannot be taken. */
export function invalidInput(place: Issue['in'], name: string, detail: string): ProblemError {
  const type = 'urn:problem-type:belgif:input-validation:invalidInput';
  return new ProblemError('badRequest', 'The request is not valid', { issues: [{ type, in: place, name, detail }] });
}

/** Values of the body that cannot be taken, each with its rule and what is allowed. */
export function invalidFields(faults: readonly Fault[]): ProblemError {
  const type = 'urn:problem-type:belgif:input-validation:invalidInput';
  const issues = faults.map(({ field, rule, allowed }): Issue => {
    return { type, in: 'body', name: field, detail: `${rule}; allowed: ${allowed}`, rule, allowed };
  });
  return new ProblemError('badRequest', 'The request is not valid', { issues });
}

const KINDS: Partial<Readonly<Record<ErrorCode, ProblemKind>>> = {
  not_found: 'resourceNotFound',
  access_denied: 'missingPermission',
  name_invalid: 'badRequest',
  state_conflict: 'conflict',
  operation_unsupported: 'badRequest',
  limit_exceeded: 'payloadTooLarge',
  store_unavailable: 'serviceUnavailable',
  blob_missing: 'resourceNotFound',
  content_quarantined: 'resourceNotFound',
};

/** The problem that an error is answered with; undefined when the error is nobody's fault but ours, and is to be logged. */
export function problemFor(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof EngineError && error.code === 'input_invalid') return invalidFields(faultsOf(error));
  const kind = error instanceof EngineError ? KINDS[error.code] : undefined;
  if (kind !== undefined) return new ProblemError(kind, (error as EngineError).message);
  return frameworkProblem(error);
}

const faultsOf = ({ facts }: EngineError): readonly Fault[] => (facts['faults'] ?? []) as readonly Fault[];

const STATUS_KINDS: Readonly<Record<number, ProblemKind>> = {
  400: 'badRequest',
  408: 'requestTimeout',
  413: 'payloadTooLarge',
  415: 'unsupportedMediaType',
  429: 'tooManyRequests',
};

/** What fastify and its plugins refuse: a body that does not fit its schema, is too large, is no JSON. */
function frameworkProblem(error: unknown): ProblemError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const kind = STATUS_KINDS[Number(error.statusCode)];
  if (kind === undefined) return undefined;
  const faults = 'validation' in error && Array.isArray(error.validation) ? error.validation : [];
  const place = 'validationContext' in error ? PLACES[String(error.validationContext)] : undefined;
  const issues = faults.map((fault: { instancePath?: string; message?: string }): Issue => {
    const type = 'urn:problem-type:belgif:input-validation:schemaViolation';
    return { type, in: place ?? 'body', name: String(fault.instancePath).slice(1), detail: String(fault.message) };
  });
  return new ProblemError(kind, issues.length > 0 ? 'The request is not valid' : error.message, { issues });
}

const PLACES: Readonly<Record<string, Issue['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};
