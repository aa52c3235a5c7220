/** Where the interfaces of the mailboxes lie: as the authority's files say (protocol §2.2 to 2.4). */
export const REGISTRY_V2 = '/REST/ebox/enterprise/messageRegistry/v2';
export const REGISTRY_V3 = '/REST/ebox/enterprise/messageRegistry/v3';
export const FEDERATION = '/REST/ebox/enterprise/federation/v1';
export const EVENTS_BASE = '/events-api/1.0.0';
export const EVENTS = `${EVENTS_BASE}/ebox/enterprise/document/events`;

/** Webhooks of owners, after the base of version 3. */
export const WEBHOOKS_PATH = '/ebox/webhooks';
