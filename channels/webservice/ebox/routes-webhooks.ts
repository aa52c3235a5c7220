import type { EboxDeps } from './deps.ts';
import { WEBHOOKS_PATH } from './paths.ts';
import type { Route } from './routes.ts';
import { NOTHING } from './schemas-owner.ts';
import { WEBHOOK_ADDED, WEBHOOK_REQUEST, WEBHOOKS } from './schemas-webhooks.ts';
import { NEEDS } from './scopes.ts';
import { subscribe, unsubscribe, webhooks } from './webhooks.ts';

const OWNER = { needs: NEEDS.messages, tag: 'owner' } as const;

/** Where owners are told of events by themselves. */
export function webhookRoutes(deps: EboxDeps): Route[] {
  return [
    {
      ...{ ...OWNER, method: 'GET', path: WEBHOOKS_PATH, summary: 'Where events are sent to', answer: WEBHOOKS },
      handle: (_request, _reply, caller) => webhooks(caller, deps),
    },
    {
      ...{ ...OWNER, method: 'POST', path: WEBHOOKS_PATH, summary: 'Have events sent, signed, to a URL of yours' },
      ...{ body: WEBHOOK_REQUEST, answer: WEBHOOK_ADDED, status: 201, errors: [413] },
      handle: async (request, reply, caller) => reply.code(201).send(await subscribe(request, caller, deps)),
    },
    {
      ...{ ...OWNER, method: 'DELETE', path: `${WEBHOOKS_PATH}/:webhookId`, summary: 'Send no events there any more' },
      ...{ answer: NOTHING, status: 204 },
      handle: async (request, reply, caller) => {
        await unsubscribe(request, caller, deps);
        return reply.code(204).send();
      },
    },
  ];
}
