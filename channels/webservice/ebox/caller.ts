import type { FastifyReply, FastifyRequest } from 'fastify';
import { isEnterpriseNumber, padEnterpriseNumber } from '../../../engine/core/identifiers.ts';
import type { Caller, View, ViewOf } from '../../../engine/mailboxes/access.ts';
import {
  activateMailbox,
  changeMailbox,
  type Mailbox,
  type MailboxKey,
  mailboxesOf,
  openMailbox,
} from '../../../engine/mailboxes/mailboxes.ts';
import type { RecipientOf } from '../../../engine/mailboxes/publish.ts';
import type { EboxScope } from '../../../engine/registry/scopes.ts';
import type { Db } from '../../../engine/store/database.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import type { Access } from '../access.ts';
import { invalidInput, ProblemError } from '../problem.ts';

/** Who asks, and with which scopes. */
export interface EboxCaller extends Caller {
  readonly scopes: readonly string[];
}

const HEADER = 'on-behalf-of-enterprise-number';

/** Lets a request in with one of these scopes, for the organisation that it says it is for. Rejects with a problem. */
export async function callerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  access: Access,
  needs: readonly EboxScope[],
): Promise<EboxCaller> {
  const { sender, organisation, grant } = await access.bearerOf(request, reply, ...needs);
  const named = request.headers[HEADER];
  if (named === undefined) return { sender, organisation, scopes: grant.scopes };
  const onBehalfOf = padEnterpriseNumber(String(named));
  if (!isEnterpriseNumber(onBehalfOf)) {
    throw invalidInput('header', 'On-Behalf-Of-Enterprise-Number', 'is no enterprise number');
  }
  return { sender, organisation, scopes: grant.scopes, ...(onBehalfOf !== organisation && { onBehalfOf }) };
}

export interface VisitDeps {
  readonly db: Db;
  readonly viewOf: ViewOf;
  readonly recipientOf: RecipientOf;
}

/** A mailbox that a caller may look into, and what it may see there. */
export interface Visit {
  readonly mailbox: Mailbox;
  readonly view: View;
}

/**
 * The mailbox that a request is about: the caller's own, or that of whom it is for. Unknown and forbidden look alike.
 * The first look of its owner makes it active.
 */
export async function visit(caller: Caller, deps: VisitDeps, now: Date): Promise<Visit> {
  const eboxId = caller.onBehalfOf ?? caller.organisation;
  const found = (await mailboxesOf(deps.db, eboxId)).find(
    ({ kind }) => kind === 'enterprise' || kind === 'institution',
  );
  const key = found ?? (await deps.recipientOf({ kind: 'enterprise', eboxId }));
  const view = key && (await deps.viewOf(caller, key));
  if (!key || !view) throw notFound();
  return { mailbox: await look(key, found, { isOwner: view.isOwner, db: deps.db, now }), view };
}

/** What is answered for a mailbox, message or attachment that there is not, or not for this caller. */
export const notFound = () => new ProblemError('resourceNotFound', 'There is no such thing, for this caller');

const LOOK_MS = 60_000; // each look is noted once in so long: reading costs no writing

async function look(
  key: MailboxKey,
  found: Mailbox | undefined,
  { isOwner, db, now }: { readonly isOwner: boolean; readonly db: Db; readonly now: Date },
): Promise<Mailbox> {
  const isNoted = !isOwner || (found?.activeSince !== undefined && isRecent(found.lastConsultedAt, now));
  if (found && isNoted) return found;
  return inTransaction(db, async (tx) => {
    const mailbox = found ?? (await openMailbox(tx, key, now));
    if (isOwner) {
      await activateMailbox(tx, mailbox.id, now);
      await changeMailbox(tx, mailbox.id, { lastConsultedAt: now });
    }
    return mailbox;
  });
}

const isRecent = (at: string | undefined, now: Date) =>
  at !== undefined && now.getTime() - new Date(at).getTime() < LOOK_MS;
