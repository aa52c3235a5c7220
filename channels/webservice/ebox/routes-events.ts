import { EVENT_TYPES } from '../../../engine/mailboxes/events.ts';
import type { EboxDeps } from './deps.ts';
import { listEvents, tellEvents } from './events.ts';
import type { Route } from './routes.ts';
import { BOOLEAN, INTEGER, STRING, TRANSLATED, WHEN } from './schemas.ts';
import { NEEDS } from './scopes.ts';

const EVENT = {
  type: 'object',
  required: ['eventType', 'enterpriseId', 'messageId', 'receiptDate', 'expirationDate', 'registeredMail'],
  properties: {
    ...{ eventType: { type: 'string', enum: EVENT_TYPES }, eventCorrelationId: STRING, enterpriseId: STRING },
    ...{ messageId: STRING, receiptDate: WHEN, expirationDate: WHEN, registeredMail: BOOLEAN, messageTypeId: STRING },
    ...{ senderOrganizationId: STRING, senderApplicationId: STRING, subject: TRANSLATED },
  },
} as const;

const ITEM = {
  type: 'object',
  required: ['eventSequenceNbr', 'eventTime', 'eventProviderId', 'eventData'],
  properties: { eventSequenceNbr: INTEGER, eventTime: WHEN, eventProviderId: STRING, eventData: EVENT },
} as const;

const PAGE = {
  description: 'Events in order, without gaps; read on from lastSequenceNbr',
  type: 'object',
  properties: {
    EboxEnterpriseDocumentEvents: { type: 'array', items: ITEM },
    pageInfo: {
      type: 'object',
      required: ['lastSequenceNbr', 'hasNext'],
      properties: { lastSequenceNbr: INTEGER, hasNext: BOOLEAN },
    },
  },
} as const;

const SHORT = { type: 'string', maxLength: 100 } as const;

const QUERY = {
  type: 'object',
  additionalProperties: false,
  required: ['lastSequenceNbr', 'pageSize'],
  properties: {
    clientId: { ...SHORT, description: 'Not looked at: the token says who asks' },
    lastSequenceNbr: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    startTime: { type: 'string', format: 'date-time' },
    pageSize: { type: 'integer', minimum: 1, maximum: 1_000 },
    filter: { ...SHORT, description: 'Not looked at' },
  },
} as const;

const CLIENT = { type: 'object', additionalProperties: false, properties: { clientId: QUERY.properties.clientId } };

/** The event service (event interface 1.1.1, protocol §2.4): what happens to documents, for who shows or forwards them. */
export function eventRoutes(deps: EboxDeps): Route[] {
  const about = { path: '/ebox/enterprise/document/events', tag: 'events', headers: { type: 'object' } } as const;
  return [
    {
      ...{ ...about, method: 'GET', needs: NEEDS.events, summary: 'Events after a number', answer: PAGE, query: QUERY },
      handle: (request) => listEvents(request, deps),
    },
    {
      ...{ ...about, method: 'POST', needs: NEEDS.tellEvents, summary: 'Tell of events of another provider' },
      ...{ answer: { description: 'Taken', type: 'null' }, status: 201, errors: [409], query: CLIENT },
      body: { type: 'array', maxItems: 500, items: EVENT },
      handle: (request, reply, caller) => tellEvents(request, reply, caller, deps),
    },
  ];
}
