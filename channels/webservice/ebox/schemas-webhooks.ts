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

const header = (name: string, description: string) => ({
  ...{ name, in: 'header', required: true, schema: STRING, description },
});

const CLOUD_EVENT = {
  type: 'object',
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'eventprovider', 'data'],
  properties: {
    specversion: { type: 'string', enum: ['1.0'] },
    id: { ...STRING, description: 'Number of the event in the feed: what comes twice has the same' },
    source: { ...STRING, description: 'urn:bode:events: and what the engine calls itself' },
    type: { type: 'string', enum: EVENT_TYPES.map((type) => `bode.mailbox.${type}`) },
    subject: { ...STRING, description: 'Id of the message' },
    ...{ time: WHEN, datacontenttype: { type: 'string', enum: ['application/json'] }, eventprovider: STRING },
    data: {
      type: 'object',
      required: ['eventType', 'enterpriseId', 'messageId', 'receiptDate', 'expirationDate', 'registeredMail'],
      properties: {
        eventType: { type: 'string', enum: EVENT_TYPES },
        eventCorrelationId: STRING,
        enterpriseId: { ...STRING, description: 'Ten digits' },
        ...{ messageId: STRING, receiptDate: WHEN, expirationDate: WHEN, registeredMail: { type: 'boolean' } },
        ...{ messageTypeId: STRING, senderOrganizationId: STRING, senderApplicationId: STRING },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const;

/** What is sent to the URL of a webhook, as callbacks of the operation that adds one. */
export const WEBHOOK_CALLBACKS = {
  event: {
    '{$request.body#/url}': {
      post: {
        summary: 'An event, as a CloudEvent 1.0',
        description: 'Sent again, under the same id, until it is answered with 2xx; the next comes after it.',
        parameters: [
          header('webhook-id', 'The same whenever this event is sent to this webhook'),
          header('webhook-timestamp', 'When it was sent this time, in seconds since 1970'),
          header('webhook-signature', 'v1, and HMAC-SHA-256 in base64 over id.timestamp.body (Standard Webhooks)'),
        ],
        requestBody: { required: true, content: { 'application/cloudevents+json': { schema: CLOUD_EVENT } } },
        responses: { '2XX': { description: 'Taken' } },
      },
    },
  },
} as const;
