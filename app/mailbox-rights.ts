import { freshFor } from '../engine/core/fresh.ts';
import type { Caller, HasMandate, View, ViewOf } from '../engine/mailboxes/access.ts';
import { typesInUse } from '../engine/mailboxes/counts.ts';
import { type MessageTypes, typeIn } from '../engine/mailboxes/message-types.ts';
import { employerKey, holdsOn, mandatesFor } from '../engine/registry/mandates.ts';
import {
  type MessageToRead,
  type Reader,
  readableTypes,
  readsAll,
  type Standing,
  standingOf,
} from '../engine/registry/rights.ts';
import type { Db } from '../engine/store/database.ts';

const OTHERS_MS = 3_600_000;

/** The goal that stands for mailboxes in a mandate; a mandate for every goal is for the mailbox too. */
const MAILBOX_GOAL = 'EBOX';

/**
 * Who sees what of the mailboxes: the one place that decides, by the registers as they are now. People and software see
 * the mailboxes of their own organisation, of the types that the access register lets them read; software sees those of
 * organisations that it holds a mandate of, of the types that it may read at home. Everybody else sees nothing.
 */
export function createViewOf(db: Db, types: MessageTypes, hasMandate: HasMandate): ViewOf {
  const configured = Object.values(types).map(({ id: type, protected: isProtected, service, quality }) => {
    return { type, protected: isProtected, ...(service && { service }), ...(quality && { quality }) };
  });
  const inUse = freshFor(OTHERS_MS, () => typesInUse(db));
  // of a type that the configuration does not know any more nobody says whether it is protected: so it is
  const unknown = async (standing: Standing) =>
    [...new Set([...(await inUse()), ...standing.types])]
      .filter((type) => !typeIn(types, type))
      .map((type): MessageToRead => ({ type, protected: true }));
  return async (caller, enterpriseNumber): Promise<View | undefined> => {
    const isOwner = enterpriseNumber === caller.organisation;
    if (enterpriseNumber !== (caller.onBehalfOf ?? caller.organisation)) return undefined;
    if (!isOwner && !(await hasMandate(caller, enterpriseNumber))) return undefined;
    const standing = await standingOf(db, readerOf(caller), caller.organisation);
    if (standing.roles.length === 0) return undefined;
    const mayChoose = standing.roles.some(({ role }) => role !== 'user');
    const view = { mayChange: true, mayChoose, isOwner };
    if (readsAll(standing)) return view;
    return { ...view, types: readableTypes(standing, [...configured, ...(await unknown(standing))]) };
  };
}

function readerOf(caller: Caller): Reader {
  if (caller.kind === 'person') return { kind: 'person', id: caller.who };
  const { kind, organisation: enterpriseNumber, quality } = caller;
  return { kind, enterpriseNumber, quality };
}

/** Mandates as registered today: for the mailbox by name, or for everything. People have none: they are of one organisation. */
export function registeredMandates(db: Db, today: () => string): HasMandate {
  return async (caller, other) => {
    if (caller.kind !== 'sender') return false;
    const { organisation, quality, who } = caller;
    const mandatee = { organisation, quality, sender: who };
    const held = await mandatesFor(db, mandatee, [employerKey(other)]);
    return held.some((mandate) => holdsOn(mandate, today()) && (mandate.goals?.includes(MAILBOX_GOAL) ?? true));
  };
}
