import type { z } from 'zod';
import type { Publication } from '../../../engine/mailboxes/publication.ts';
import type { EboxDeps } from './deps.ts';
import { link, publish, searchStatus } from './publish.ts';
import type { Route } from './routes.ts';
import { LINK_RESPONSE, PUBLISHED } from './schemas.ts';
import { STATUS_LIST, STATUS_REQUEST, TO_LINK } from './schemas-v2.ts';
import { NEEDS } from './scopes.ts';

/** How a version describes a publication, and where it is sent. */
export interface Publishing {
  readonly path: string;
  readonly description: z.ZodType<Publication>;
  readonly body: object;
  readonly headers?: object;
}

const ABOUT = { method: 'POST', tag: 'publishing', status: 201 } as const;

/** What a publisher does, the same in all versions but for how a publication is described. */
export function publishRoutes(deps: EboxDeps, { path, description, body, headers }: Publishing): Route[] {
  return [
    {
      ...{ ...ABOUT, path, needs: NEEDS.publishOrReply, summary: 'Publish a message, or answer one' },
      ...{ answer: PUBLISHED, errors: [409, 413], body, consumes: 'multipart/form-data', ...(headers && { headers }) },
      handle: (request, reply, caller) => publish(request, reply, caller, { ...deps, description }),
    },
    {
      ...{ ...ABOUT, path: '/linkEboxMessage', needs: NEEDS.publish, summary: 'Send a message to more recipients' },
      ...{ answer: LINK_RESPONSE, body: TO_LINK },
      handle: (request, reply, caller) => link(request, reply, caller, deps),
    },
    {
      ...{ ...ABOUT, path: '/searchMessageStatus', needs: NEEDS.publish, summary: 'What became of messages' },
      ...{ answer: STATUS_LIST, body: STATUS_REQUEST },
      handle: (request, reply, caller) => searchStatus(request, reply, caller, deps),
    },
  ];
}
