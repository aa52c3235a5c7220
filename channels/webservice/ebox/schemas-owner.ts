import { LANGUAGES } from '../../../engine/registry/organisations.ts';
import { BOOLEAN, INTEGER, listOf, STRING, WHEN } from './schemas.ts';

const STATE = { type: 'string', enum: ['open', 'done', 'overdue'] } as const;
const LANGUAGE = { type: 'string', enum: LANGUAGES } as const;

/** An answer without a body. */
export const NOTHING = { type: 'null' } as const;

export const TASKS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { state: STATE, partition: { type: 'string', maxLength: 40 } },
} as const;

export const TASKS = listOf({
  type: 'object',
  properties: {
    ...{ messageId: STRING, messageTypeId: STRING, partition: STRING, dueDate: WHEN, state: STATE, doneDate: WHEN },
  },
});

export const DONE = { type: 'object', required: ['state'], properties: { state: { type: 'string', enum: ['done'] } } };

export const ADDRESSES = listOf({
  type: 'object',
  properties: {
    ...{ address: STRING, language: LANGUAGE, owner: BOOLEAN, confirmed: BOOLEAN },
    ...{ failingSince: WHEN, lastFailure: STRING },
  },
});

export const ADDRESS_REQUEST = {
  type: 'object',
  required: ['address', 'language'],
  properties: {
    ...{ address: STRING, language: LANGUAGE },
    owner: { ...BOOLEAN, description: 'It replaces the address of the organisation; else it is added to it' },
  },
} as const;

export const CONFIRMATION = { type: 'object', required: ['token'], properties: { token: STRING } } as const;

export const ROUTING = listOf({
  type: 'object',
  required: ['priority', 'partition'],
  properties: {
    priority: { ...INTEGER, description: 'The lowest that fits wins' },
    ...{ partition: STRING, messageTypeId: STRING, senderApplicationId: STRING, senderOrganizationId: STRING },
  },
});

export const PROOFS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    recipient: { type: 'string', maxLength: 20, description: 'For publishers: whose mailbox the message was put into' },
  },
} as const;

const PROOF = {
  type: 'object',
  properties: {
    at: WHEN,
    document: { type: 'string', contentEncoding: 'base64', description: 'JSON' },
    signature: { type: 'string', contentEncoding: 'base64', description: 'Detached CMS over the document, in DER' },
  },
} as const;

export const PROOFS = { type: 'object', properties: { dispatch: PROOF, reading: PROOF } } as const;
