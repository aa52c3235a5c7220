import { z } from 'zod';
import { type View, viewIn } from '../../../engine/mailboxes/access.ts';
import { summaryOf } from '../../../engine/mailboxes/counts.ts';
import {
  activateMailbox,
  changeMailbox,
  findMailbox,
  type Mailbox,
  openMailbox,
} from '../../../engine/mailboxes/mailboxes.ts';
import { changeProvider, findProvider, type Provider, providersOf } from '../../../engine/mailboxes/providers.ts';
import { audit } from '../../../engine/store/audit.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, notFound } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { Texts } from './described.ts';
import { seen } from './list.ts';
import { FEDERATION, REGISTRY_V2 } from './paths.ts';
import { instant } from './view.ts';

const KINDS = { ENTERPRISE: 'enterprise', CITIZEN: 'citizen' } as const;
const EboxType = z
  .string()
  .toUpperCase()
  .pipe(z.enum(['ENTERPRISE', 'CITIZEN']));

const Wanted = z.strictObject({
  eboxType: EboxType,
  eboxIdType: z.string().max(40),
  eboxIdValueList: z.array(z.string().max(20)).min(1).max(1_000),
});

/** Who of these wants no paper any more: those that are known. Totals are of what the caller may see, and shown to who may see the mailbox. */
export async function searchPreferences(body: unknown, caller: EboxCaller, deps: EboxDeps) {
  const { eboxType, eboxIdValueList } = parsed(Wanted, body);
  const found: object[] = [];
  for (const eboxId of new Set(eboxIdValueList)) {
    const key = await deps.recipientOf({ kind: KINDS[eboxType], eboxId });
    if (!key) continue;
    const mailbox = await findMailbox(deps.db, key);
    const view = mailbox && (await viewIn(mailbox, caller, deps.viewOf));
    found.push({
      ...{ eboxId: { eboxType, eboxIdValue: eboxId }, exclusivelyEbox: mailbox?.exclusive ?? false },
      ...(view && (await figuresOf(mailbox, view, deps))),
    });
  }
  if (found.length === 0) throw notFound();
  return found;
}

async function figuresOf(mailbox: Mailbox, view: View, { db }: EboxDeps) {
  const { messages, unread } = await summaryOf(db, mailbox.id, seen(view));
  return {
    ...(mailbox.lastConnectedAt !== undefined && { lastConnectionDate: instant(mailbox.lastConnectedAt) }),
    totalNumberOfMessages: messages,
    totalNumberOfUnreadMessages: unread,
  };
}

const ToUpdate = z.strictObject({
  eboxId: z.strictObject({ eboxType: EboxType, eboxIdValue: z.string().max(20) }),
  exclusivelyEbox: z.boolean(),
});

/** Sets whether an owner wants no paper any more: whoever may change the mailbox. The owner's own consent makes it active. */
export async function changePreferences(body: unknown, caller: EboxCaller, deps: EboxDeps) {
  const { eboxId, exclusivelyEbox } = parsed(ToUpdate, body);
  const key = await deps.recipientOf({ kind: KINDS[eboxId.eboxType], eboxId: eboxId.eboxIdValue });
  const view = key && (await viewIn(key, caller, deps.viewOf));
  if (!key || !view) throw notFound();
  if (!view.mayChoose) throw new ProblemError('missingPermission', 'Only managers choose for the whole mailbox');
  const at = deps.clock();
  const mailbox = await inTransaction(deps.db, async (tx) => {
    const { id } = await openMailbox(tx, key, at);
    await changeMailbox(tx, id, { exclusive: exclusivelyEbox });
    if (exclusivelyEbox && view.isOwner) await activateMailbox(tx, id, at);
    const outcome = exclusivelyEbox ? 'no paper' : 'paper too';
    await audit(tx, { at, who: caller.who, what: 'preference changed', subject: key.eboxId, outcome });
    return openMailbox(tx, key, at);
  });
  return { eboxId, exclusivelyEbox, ...(await figuresOf(mailbox, view, deps)) };
}

/** The providers of the federation that this engine knows. */
export async function listProviders(deps: EboxDeps) {
  return (await providersOf(deps.db, ownProvider(deps))).map(withLink(deps));
}

/** One provider. Rejects with a problem when there is none. */
export async function oneProvider(id: string, deps: EboxDeps) {
  const provider = await findProvider(deps.db, ownProvider(deps), id);
  if (!provider) throw notFound();
  return withLink(deps)(provider);
}

const Day = z.iso.date();
const ProviderChange = z
  .strictObject({
    messageProviderId: z.string().max(100),
    messageProviderName: Texts,
    messageProviderDescription: Texts,
    messageProviderUrl: z.url({ protocol: /^https?$/ }),
    messageProviderActivationDate: Day,
    messageProviderDeactivationDate: Day,
    messageProviderTechnicalContact: z.string().max(200),
    messageProviderPlannedMaintenance: z
      .array(z.strictObject({ startDate: z.iso.datetime({ offset: true }), endDate: z.iso.datetime({ offset: true }) }))
      .max(100),
    apiSupportedVersion: z.string().max(20),
    _links: z.unknown(),
  })
  .partial();

/** Changes what is said of this engine as a provider: its own organisation may, what is not given stays. */
export async function updateProvider(id: string, body: unknown, caller: EboxCaller, deps: EboxDeps) {
  const { messageProviderId = id, _links, ...changes } = parsed(ProviderChange, body);
  if (id !== deps.provider || caller.organisation !== deps.organisation) throw notFound();
  if (messageProviderId !== id) throw new ProblemError('badRequest', 'messageProviderId cannot be changed');
  const changed = await inTransaction(deps.db, (tx) => changeProvider(tx, ownProvider(deps), changes, deps.clock()));
  return withLink(deps)(changed);
}

/** What this engine says of itself until somebody says otherwise. */
function ownProvider({ provider, url, contact }: EboxDeps): Provider {
  const name = { nl: provider, fr: provider, de: provider, en: provider };
  return {
    ...{ messageProviderId: provider, messageProviderName: name, messageProviderDescription: name },
    ...{ messageProviderUrl: `${url()}${REGISTRY_V2}/`, messageProviderActivationDate: '2026-01-01' },
    ...{ messageProviderTechnicalContact: contact || 'unknown', apiSupportedVersion: '2.1' },
  };
}

const withLink = (deps: EboxDeps) => (provider: Provider) => ({
  ...provider,
  _links: {
    self: { href: `${deps.url()}${FEDERATION}/messageProviders/${encodeURIComponent(provider.messageProviderId)}` },
  },
});
