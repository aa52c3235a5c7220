import { problemResponses } from '../schemas.ts';

const ENVIRONMENT = { type: 'string', enum: ['R', 'T', 'S'], description: 'Real, test or simulation' };
const FILE = { type: 'string', minLength: 1, maxLength: 128, description: 'The name of the file' };
const WHEN = { type: 'string', format: 'date-time' };

const CONDITIONAL = {
  type: 'object',
  properties: {
    'if-none-match': {
      type: 'string',
      description: 'The ETag of what the client has: 304 while there is nothing else',
    },
    prefer: { type: 'string', description: 'wait=SECONDS: answer when there is news, or after so long' },
  },
};

const ERROR = {
  type: 'object',
  properties: { code: { type: 'string' }, detail: { type: 'string' } },
  additionalProperties: true,
};

const LINK = { file: { type: 'string', description: 'Its name in OUT' }, href: { type: 'string' } };

/** How files are sent. */
export const SUBMIT_SCHEMA = {
  tags: ['batch'],
  summary: 'Send the files of one submission',
  description:
    'FI and FS files, and a GO (or a TD, to cancel) or none: then it is made from the name of the first FI. In any order; each part has its file name. The same files again give the same ticket.',
  consumes: ['multipart/form-data'],
  headers: {
    type: 'object',
    properties: {
      'idempotency-key': {
        type: 'string',
        maxLength: 255,
        description: 'Names this request: sent again, nothing is done twice',
      },
    },
  },
  response: {
    201: {
      description: 'The submission is durable. Location: where to ask after it',
      type: 'object',
      required: ['ticket', 'href'],
      properties: { ticket: { type: 'string' }, href: { type: 'string' } },
    },
    ...problemResponses([400, 401, 403, 413, 422, 429, 503]),
  },
};

/** How a submission is asked after. */
export const STATUS_SCHEMA = {
  tags: ['batch'],
  summary: 'Ask what became of a submission',
  params: {
    type: 'object',
    required: ['ticket'],
    properties: { ticket: { type: 'string', pattern: '^[0-9A-Z]{13}$', description: 'The ticket' } },
  },
  headers: CONDITIONAL,
  response: {
    200: {
      description: 'What is known now; with `Prefer: wait`, as soon as it has an answer',
      type: 'object',
      required: ['ticket', 'stem', 'state', 'receipt', 'notifications', 'forms'],
      properties: {
        href: { type: 'string' },
        ticket: { type: 'string' },
        stem: { type: 'string' },
        goal: { type: 'string' },
        channel: { type: 'string' },
        environment: ENVIRONMENT,
        state: { type: 'string' },
        receivedAt: WHEN,
        receipt: {
          type: 'object',
          properties: {
            resultCode: { type: ['integer', 'null'], description: '1 taken in, 0 refused, null not decided yet' },
            errors: { type: 'array', items: ERROR },
            ...LINK,
          },
        },
        notifications: {
          type: 'array',
          items: { type: 'object', properties: { goal: { type: 'string' }, placedAt: WHEN, ...LINK } },
        },
        forms: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              index: { type: 'integer' },
              part: { type: 'integer' },
              outcome: { type: 'string' },
              anomalies: { type: 'array', items: { type: 'object', additionalProperties: true } },
            },
          },
        },
      },
    },
    304: { description: 'Nothing else than the client has', type: 'null' },
    ...problemResponses([400, 401, 403, 404, 429, 503]),
  },
};

/** How the answers are listed. */
export const LIST_SCHEMA = {
  tags: ['batch'],
  summary: 'List the answers in OUT',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      environment: { ...ENVIRONMENT, default: 'R' },
      pageSize: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
      after: { ...FILE, description: 'Go on after this name' },
    },
  },
  headers: CONDITIONAL,
  response: {
    200: {
      description: 'Files in the order of their names',
      type: 'object',
      required: ['items', 'pageSize'],
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: { href: { type: 'string' }, name: FILE, size: { type: 'integer' }, modifiedAt: WHEN },
          },
        },
        pageSize: { type: 'integer' },
        next: { type: 'string', description: 'The next page; absent on the last' },
      },
    },
    304: { description: 'Nothing else than the client has', type: 'null' },
    ...problemResponses([400, 401, 403, 429, 503]),
  },
};

const ONE_FILE = {
  params: { type: 'object', required: ['file'], properties: { file: FILE } },
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { environment: { ...ENVIRONMENT, default: 'R' } },
  },
};

/** How an answer is fetched. */
export const FETCH_SCHEMA = {
  tags: ['batch'],
  summary: 'Fetch an answer, or a part of it',
  ...ONE_FILE,
  headers: {
    type: 'object',
    properties: {
      range: { type: 'string', description: 'bytes=FROM-TO: one range' },
      'if-range': { type: 'string' },
      'if-none-match': { type: 'string' },
    },
  },
  response: problemResponses([401, 403, 404, 416, 429, 503]),
};

/** How an answer is taken away. */
export const REMOVE_SCHEMA = {
  tags: ['batch'],
  summary: 'Take an answer out of OUT: it has been fetched',
  ...ONE_FILE,
  response: {
    204: { description: 'It is gone', type: 'null' },
    ...problemResponses([401, 403, 404, 429, 503]),
  },
};
