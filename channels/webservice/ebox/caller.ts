import type { FastifyReply, FastifyRequest } from 'fastify';
import { isEnterpriseNumber, padEnterpriseNumber } from '../../../engine/core/identifiers.ts';
import { type Caller, eboxIdOf, type View, type ViewOf } from '../../../engine/mailboxes/access.ts';
import {
  activateMailbox,
  changeMailbox,
  isOfOrganisation,
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
import { type People, showsSession } from '../people.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { SCOPES_OF_PEOPLE } from './scopes.ts';

/** Who asks, and with which scopes. */
export type EboxCaller = Caller & { readonly scopes: readonly string[] };

const HEADER = 'on-behalf-of-enterprise-number';

/** How requests are let in: software by its access token, people by the token of their session. */
export interface Entrance {
  readonly access: Access;
  readonly people: People;
}

/** Lets a request in with one of these scopes, for the organisation that it says it is for. Rejects with a problem. */
export async function callerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { access, people }: Entrance,
  needs: readonly EboxScope[],
): Promise<EboxCaller> {
  if (showsSession(request)) return personOf(request, reply, people, needs);
  const { sender: who, organisation, quality, grant } = await access.bearerOf(request, reply, ...needs);
  const caller = { kind: 'sender', who, organisation, quality, scopes: grant.scopes } as const;
  const named = request.headers[HEADER];
  if (named === undefined) return caller;
  const onBehalfOf = padEnterpriseNumber(String(named));
  if (!isEnterpriseNumber(onBehalfOf)) {
    throw invalidInput('header', 'On-Behalf-Of-Enterprise-Number', 'is no enterprise number');
  }
  return { ...caller, ...(onBehalfOf !== organisation && { onBehalfOf }) };
}

/** People read and answer in the mailboxes of their organisation; they publish nothing, and act for no other. */
async function personOf(
  request: FastifyRequest,
  reply: FastifyReply,
  people: People,
  needs: readonly EboxScope[],
): Promise<EboxCaller> {
  const { session } = await people.signedIn(request, reply);
  const { person: who, enterpriseNumber: organisation } = session;
  if (!needs.some((scope) => SCOPES_OF_PEOPLE.includes(scope))) {
    throw new ProblemError('missingScope', 'This is for software of publishers only');
  }
  const named = request.headers[HEADER];
  if (named !== undefined && padEnterpriseNumber(String(named)) !== organisation) throw notFound();
  return { kind: 'person', who, organisation, scopes: SCOPES_OF_PEOPLE };
}

export interface VisitDeps {
  readonly db: Db;
  readonly viewOf: ViewOf;
  readonly recipientOf: RecipientOf;
  /** What has been asked of the mailboxes already; absent: they are asked for. */
  readonly asked?: Promise<readonly Mailbox[]>;
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
  const eboxId = eboxIdOf(caller);
  const asked = deps.asked ?? mailboxesOf(deps.db, eboxId);
  const [mailboxes, view] = await Promise.all([asked, deps.viewOf(caller, eboxId)]);
  if (!view) throw notFound();
  const ofOrganisation = mailboxes.filter(isOfOrganisation);
  const [first, second] = ofOrganisation;
  // of two, which only a store of an earlier release has, it is that of the kind as which the organisation is registered
  const key = first && !second ? first : ((await deps.recipientOf({ kind: 'enterprise', eboxId })) ?? first);
  const found = ofOrganisation.find(({ kind }) => kind === key?.kind);
  if (!key) throw notFound();
  const { isOwner } = view;
  const looks = { isOwner, isPerson: caller.kind === 'person', db: deps.db, now };
  return { mailbox: await look(key, found, looks), view };
}

/** What is answered for a mailbox, message or attachment that there is not, or not for this caller. */
export const notFound = () => new ProblemError('resourceNotFound', 'There is no such thing, for this caller');

const LOOK_MS = 60_000; // each look is noted once in so long: reading costs no writing

interface Looks {
  readonly isOwner: boolean;
  readonly isPerson: boolean;
  readonly db: Db;
  readonly now: Date;
}

async function look(
  key: MailboxKey,
  found: Mailbox | undefined,
  { isOwner, isPerson, db, now }: Looks,
): Promise<Mailbox> {
  const last = isPerson ? found?.lastConnectedAt : found?.lastConsultedAt;
  const isNoted = !isOwner || (found?.activeSince !== undefined && isRecent(last, now));
  if (found && isNoted) return found;
  return inTransaction(db, async (tx) => {
    const mailbox = found ?? (await openMailbox(tx, key, now));
    if (isOwner) {
      await activateMailbox(tx, mailbox.id, now);
      await changeMailbox(tx, mailbox.id, { lastConsultedAt: now, ...(isPerson && { lastConnectedAt: now }) });
    }
    return mailbox;
  });
}

const isRecent = (at: string | undefined, now: Date) =>
  at !== undefined && now.getTime() - new Date(at).getTime() < LOOK_MS;
