/** A problem as every answer that is not good has it (RFC 9457). */
export const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', description: 'urn:problem-type:belgif:…' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'urn:uuid:…: names this very answer' },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          type: { type: 'string' },
          in: { type: 'string', enum: ['path', 'query', 'header', 'body'] },
          name: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
} as const;

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'No access token, or one that is not good',
  403: 'The access token does not allow this',
  404: 'There is no such thing, for this sender',
  413: 'Larger than is allowed',
  416: 'No such part of the file',
  422: 'The idempotency key was used for other content',
  429: 'Too many requests',
  503: 'Not now: try again later',
};

/** The problems that a route may answer with, as its schema says them. */
export function problemResponses(statuses: readonly number[]): Record<number, object> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: DESCRIPTIONS[status], content: { 'application/problem+json': { schema: PROBLEM } } },
    ]),
  );
}
