import { ROLES } from '../../../engine/registry/permissions.ts';
import { PROBLEM } from '../schemas.ts';

/** A text of a request. */
export const text = (description: string, maxLength = 200) => ({ type: 'string', description, maxLength }) as const;

/** An object of which every key is known. */
export function object(properties: object, required: readonly string[] = []) {
  return { type: 'object', additionalProperties: false, required, properties } as const;
}

/** A list of texts. */
export const texts = (description: string, maxItems = 200, maxLength = 200) =>
  ({ type: 'array', description, maxItems, items: { type: 'string', maxLength } }) as const;

/** A problem, once for all routes; added to the application. */
export const PROBLEM_SCHEMA = {
  ...{ $id: 'Problem', ...PROBLEM },
  properties: { ...PROBLEM.properties, issues: { ...PROBLEM.properties.issues, items: issue() } },
} as const;

/** What is wrong with one value: besides, the rule that it breaks and what is allowed. */
function issue() {
  const { items } = PROBLEM.properties.issues;
  return {
    ...items,
    properties: { ...items.properties, rule: { type: 'string' }, allowed: { type: 'string' } },
  } as const;
}

const PROBLEMS = {
  description:
    '400 a value cannot be taken, 401 no session, 403 you may see it but not do this, 404 there is no such thing for you, 409 it does not go with how things are now, 429 too many requests, 503 not now',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
} as const;

/** What the schema of one route says besides its body. */
export interface Described {
  readonly summary: string;
  readonly tag: string;
  readonly body?: object;
  readonly params?: object;
  readonly querystring?: object;
  /** Status and body of the good answer; 204 without one. */
  readonly good: readonly [number, object?];
  readonly open?: true;
}

/** The schema of a route: the good answer, and the problems that any route may answer with. */
export function describe({ summary, tag, body, params, querystring, good: [status, answer], open }: Described) {
  const good = status === 204 ? { description: 'Done', type: 'null' } : { description: 'Done', ...answer };
  return {
    ...{ tags: [tag], summary },
    ...(open && { security: [] }),
    ...(body && { body }),
    ...(params && { params }),
    ...(querystring && { querystring }),
    response: { [status]: good, default: PROBLEMS },
  };
}

const nullable = { type: 'string', nullable: true } as const;
const string = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const strings = { type: 'array', items: string } as const;
const shape = (properties: object) => ({ type: 'object', properties }) as const;

/** A role that is asked for. */
export const APPOINTMENT_BODY = object(
  { role: { type: 'string', enum: ROLES }, quality: text('Of the roles of one quality', 40) },
  ['role'],
);

/** A person as managers see it: without number and secrets. */
export const PERSON = shape({
  ...{ id: string, userName: string, givenName: string, familyName: string, email: nullable, state: string },
  appointments: { type: 'array', items: shape({ role: string, quality: nullable }) },
  numberIsKnown: { type: 'boolean', description: 'Whether the national register number is known' },
  password: { type: 'string', description: 'none, temporary or own' },
  ...{ hasTotp: flag, createdAt: string },
});

/** A person, and the temporary password when the engine has made one: it is shown this once. */
export const PERSON_WITH_PASSWORD = shape({ ...PERSON.properties, temporaryPassword: string });

/** A page of people. */
export const PEOPLE = shape({ items: { type: 'array', items: PERSON }, next: nullable });

/** A session that has begun. */
export const SESSION = shape({
  token: { type: 'string', description: 'Send it as Authorization: Bearer …; it is shown this once' },
  ...{ expiresAt: string, enterpriseNumber: string },
  person: PERSON,
});

/** Who asks. */
export const WHO = shape({ expiresAt: string, enterpriseNumber: string, means: string, person: PERSON });

const names = shape({ nl: string, fr: string, de: string, en: string });

/** An organisation, as far as the caller may see it. */
export const ORGANISATION = shape({
  ...{ enterpriseNumber: string, names, language: string, email: nullable, state: string, activatedAt: nullable },
  ...{ passwordSignIn: flag, userReading: string },
  qualities: { type: 'array', items: shape({ code: string, state: string, isDefault: flag }) },
});

/** What a person may use and read beyond the role. */
export const RIGHTS = shape({ services: strings, protectedTypes: strings });

const fingerprint = shape({ fingerprint: string, type: string });

const CERTIFICATE = shape({
  ...{ fingerprint: string, subject: string, issuer: string, serial: string },
  ...{ validFrom: string, validUntil: string, key: string, usage: strings },
});

/** A technical user with everything about it. */
export const SENDER = shape({
  ...{ number: string, login: string, quality: string, state: string },
  contact: { ...shape({ givenName: string, familyName: string, email: string, phone: string }), nullable: true },
  ...{ channels: strings, networks: strings, goals: strings },
  sshKeys: { type: 'array', items: fingerprint },
  certificates: { type: 'array', items: CERTIFICATE },
  hasFtpPassword: flag,
});

/** The configuration of structured messages of one quality. */
export const MESSAGES = shape({
  ...{ quality: string, savedAt: nullable },
  next: { type: 'string', description: 'The step that is missing' },
  senders: { type: 'array', items: SENDER },
});

/** A page of the audit, newest first. */
export const AUDIT = shape({
  items: {
    type: 'array',
    items: shape({
      ...{ at: string, who: string, what: string, subject: string, outcome: string },
      facts: { type: 'object', additionalProperties: true },
    }),
  },
  next: { type: 'integer', nullable: true },
});
