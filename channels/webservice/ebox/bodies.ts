import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { hasNul } from '../nul.ts';
import { type Issue, ProblemError } from '../problem.ts';

const JSON_BYTES = 1 << 20;

/** Lets the routes of this part of the application take JSON, of a size that cannot be a bomb. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string', bodyLimit: JSON_BYTES },
    parse,
  );
}

/** A text as JSON. Rejects with a problem. */
export function jsonIn(text: string, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidBody([{ path: [name], message: 'is no JSON' }]);
  }
  if (hasNul(value)) throw invalidBody([{ path: [name], message: 'has a NUL character' }]);
  return value;
}

/** What a body says, checked: what is not known, and null, is refused. Rejects with a problem that names every fault. */
export function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const reading = schema.safeParse(body);
  if (!reading.success) throw invalidBody(reading.error.issues);
  return reading.data;
}

const MOST_ISSUES = 20;

function invalidBody(faults: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]) {
  const type = 'urn:problem-type:belgif:input-validation:schemaViolation';
  const issues = faults
    .slice(0, MOST_ISSUES)
    .map(({ path, message }): Issue => ({ type, in: 'body', name: path.map(String).join('.'), detail: message }));
  return new ProblemError('badRequest', 'The request is not valid', { issues });
}
