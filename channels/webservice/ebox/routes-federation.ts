import type { FastifyRequest } from 'fastify';
import type { EboxDeps } from './deps.ts';
import { changePreferences, listProviders, oneProvider, searchPreferences, updateProvider } from './federation.ts';
import type { Route } from './routes.ts';
import { BOOLEAN, INTEGER, STRING, TRANSLATED, WHEN } from './schemas.ts';
import { NEEDS } from './scopes.ts';

const EBOX_ID = {
  type: 'object',
  required: ['eboxType', 'eboxIdValue'],
  properties: { eboxType: { type: 'string', description: 'ENTERPRISE or CITIZEN' }, eboxIdValue: STRING },
} as const;

const PREFERENCES = {
  type: 'object',
  required: ['eboxId', 'exclusivelyEbox'],
  properties: {
    ...{ eboxId: EBOX_ID, exclusivelyEbox: BOOLEAN, lastConnectionDate: WHEN },
    ...{ totalNumberOfMessages: INTEGER, totalNumberOfUnreadMessages: INTEGER },
  },
} as const;

const WANTED = {
  type: 'object',
  required: ['eboxType', 'eboxIdType', 'eboxIdValueList'],
  properties: {
    eboxType: STRING,
    eboxIdType: STRING,
    eboxIdValueList: { type: 'array', maxItems: 1_000, items: STRING },
  },
} as const;

const TO_UPDATE = {
  type: 'object',
  required: ['eboxId', 'exclusivelyEbox'],
  properties: { eboxId: EBOX_ID, exclusivelyEbox: BOOLEAN },
} as const;

const DAY = { type: 'string', format: 'date' } as const;
const LINKS = { type: 'object', properties: { self: { type: 'object', properties: { href: STRING } } } } as const;

const PROVIDER = {
  type: 'object',
  properties: {
    ...{ messageProviderId: STRING, messageProviderName: TRANSLATED, messageProviderDescription: TRANSLATED },
    ...{ messageProviderUrl: STRING, messageProviderActivationDate: DAY, messageProviderDeactivationDate: DAY },
    messageProviderTechnicalContact: STRING,
    messageProviderPlannedMaintenance: {
      type: 'array',
      items: { type: 'object', required: ['startDate', 'endDate'], properties: { startDate: WHEN, endDate: WHEN } },
    },
    ...{ apiSupportedVersion: STRING, _links: LINKS },
  },
} as const;

/** The schemas of this interface by name: what its documentation gives. */
export const FEDERATION_SCHEMAS: Readonly<Record<string, object>> = {
  EboxPreferences: PREFERENCES,
  EboxIdSameTypeList: WANTED,
  EboxPreferencesToUpdate: TO_UPDATE,
  MessageProvider: PROVIDER,
};

const MERGE = 'application/merge-patch+json';

/** Preferences and providers (federation interface 1.3, protocol §2.3). */
export function federationRoutes(deps: EboxDeps): Route[] {
  const headers = { type: 'object' };
  const preferences = { tag: 'preferences', needs: NEEDS.preferences } as const;
  const providers = { tag: 'providers', needs: NEEDS.providers, headers } as const;
  const idIn = ({ params }: FastifyRequest) => (params as { id: string }).id;
  return [
    {
      ...{ ...preferences, method: 'POST', path: '/eboxPreferences/search', summary: 'Who wants no paper any more' },
      ...{ answer: { type: 'array', description: 'Those that are known', items: PREFERENCES }, body: WANTED },
      handle: (request, _reply, caller) => searchPreferences(request.body, caller, deps),
    },
    {
      ...{ ...preferences, method: 'PATCH', path: '/eboxPreferences', summary: 'Say whether one wants paper' },
      ...{ answer: PREFERENCES, body: TO_UPDATE, consumes: MERGE },
      handle: (request, _reply, caller) => changePreferences(request.body, caller, deps),
    },
    {
      ...{ ...providers, method: 'GET', path: '/messageProviders', summary: 'The providers of messages' },
      answer: { type: 'array', description: 'All of them', items: PROVIDER },
      handle: () => listProviders(deps),
    },
    {
      ...{ ...providers, method: 'GET', path: '/messageProviders/:id', summary: 'A provider', answer: PROVIDER },
      handle: (request) => oneProvider(idIn(request), deps),
    },
    {
      ...{ ...providers, method: 'PATCH', path: '/messageProviders/:id', summary: 'Change a provider' },
      ...{ answer: PROVIDER, body: PROVIDER, consumes: MERGE },
      handle: (request, _reply, caller) => updateProvider(idIn(request), request.body, caller, deps),
    },
  ];
}
