import { EngineError } from '../core/errors.ts';
import { type AccessAct, audit } from '../store/audit.ts';
import { type Acting, nameOf, refuseFaults, require, unknown } from './caller.ts';
import {
  type AccessChange,
  changeOrganisationAccess,
  findOrganisationAccess,
  type OrganisationAccess,
  type Quality,
  qualityStatesOf,
  setQualityState,
} from './organisation-access.ts';
import { findOrganisation, type Organisation } from './organisations.ts';
import { addAppointment, holdersOf } from './people.ts';
import { type Actor, mayDo, type OrganisationAct, WIDE_ROLES } from './permissions.ts';
import { endSessionsAt } from './sessions.ts';

/** An organisation with what is decided of its account, as far as the caller may see it. */
export interface OrganisationOverview {
  readonly organisation: Organisation;
  readonly access: OrganisationAccess;
  readonly qualities: readonly Quality[];
}

/** An organisation as its people see it; those of one quality see no other. */
export async function overviewOf({ tx, actor }: Acting, enterpriseNumber: string): Promise<OrganisationOverview> {
  require(mayDo(actor, 'see the organisation', { enterpriseNumber }), 'see the organisation');
  const organisation = await findOrganisation(tx, enterpriseNumber);
  const access = await findOrganisationAccess(tx, enterpriseNumber);
  if (!organisation || !access) throw unknown();
  const qualities = await qualityStatesOf(tx, enterpriseNumber);
  return { organisation, access, qualities: qualities.filter(({ code }) => seesQuality(actor, code)) };
}

function seesQuality(actor: Actor, code: string): boolean {
  if (actor.kind === 'operator') return true;
  return actor.appointments.some(({ role, quality }) => WIDE_ROLES.includes(role) || quality === code);
}

/** What each setting needs. */
const ACTS: Readonly<Record<keyof AccessChange, OrganisationAct>> = {
  access: 'block or unblock the organisation',
  passwordSignIn: 'switch passwords on or off',
  userReading: 'choose how users read',
};

/**
 * Changes settings of an account. Sessions that the new setting forbids end: all when the organisation is blocked, those
 * begun with a password when passwords are switched off.
 */
export async function changeSettings(
  acting: Acting,
  enterpriseNumber: string,
  to: AccessChange,
): Promise<OrganisationAccess> {
  const { tx, actor } = acting;
  for (const key of Object.keys(to) as (keyof AccessChange)[]) {
    require(mayDo(actor, ACTS[key], { enterpriseNumber }), ACTS[key]);
  }
  const before = await findOrganisationAccess(tx, enterpriseNumber);
  if (!before) throw unknown();
  await changeOrganisationAccess(tx, enterpriseNumber, to);
  if (to.access === 'blocked') await endSessionsAt(tx, enterpriseNumber);
  if (to.passwordSignIn === false) await endSessionsAt(tx, enterpriseNumber, 'password');
  const after = { ...before, ...to };
  await tell(acting, 'organisation changed', enterpriseNumber, { before, after });
  return after;
}

/** Activates a quality of those that are configured. Nothing happens when it is active. */
export async function activateQuality(
  acting: Acting,
  enterpriseNumber: string,
  code: string,
  known: readonly string[],
) {
  requireQualityAct(acting, enterpriseNumber);
  if (!known.includes(code)) {
    refuseFaults([{ field: 'quality', rule: 'no such quality is configured', allowed: known.join(', ') }]);
  }
  const before = await qualityStatesOf(acting.tx, enterpriseNumber);
  if (before.some((one) => one.code === code && one.state === 'active')) return;
  await setQualityState(acting.tx, enterpriseNumber, code, 'active');
  await tell(acting, 'quality changed', enterpriseNumber, { quality: code, after: 'active' });
}

/**
 * De-activates a quality. Its people lose their roles in it at once; not the default one, and none that still has a
 * technical user.
 */
export async function deactivateQuality(acting: Acting, enterpriseNumber: string, code: string, inUse: boolean) {
  requireQualityAct(acting, enterpriseNumber);
  const found = (await qualityStatesOf(acting.tx, enterpriseNumber)).find((one) => one.code === code);
  if (found?.state !== 'active') throw unknown();
  if (found.isDefault) throw new EngineError('state_conflict', 'the default quality stays active');
  if (inUse) throw new EngineError('state_conflict', 'a technical user sends for this quality: delete it first');
  await setQualityState(acting.tx, enterpriseNumber, code, 'inactive');
  const sql = 'delete from appointments where enterprise_number = ? and quality = ?';
  await acting.tx.raw(sql, [enterpriseNumber, code]);
  await tell(acting, 'quality changed', enterpriseNumber, { quality: code, before: 'active', after: 'inactive' });
}

/** The main access manager is the access manager of the default quality too, as long as nobody else is (protocol §4). */
export async function completeMainManager({ tx, now }: Acting, id: string, enterpriseNumber: string): Promise<void> {
  const standard = (await qualityStatesOf(tx, enterpriseNumber)).find(
    ({ isDefault, state }) => isDefault && state === 'active',
  );
  if (!standard) return;
  const quality = standard.code;
  if ((await holdersOf(tx, enterpriseNumber, 'access-manager', quality)).length > 0) return;
  await addAppointment(tx, { id, enterpriseNumber }, { role: 'access-manager', quality }, now);
}

function requireQualityAct({ actor }: Acting, enterpriseNumber: string): void {
  const act = 'activate or de-activate a quality';
  require(mayDo(actor, act, { enterpriseNumber }), act);
}

interface Told {
  readonly quality?: string;
  readonly before?: unknown;
  readonly after: unknown;
}

async function tell({ tx, caller, now }: Acting, what: AccessAct, organisation: string, { quality, ...facts }: Told) {
  const about = { subject: organisation, organisation, ...(quality !== undefined && { quality }) };
  const all = { from: caller.from, ...facts };
  await audit(tx, { at: now, who: nameOf(caller), what, outcome: 'done', ...about, facts: all });
}
