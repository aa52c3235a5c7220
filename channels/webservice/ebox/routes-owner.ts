import type { FastifyReply, FastifyRequest } from 'fastify';
import { addresses, addressRequest, confirm, forget, routing, setRouting } from './choices.ts';
import type { EboxDeps } from './deps.ts';
import { proofs } from './proofs.ts';
import type { Route } from './routes.ts';
import {
  ADDRESS_REQUEST,
  ADDRESSES,
  CONFIRMATION,
  DONE,
  NOTHING,
  PROOFS,
  PROOFS_QUERY,
  ROUTING,
  TASKS,
  TASKS_QUERY,
} from './schemas-owner.ts';
import { NEEDS } from './scopes.ts';
import { listTasks, settleTask } from './tasks.ts';

const OWNER = { needs: NEEDS.messages, tag: 'owner' } as const;
const ADDRESS = '/ebox/mailAddresses';

/** What owners do beside reading: tasks, where mails go, how messages are routed, proofs of registered mail. */
export function ownerRoutes(deps: EboxDeps): Route[] {
  return [...taskRoutes(deps), ...addressRoutes(deps), ...routingRoutes(deps)];
}

function taskRoutes(deps: EboxDeps): Route[] {
  return [
    {
      ...{ ...OWNER, method: 'GET', path: '/ebox/tasks', summary: 'What messages ask for, the soonest due first' },
      ...{ query: TASKS_QUERY, answer: TASKS },
      handle: (request, _reply, caller) => listTasks(request, caller, deps),
    },
    {
      ...{ ...OWNER, method: 'PATCH', path: '/ebox/messages/:messageId/task', summary: 'Say that a task is done' },
      ...{ body: DONE, answer: NOTHING, status: 204, errors: [409] },
      handle: async (request, reply, caller) => {
        await settleTask(request, caller, deps);
        return nothing(reply);
      },
    },
    {
      ...{ method: 'GET', path: '/ebox/messages/:messageId/proofs', needs: NEEDS.publishOrReply, tag: 'owner' },
      ...{ summary: 'Signed proofs of registered mail, for its owner and its publisher' },
      ...{ query: PROOFS_QUERY, answer: PROOFS },
      handle: (request: FastifyRequest, _reply, caller) => proofs(request, caller, deps),
    },
  ];
}

function addressRoutes(deps: EboxDeps): Route[] {
  return [
    {
      ...{ ...OWNER, method: 'GET', path: ADDRESS, summary: 'Where mails about the mailbox go', answer: ADDRESSES },
      handle: (_request, _reply, caller) => addresses(caller, deps),
    },
    {
      ...{ ...OWNER, method: 'POST', path: ADDRESS, summary: 'Ask an address to confirm that it wants mails' },
      ...{ body: ADDRESS_REQUEST, answer: NOTHING, status: 202, errors: [413] },
      handle: async (request, reply, caller) => {
        await addressRequest(request, caller, deps);
        return reply.code(202).send();
      },
    },
    {
      ...{ ...OWNER, method: 'POST', path: `${ADDRESS}/confirm`, summary: 'Confirm an address by the code it got' },
      ...{ body: CONFIRMATION, answer: NOTHING, status: 204 },
      handle: async (request, reply, caller) => {
        await confirm(request, caller, deps);
        return nothing(reply);
      },
    },
    {
      ...{ ...OWNER, method: 'DELETE', path: `${ADDRESS}/:address`, summary: 'Send nothing there any more' },
      ...{ answer: NOTHING, status: 204 },
      handle: async (request, reply, caller) => {
        await forget(request, caller, deps);
        return nothing(reply);
      },
    },
  ];
}

function routingRoutes(deps: EboxDeps): Route[] {
  const path = '/ebox/routingRules';
  return [
    {
      ...{ ...OWNER, method: 'GET', path, summary: 'Which messages go into which partition', answer: ROUTING },
      handle: (_request, _reply, caller) => routing(caller, deps),
    },
    {
      ...{ ...OWNER, method: 'PUT', path, summary: 'Replace the rules: for what arrives from now on' },
      ...{ body: ROUTING, answer: ROUTING },
      handle: (request, _reply, caller) => setRouting(request, caller, deps),
    },
  ];
}

const nothing = (reply: FastifyReply) => reply.code(204).send();
