import { EngineError } from '../core/errors.ts';
import { isInss } from '../core/identifiers.ts';
import { type AccessAct, audit } from '../store/audit.ts';
import { type Acting, type Fault, nameOf, refuseFaults, require, unknown } from './caller.ts';
import { qualityStatesOf } from './organisation-access.ts';
import {
  addAppointment,
  addPerson,
  erasePerson,
  findPerson,
  holdersOf,
  newPersonId,
  newUserName,
  type Person,
  type PersonNames,
  removeAppointment,
  renamePerson,
  setInss,
  setPersonState,
} from './people.ts';
import {
  type Appointment,
  mayActOn,
  mayAppoint,
  mayDismiss,
  type PersonAct,
  SINGLE_ROLES,
  WIDE_ROLES,
} from './permissions.ts';
import { endSessionsOf } from './sessions.ts';
import { removeTotp } from './totp.ts';
import { storeUserPassword } from './user-passwords.ts';

/** Somebody who is to get access, and the role to begin with. */
export interface PersonRequest extends PersonNames {
  readonly nationalRegisterNumber?: string;
  readonly appointment: Appointment;
  /** Hash of the temporary password; absent: signs in by OpenID Connect until a manager gives one. */
  readonly passwordHash?: string;
}

/** Makes somebody's access and gives the first role. Throws input_invalid, not_found, access_denied, state_conflict. */
export async function createPerson(acting: Acting, enterpriseNumber: string, request: PersonRequest): Promise<Person> {
  const { tx, now } = acting;
  const { appointment, nationalRegisterNumber: inss, passwordHash } = request;
  require(mayAppoint(acting.actor, appointment, enterpriseNumber), `appoint ${appointment.role}`);
  refuseFaults([...nameFaults(request), ...inssFaults(inss), ...placeFaults(appointment)]);
  await requirePlace(acting, enterpriseNumber, appointment);
  const subject = { id: newPersonId(), enterpriseNumber, appointments: [] };
  await addPerson(tx, { ...namesOf(request), ...subject, userName: newUserName() }, now);
  if (inss !== undefined && !(await setInss(tx, subject, inss))) {
    throw new EngineError('state_conflict', 'this national register number has access to the organisation already');
  }
  await addAppointment(tx, subject, appointment, now);
  if (passwordHash !== undefined) await giveTemporary(acting, subject.id, passwordHash);
  const person = await existing(acting, subject.id);
  await tell(acting, person, 'person created', appointment.role, { after: shown(person) });
  return person;
}

/** Gives somebody who has access another role. */
export async function appoint(acting: Acting, id: string, appointment: Appointment): Promise<Person> {
  const before = await visible(acting, id);
  require(mayAppoint(acting.actor, appointment, before.enterpriseNumber), `appoint ${appointment.role}`);
  refuseFaults(placeFaults(appointment));
  if (has(before, appointment)) return before;
  requireOneQuality(before, appointment);
  await requirePlace(acting, before.enterpriseNumber, appointment);
  await addAppointment(acting.tx, before, appointment, acting.now);
  return changed(acting, before, `appointed ${appointment.role}`);
}

/** Takes a role away; the last main access manager keeps it. Whoever has no role left cannot do or read anything. */
export async function dismiss(acting: Acting, id: string, appointment: Appointment): Promise<Person> {
  const before = await visible(acting, id);
  if (!has(before, appointment)) throw unknown();
  require(mayDismiss(acting.actor, appointment, before), `dismiss ${appointment.role}`);
  if (appointment.role === 'main-manager') await requireOtherMain(acting, before);
  await removeAppointment(acting.tx, id, appointment);
  return changed(acting, before, `dismissed ${appointment.role}`);
}

/** Keeps somebody out until unblocked: sessions end, nothing is lost. The last main access manager cannot be blocked. */
export async function blockPerson(acting: Acting, id: string): Promise<Person> {
  const before = await allowed(acting, id, 'block');
  await requireOtherMain(acting, before);
  await setPersonState(acting.tx, id, 'blocked');
  await endSessionsOf(acting.tx, id);
  return changed(acting, before, 'blocked');
}

/** Lets somebody in again. */
export async function unblockPerson(acting: Acting, id: string): Promise<Person> {
  const before = await allowed(acting, id, 'unblock');
  await setPersonState(acting.tx, id, 'active');
  return changed(acting, before, 'unblocked');
}

/** Takes somebody's access away for good. The last main access manager cannot be deleted. */
export async function deletePerson(acting: Acting, id: string): Promise<void> {
  const before = await allowed(acting, id, 'delete');
  await requireOtherMain(acting, before);
  await endSessionsOf(acting.tx, id);
  await erasePerson(acting.tx, id);
  await tell(acting, before, 'person deleted', 'deleted', { before: shown(before) });
}

/** Gives a temporary password, which must be changed at once and dies after 30 days; the one-time codes are reset too. */
export async function resetPassword(acting: Acting, id: string, passwordHash: string): Promise<Person> {
  const person = await allowed(acting, id, 'reset');
  await giveTemporary(acting, id, passwordHash);
  await removeTotp(acting.tx, id);
  await endSessionsOf(acting.tx, id);
  await tell(acting, person, 'password changed', 'temporary', { totpRemoved: person.hasTotp });
  return person;
}

/** Changes what somebody is called; whoever may reset the password may, and the person. */
export async function rename(acting: Acting, id: string, names: PersonNames): Promise<Person> {
  const { actor } = acting;
  const isSelf = actor.kind === 'person' && actor.id === id;
  const before = isSelf ? await visible(acting, id) : await allowed(acting, id, 'reset');
  refuseFaults(nameFaults(names));
  await renamePerson(acting.tx, id, names);
  return changed(acting, before, 'renamed');
}

/** Somebody whom the caller may see; throws not_found for everybody else. */
export async function visible(acting: Acting, id: string): Promise<Person> {
  const person = await findPerson(acting.tx, id);
  if (!person || person.state === 'deleted') throw unknown();
  require(mayActOn(acting.actor, 'see', person), 'see');
  return person;
}

async function allowed(acting: Acting, id: string, act: Exclude<PersonAct, 'appoint' | 'see'>): Promise<Person> {
  const person = await visible(acting, id);
  require(mayActOn(acting.actor, act, person), `${act} ${person.appointments.map(({ role }) => role).join(', ')}`);
  return person;
}

async function changed(acting: Acting, before: Person, outcome: string): Promise<Person> {
  const after = await existing(acting, before.id);
  await tell(acting, after, 'person changed', outcome, { before: shown(before), after: shown(after) });
  return after;
}

async function existing({ tx }: Acting, id: string): Promise<Person> {
  const person = await findPerson(tx, id);
  if (!person) throw unknown();
  return person;
}

async function giveTemporary({ tx, now }: Acting, id: string, hash: string): Promise<void> {
  await storeUserPassword(tx, id, { hash, kind: 'temporary', setAt: now });
}

/** One line of the audit about somebody; it is seen by the managers of the one quality that it is about. */
async function tell({ tx, caller, now }: Acting, person: Person, what: AccessAct, outcome: string, facts: object) {
  const { userName: subject, enterpriseNumber: organisation } = person;
  const qualities = new Set(person.appointments.map(({ quality }) => quality));
  const [quality] = qualities;
  const only = qualities.size === 1 && quality !== undefined && quality !== '' ? { quality } : {};
  const all = { person: person.id, from: caller.from, ...facts };
  await audit(tx, { at: now, who: nameOf(caller), what, subject, outcome, organisation, ...only, facts: all });
}

/** What the audit tells of somebody: no number and no secret. */
function shown({ givenName, familyName, email, state, appointments }: Person): object {
  const roles = appointments.map(({ role, quality }) => (quality === '' ? role : `${role} ${quality}`));
  return { givenName, familyName, email: email ?? null, state, roles };
}

const has = ({ appointments }: Person, { role, quality }: Appointment) =>
  appointments.some((held) => held.role === role && held.quality === quality);

function namesOf({ givenName, familyName, email }: PersonNames): PersonNames {
  return { givenName, familyName, ...(email !== undefined && { email }) };
}

/** A role of the whole organisation has no quality, another has one that is active and, if it is for one person, free. */
async function requirePlace({ tx }: Acting, enterpriseNumber: string, { role, quality }: Appointment): Promise<void> {
  if (!WIDE_ROLES.includes(role)) {
    const active = (await qualityStatesOf(tx, enterpriseNumber)).filter(({ state }) => state === 'active');
    const codes = active.map(({ code }) => code);
    const allowed = codes.join(', ') || 'none: no quality is active';
    if (!codes.includes(quality)) refuseFaults([{ field: 'quality', rule: 'it is not active', allowed }]);
  }
  if (!SINGLE_ROLES.includes(role)) return;
  const [holder] = await holdersOf(tx, enterpriseNumber, role, quality);
  if (holder) throw new EngineError('state_conflict', `there is a ${role} already: dismiss that one first`);
}

/** A user is inside one quality (protocol §4). */
function requireOneQuality({ appointments }: Person, { role, quality }: Appointment): void {
  const other = appointments.find((held) => held.role === 'user' && held.quality !== quality);
  if (role === 'user' && other)
    throw new EngineError('state_conflict', `this user belongs to quality ${other.quality}`);
}

async function requireOtherMain({ tx }: Acting, person: Person): Promise<void> {
  if (!person.appointments.some(({ role }) => role === 'main-manager')) return;
  const mains = await holdersOf(tx, person.enterpriseNumber, 'main-manager', '');
  if (mains.some(({ id, state }) => id !== person.id && state === 'active')) return;
  throw new EngineError('state_conflict', 'this is the last main access manager: appoint another one first');
}

function placeFaults({ role, quality }: Appointment): Fault[] {
  if (WIDE_ROLES.includes(role)) {
    return quality === ''
      ? []
      : [{ field: 'quality', rule: `a ${role} is of the whole organisation`, allowed: 'none' }];
  }
  return quality === ''
    ? [{ field: 'quality', rule: `a ${role} is of one quality`, allowed: 'an active quality' }]
    : [];
}

const NAME = 'one line of 1 to 100 characters';

function nameFaults({ givenName, familyName, email }: PersonNames): Fault[] {
  const isName = (text: string) => /^[^\p{Cc}\p{Cf}]{1,100}$/u.test(text) && text.trim() === text;
  const isEmail =
    email === undefined || (email.length <= 254 && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u.test(email));
  return [
    ...(isName(givenName) ? [] : [{ field: 'givenName', rule: 'not a name', allowed: NAME }]),
    ...(isName(familyName) ? [] : [{ field: 'familyName', rule: 'not a name', allowed: NAME }]),
    ...(isEmail ? [] : [{ field: 'email', rule: 'not an e-mail address', allowed: 'name@example.be' }]),
  ];
}

function inssFaults(inss: string | undefined): Fault[] {
  const fault = { field: 'nationalRegisterNumber', rule: 'its check digits are wrong', allowed: 'eleven digits' };
  return inss === undefined || isInss(inss) ? [] : [fault];
}
