import type { FastifyRequest } from 'fastify';
import { invalidInput } from './problem.ts';

/** Refuses a request with a NUL character in its path, its query or its parsed body: no text of ours has one, and PostgreSQL holds none. */
export async function refuseNul({ params, query, body }: FastifyRequest): Promise<void> {
  if (hasNul(params)) throw invalidInput('path', '', FAULT);
  if (hasNul(query)) throw invalidInput('query', '', FAULT);
  if (hasNul(body)) throw invalidInput('body', '', FAULT);
}

const FAULT = 'has a NUL character';

/** Whether a text has a NUL character, or any text in an array or object, at whatever depth a JSON body of our limit has. */
export function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false;
  return Object.entries(value).some(([name, one]) => name.includes('\0') || hasNul(one));
}
