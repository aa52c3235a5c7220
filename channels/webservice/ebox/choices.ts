import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isEnterpriseNumber } from '../../../engine/core/identifiers.ts';
import { lockMailbox, type Mailbox } from '../../../engine/mailboxes/mailboxes.ts';
import { type RoutingRule, replaceRoutingRules, routingRulesOf } from '../../../engine/mailboxes/routing.ts';
import { addressesOf, confirmAddress, removeAddress, requestAddress } from '../../../engine/outbound/mail-addresses.ts';
import { LANGUAGES } from '../../../engine/registry/organisations.ts';
import { audit } from '../../../engine/store/audit.ts';
import type { Db } from '../../../engine/store/database.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, notFound, visit } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { instant, listed } from './view.ts';

/** Does something about a mailbox that the caller may change, or choose for. */
export async function changing<T>(
  caller: EboxCaller,
  deps: EboxDeps,
  work: (tx: Db, mailbox: Mailbox, by: { readonly who: string; readonly now: Date }) => Promise<T>,
  needs: readonly ('mayChange' | 'mayChoose' | 'isOwner')[] = ['mayChange'],
): Promise<T> {
  const now = deps.clock();
  const { mailbox, view } = await visit(caller, deps, now);
  if (!needs.every((need) => view[need]))
    throw new ProblemError('missingPermission', 'The caller may not choose for this mailbox');
  return inTransaction(deps.db, async (tx) => {
    await lockMailbox(tx, mailbox.id); // two who choose at once do so one after the other
    return work(tx, mailbox, { who: caller.who, now });
  });
}

/** Where mails about a mailbox go, and which of these addresses keep failing. */
export function addresses(caller: EboxCaller, deps: EboxDeps) {
  return changing(caller, deps, async (tx, mailbox, { now }) =>
    listed(
      (await addressesOf(tx, mailbox, now)).map(({ failingSince, lastFailure, ...one }) => ({
        ...one,
        ...(failingSince !== undefined && { failingSince: instant(failingSince), lastFailure }),
      })),
    ),
  );
}

const Wanted = z.strictObject({
  address: z.string().max(254),
  language: z.enum(LANGUAGES),
  owner: z.boolean().default(false),
});

/** Sends an address a code; until it is given back, nothing else is sent there. */
export async function addressRequest({ body }: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<void> {
  const wanted = parsed(Wanted, body);
  await changing(caller, deps, (tx, mailbox, by) => requestAddress(tx, { ...wanted, mailbox }, by));
}

const Confirmation = z.strictObject({ token: z.string().max(100) });

/** Takes the code that an address got. */
export async function confirm({ body }: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<void> {
  const { token } = parsed(Confirmation, body);
  const confirmed = await changing(caller, deps, (tx, _mailbox, { now }) => confirmAddress(tx, token, now));
  if (!confirmed) throw invalidInput('body', 'token', 'is unknown, was used, or is older than 48 hours');
}

/** Takes an address away. */
export async function forget({ params }: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<void> {
  const { address } = params as { readonly address: string };
  const gone = await changing(caller, deps, (tx, mailbox, by) => removeAddress(tx, { mailbox, address }, by));
  if (!gone) throw notFound();
}

const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, { error: '1 to 40 letters, digits, . _ or -' });
const Organisation = z.string().refine(isEnterpriseNumber, { error: 'is no enterprise number' });
const Rules = z.strictObject({
  items: z
    .array(
      z.strictObject({
        priority: z.int().min(1).max(10_000),
        messageTypeId: Name.optional(),
        senderApplicationId: Name.optional(),
        senderOrganizationId: Organisation.optional(),
        partition: Name,
      }),
    )
    .max(200)
    .refine((rules) => new Set(rules.map(({ priority }) => priority)).size === rules.length, {
      error: 'has a priority twice',
    }),
});

/** The rules by which messages are put into partitions, the first that fits wins. */
export async function routing(caller: EboxCaller, deps: EboxDeps) {
  const { mailbox } = await visit(caller, deps, deps.clock());
  return listed((await routingRulesOf(deps.db, mailbox.id)).map(ruleView));
}

/** Replaces the rules; what lies in the mailbox stays where it is. For managers, and software. */
export function setRouting({ body }: FastifyRequest, caller: EboxCaller, deps: EboxDeps) {
  const rules = parsed(Rules, body).items.map(ruleOf);
  const replace = async (
    tx: Db,
    { id, eboxId }: Mailbox,
    { who, now }: { readonly who: string; readonly now: Date },
  ) => {
    const before = await routingRulesOf(tx, id);
    await replaceRoutingRules(tx, id, rules);
    const facts = { before, after: rules };
    await audit(tx, { at: now, who, what: 'routing changed', subject: eboxId, outcome: 'done', facts });
    return listed((await routingRulesOf(tx, id)).map(ruleView));
  };
  return changing(caller, deps, replace, ['mayChoose']);
}

type RuleView = z.output<typeof Rules>['items'][number];

function ruleOf(rule: RuleView): RoutingRule {
  const { priority, partition, messageTypeId, senderApplicationId, senderOrganizationId } = rule;
  return {
    ...{ priority, partition },
    ...(messageTypeId !== undefined && { messageType: messageTypeId }),
    ...(senderApplicationId !== undefined && { senderApplication: senderApplicationId }),
    ...(senderOrganizationId !== undefined && { senderOrganisation: senderOrganizationId }),
  };
}

const ruleView = ({ priority, partition, messageType, senderApplication, senderOrganisation }: RoutingRule) => ({
  ...{ priority, partition },
  ...(messageType !== undefined && { messageTypeId: messageType }),
  ...(senderApplication !== undefined && { senderApplicationId: senderApplication }),
  ...(senderOrganisation !== undefined && { senderOrganizationId: senderOrganisation }),
});
