import { EVENT_TYPES } from '../../../engine/mailboxes/events.ts';
import { INTEGER, listOf, STRING, WHEN } from './schemas.ts';

const TYPES = { type: 'array', items: { type: 'string', enum: EVENT_TYPES } } as const;

const FIELDS = {
  ...{ webhookId: STRING, url: STRING, eventTypes: TYPES, createdDate: WHEN },
  lastSequenceNbr: { ...INTEGER, description: 'It was told of events up to this one' },
  ...{ failingSince: WHEN, lastFailure: STRING },
} as const;

export const WEBHOOKS = listOf({ type: 'object', properties: FIELDS });

export const WEBHOOK_ADDED = {
  type: 'object',
  properties: {
    ...FIELDS,
    secret: { ...STRING, description: 'What events are signed with (Standard Webhooks); never shown again' },
  },
} as const;

export const WEBHOOK_REQUEST = {
  type: 'object',
  required: ['url'],
  properties: {
    url: { ...STRING, description: 'https, on the public internet' },
    eventTypes: { ...TYPES, description: 'All when absent' },
  },
} as const;
