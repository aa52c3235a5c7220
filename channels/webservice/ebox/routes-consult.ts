import type { FastifyRequest } from 'fastify';
import type { Listed } from '../../../engine/mailboxes/list.ts';
import type { Attachment } from '../../../engine/mailboxes/messages.ts';
import { type EboxCaller, notFound, visit } from './caller.ts';
import { changeVisibility, openMessage, summary } from './consult.ts';
import { openAttachment, readBody, sendContent } from './content.ts';
import type { EboxDeps } from './deps.ts';
import { type ListQuery, pageOf } from './list.ts';
import type { Route } from './routes.ts';
import { BYTES, LIST_QUERY, listOf, PAYMENT, SUMMARY, TRANSLATED } from './schemas.ts';
import { TO_UPDATE } from './schemas-v2.ts';
import { NEEDS } from './scopes.ts';
import { listed, type ShowText } from './view.ts';

/** How a version shows messages and attachments. */
export interface Views {
  /** Of the version, without a slash at the end. */
  readonly base: string;
  readonly messageSchema: object;
  readonly attachmentSchema: object;
  /** `base` is the address of the messages. */
  readonly message: (one: Listed, base: string) => object;
  /** `href` is the address of its message. */
  readonly attachment: (one: Attachment, href: string) => object;
  readonly text: ShowText;
}

const MESSAGE = '/ebox/messages/:messageId';
const READING = { method: 'GET', needs: NEEDS.messages, tag: 'messages' } as const;

/** What the owner of a mailbox does, the same in all versions but for how things are called. */
export function consultRoutes(deps: EboxDeps, views: Views): Route[] {
  const base = () => `${deps.url()}${views.base}/ebox/messages`;
  const hrefOf = ({ params }: FastifyRequest) =>
    `${base()}/${encodeURIComponent((params as { messageId: string }).messageId)}`;

  async function list({ query }: FastifyRequest, caller: EboxCaller) {
    const visited = await visit(caller, deps, deps.clock());
    const { items, total } = await pageOf(visited, query as ListQuery, caller, deps);
    const address = base();
    return listed(
      items.map((one) => views.message(one, address)),
      total ?? null,
    );
  }

  async function attachments(request: FastifyRequest, caller: EboxCaller) {
    const { message } = await openMessage(request, caller, deps);
    return listed(message.attachments.map((one) => views.attachment(one, hrefOf(request))));
  }

  async function payment(request: FastifyRequest, caller: EboxCaller) {
    const { payment: asked } = (await openMessage(request, caller, deps)).message;
    if (!asked) throw notFound();
    return asked;
  }

  return [
    {
      ...READING,
      ...{ path: '/ebox', needs: NEEDS.summary, summary: 'The summary of a mailbox', answer: SUMMARY },
      handle: (_request, _reply, caller) => summary(caller, deps),
    },
    {
      ...{ ...READING, path: '/ebox/messages', summary: 'Messages, newest first', query: LIST_QUERY },
      answer: {
        description:
          'totalItems is absent when it would take long to count: more than 1,000 found, or more than 10,000 of some days',
        ...listOf(views.messageSchema),
      },
      handle: (request, _reply, caller) => list(request, caller),
    },
    {
      ...{ ...READING, method: 'PATCH', path: '/ebox/messages', summary: 'Hide messages, or show them again' },
      ...{ answer: { description: 'Done', type: 'null' }, body: TO_UPDATE, consumes: 'application/merge-patch+json' },
      handle: (request, reply, caller) => changeVisibility(request, reply, caller, deps),
    },
    {
      ...{ ...READING, path: MESSAGE, summary: 'A message', answer: views.messageSchema },
      handle: async (request, _reply, caller) => views.message(await openMessage(request, caller, deps), base()),
    },
    {
      ...{ ...READING, path: `${MESSAGE}/attachments`, summary: 'Its attachments' },
      answer: listOf(views.attachmentSchema),
      handle: (request, _reply, caller) => attachments(request, caller),
    },
    {
      ...{ ...READING, path: `${MESSAGE}/attachments/:attachmentId`, summary: 'One of its attachments' },
      answer: views.attachmentSchema,
      handle: async (request, _reply, caller) =>
        views.attachment((await openAttachment(request, caller, deps)).attachment, hrefOf(request)),
    },
    {
      ...{ ...READING, path: `${MESSAGE}/attachments/:attachmentId/content`, errors: [416] },
      ...{ summary: 'The content of an attachment, or a range of it', answer: BYTES },
      handle: (request, reply, caller) => sendContent(request, reply, caller, deps),
    },
    {
      ...{ ...READING, path: `${MESSAGE}/body`, summary: 'Its body', answer: TRANSLATED },
      handle: async (request, _reply, caller) => views.text(await readBody(request, caller, deps)),
    },
    {
      ...{ ...READING, path: `${MESSAGE}/paymentData`, summary: 'What is to be paid', answer: PAYMENT },
      handle: (request, _reply, caller) => payment(request, caller),
    },
  ];
}
