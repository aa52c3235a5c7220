import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { eboxIdOf, mayShow } from '../../../engine/mailboxes/access.ts';
import { tellOf } from '../../../engine/mailboxes/deliver.ts';
import type { Listed } from '../../../engine/mailboxes/list.ts';
import { findMessage } from '../../../engine/mailboxes/messages.ts';
import { overviewsOf, totalsSeen } from '../../../engine/mailboxes/overview.ts';
import { findAllPlaced, findPlaced, markRead, setVisible } from '../../../engine/mailboxes/placed.ts';
import { keepReceipt } from '../../../engine/mailboxes/registered-mail.ts';
import { audit } from '../../../engine/store/audit.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, notFound, type Visit, visit } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { NEEDS } from './scopes.ts';
import { instant, kilobytes } from './view.ts';

/** The summary of a mailbox, of what the caller may see of it. */
export async function summary(caller: EboxCaller, deps: EboxDeps) {
  const now = deps.clock();
  const all = caller.onBehalfOf !== undefined && NEEDS.allSummaries.some((scope) => caller.scopes.includes(scope));
  const viewOf: EboxDeps['viewOf'] = all
    ? async () => ({ mayChange: false, mayChoose: false, isOwner: false })
    : deps.viewOf;
  const overviews = overviewsOf(deps.db, eboxIdOf(caller));
  const asked = overviews.then((all) => all.map((overview) => overview.mailbox));
  const { mailbox, view } = await visit(caller, { ...deps, viewOf, asked }, now);
  const { shares = [] } = (await overviews).find((overview) => overview.mailbox.id === mailbox.id) ?? {};
  const { messages, unread, bytes } = totalsSeen(shares, view);
  return {
    numberOfMessages: messages,
    numberOfUnreadMessages: unread,
    ...(mailbox.lastReceivedAt !== undefined && { lastReceiptDate: instant(mailbox.lastReceivedAt) }),
    ...(mailbox.lastConsultedAt !== undefined && { lastConsultationDate: instant(mailbox.lastConsultedAt) }),
    eboxSize: kilobytes(bytes),
  };
}

/** A message where it lies, for who may see it. */
export interface Opened extends Listed {
  readonly visit: Visit;
}

/** The message that a request names. Rejects with a problem when the caller may not see it, or there is none. */
export async function openMessage(request: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<Opened> {
  const { messageId } = request.params as { messageId: string };
  const visited = await visit(caller, deps, deps.clock());
  const placed = await findPlaced(deps.db, visited.mailbox.id, messageId);
  const message = placed && mayShow(visited.view, placed) ? await findMessage(deps.db, messageId) : undefined;
  if (!placed || !message) throw notFound();
  return { message, placed, visit: visited };
}

/** Notes the first time that the main content of a message is got, and tells of it. */
export async function noteRead({ message, placed, visit: { mailbox } }: Opened, caller: EboxCaller, deps: EboxDeps) {
  if (placed.firstReadAt !== undefined) return;
  const at = deps.clock();
  await inTransaction(deps.db, async (tx) => {
    if (!(await markRead(tx, placed, at))) return;
    await tellOf(tx, 'readDocument', { message, placed, mailbox }, { provider: deps.provider, at });
    if (deps.evidence)
      await keepReceipt(tx, { message, placed, mailbox }, { who: caller.who, evidence: deps.evidence }, at);
    const subject = `${mailbox.eboxId}:${message.id}`;
    await audit(tx, { at, who: caller.who, what: 'message read', subject, outcome: 'read' });
  });
}

const ToUpdate = z.strictObject({
  items: z
    .array(z.strictObject({ messageId: z.string().max(40), visible: z.boolean() }))
    .min(1)
    .max(100),
  totalItems: z.int().optional(),
});

/** Hides messages, or shows them again: all that are named, or none. */
export async function changeVisibility(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: EboxCaller,
  deps: EboxDeps,
) {
  const { items } = parsed(ToUpdate, request.body);
  const at = deps.clock();
  const { mailbox, view } = await visit(caller, deps, at);
  if (!view.mayChange) throw new ProblemError('missingPermission', 'The caller may read this mailbox only');
  const wanted = new Map(items.map(({ messageId, visible }) => [messageId, visible]));
  await inTransaction(deps.db, async (tx) => {
    const found = await findAllPlaced(tx, mailbox.id, [...wanted.keys()]);
    if (found.filter((placed) => mayShow(view, placed)).length < wanted.size) throw notFound();
    await setVisible(tx, mailbox.id, wanted);
    for (const [messageId, visible] of wanted) {
      const what = visible ? 'message restored' : 'message hidden';
      await audit(tx, { at, who: caller.who, what, subject: `${mailbox.eboxId}:${messageId}`, outcome: 'done' });
    }
  });
  return reply.code(200).send();
}
