import type { FastifyRequest } from 'fastify';
import { totalsByType } from '../../../engine/mailboxes/counts.ts';
import { type EboxCaller, visit } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { PublicationV3 } from './described.ts';
import { seen } from './list.ts';
import { REGISTRY_V3 } from './paths.ts';
import { reply as answer } from './reply.ts';
import type { Route } from './routes.ts';
import { consultRoutes } from './routes-consult.ts';
import { ownerRoutes } from './routes-owner.ts';
import { publishRoutes } from './routes-publish.ts';
import { referenceRoutes } from './routes-reference.ts';
import { webhookRoutes } from './routes-webhooks.ts';
import { PUBLISHED } from './schemas.ts';
import { ATTACHMENT_V3, IDEMPOTENT, MESSAGE_V3, PUBLICATION_V3, STATISTICS, ZIP, ZIP_QUERY } from './schemas-v3.ts';
import { NEEDS } from './scopes.ts';
import type { ShowText } from './view.ts';
import { attachmentV3, messageV3 } from './view-v3.ts';
import { sendZip } from './zip.ts';

const same: ShowText = (text) => text;

const VIEWS = {
  ...{ base: REGISTRY_V3, messageSchema: MESSAGE_V3, attachmentSchema: ATTACHMENT_V3 },
  ...{ message: messageV3, attachment: attachmentV3, text: same },
};

/** Version 3 of the Message Registry, as far as it is published (protocol §2.2, v3 changes): another view on the same mailboxes. */
export function routesV3(deps: EboxDeps): Route[] {
  const publication = { path: '/ebox/messages', description: PublicationV3, body: PUBLICATION_V3, headers: IDEMPOTENT };
  return [
    ...consultRoutes(deps, VIEWS),
    ...publishRoutes(deps, publication),
    ...referenceRoutes(deps, { base: REGISTRY_V3, root: '/refData', text: same }),
    ...ownerRoutes(deps),
    ...webhookRoutes(deps),
    {
      ...{ method: 'GET', path: '/ebox/statistics', needs: NEEDS.summary, tag: 'messages', answer: STATISTICS },
      summary: 'How many messages there are',
      handle: (_request: FastifyRequest, _reply, caller) => statistics(caller, deps),
    },
    {
      ...{ method: 'GET', path: '/ebox/attachments.zip', needs: NEEDS.messages, tag: 'messages', answer: ZIP },
      ...{ summary: 'All attachments of some messages', query: ZIP_QUERY },
      handle: (request, reply, caller) => sendZip(request, reply, caller, deps),
    },
    {
      ...{ method: 'POST', path: '/ebox/messages/:messageId/reply', needs: NEEDS.reply, tag: 'messages', status: 201 },
      ...{ summary: 'Answer a message', answer: PUBLISHED, errors: [409, 413], headers: IDEMPOTENT },
      ...{ body: PUBLICATION_V3, consumes: 'multipart/form-data' },
      handle: (request, reply, caller) => answer(request, reply, caller, deps),
    },
  ];
}

async function statistics(caller: EboxCaller, deps: EboxDeps) {
  const { mailbox, view } = await visit(caller, deps, deps.clock());
  const byType = await totalsByType(deps.db, mailbox.id, seen(view));
  const sum = (of: (one: (typeof byType)[number]) => number) => byType.reduce((total, one) => total + of(one), 0);
  return {
    numberOfMessages: sum(({ messages }) => messages),
    numberOfUnreadMessages: sum(({ unread }) => unread),
    items: byType.map(({ messageType, messages, unread }) => ({
      ...{ messageTypeId: messageType, numberOfMessages: messages, numberOfUnreadMessages: unread },
    })),
  };
}
