/** The roles that a person may be appointed to, from the widest to the narrowest (protocol §4). */
export const ROLES = ['main-manager', 'co-main-manager', 'access-manager', 'co-manager', 'user'] as const;
export type Role = (typeof ROLES)[number];

/** Roles that are about the organisation as a whole; the others are about one quality of it. */
export const WIDE_ROLES: readonly Role[] = ['main-manager', 'co-main-manager'];

/** Roles that only one person has at a time: in the organisation, or in a quality. */
export const SINGLE_ROLES: readonly Role[] = ['co-main-manager', 'access-manager', 'co-manager'];

/** Who acts: whoever runs the engine, or a person by an appointment. */
export const ACTORS = ['operator', ...ROLES] as const;
export type ActorRole = (typeof ACTORS)[number];

/** How far a permission reaches. */
export type Scope = 'everywhere' | 'own organisation' | 'own quality' | 'himself' | 'never';

/** What is done to people who have a role. */
export const PERSON_ACTS = ['appoint', 'dismiss', 'block', 'unblock', 'reset', 'delete', 'see'] as const;
export type PersonAct = (typeof PERSON_ACTS)[number];

/** What is done to an organisation or one of its qualities. */
export const ORGANISATION_ACTS = [
  'see the organisation',
  'block or unblock the organisation',
  'switch passwords on or off',
  'choose how users read',
  'activate or de-activate a quality',
  'see structured messages',
  'configure structured messages',
  'block or unblock a technical user',
  'grant services to a user',
  'name a user for protected documents',
  'see the audit',
] as const;
export type OrganisationAct = (typeof ORGANISATION_ACTS)[number];

/** A permission by its name: `appoint main-manager`, `see the audit`. */
export type PermissionName = `${PersonAct} ${Role}` | OrganisationAct;

const [ALL, ORG, OWN, SELF, NO] = ['everywhere', 'own organisation', 'own quality', 'himself', 'never'] as const;

type Row = readonly [PermissionName, Scope, Scope, Scope, Scope, Scope, Scope];

/**
 * Who may do what, all of it: a row for each permission, a column for each of ACTORS. What is not here nobody may do.
 * To appoint a user is to create one. A person with several roles may be blocked, unblocked, reset or deleted only by
 * whom each of them allows it, or the widest of them if that is one of the whole organisation: nobody gets power over a
 * manager by a lesser role that the manager has too.
 * docs/access.md shows the same table, and a test keeps it so.
 */
const TABLE: readonly Row[] = [
  //                                       operator main  co-main manager co-manager user
  ['appoint main-manager', ALL, NO, NO, NO, NO, NO],
  ['dismiss main-manager', ALL, NO, NO, NO, NO, NO],
  ['block main-manager', ALL, NO, NO, NO, NO, NO],
  ['unblock main-manager', ALL, NO, NO, NO, NO, NO],
  ['reset main-manager', ALL, NO, NO, NO, NO, NO],
  ['delete main-manager', ALL, NO, NO, NO, NO, NO],
  ['see main-manager', ALL, ORG, ORG, NO, NO, SELF],
  ['appoint co-main-manager', NO, ORG, NO, NO, NO, NO],
  ['dismiss co-main-manager', NO, ORG, NO, NO, NO, NO],
  ['block co-main-manager', ALL, ORG, NO, NO, NO, NO],
  ['unblock co-main-manager', ALL, ORG, NO, NO, NO, NO],
  ['reset co-main-manager', NO, ORG, NO, NO, NO, NO],
  ['delete co-main-manager', NO, ORG, NO, NO, NO, NO],
  ['see co-main-manager', ALL, ORG, ORG, NO, NO, SELF],
  ['appoint access-manager', NO, ORG, ORG, NO, NO, NO],
  ['dismiss access-manager', NO, ORG, ORG, NO, NO, NO],
  ['block access-manager', ALL, ORG, ORG, NO, NO, NO],
  ['unblock access-manager', ALL, ORG, ORG, NO, NO, NO],
  ['reset access-manager', NO, ORG, ORG, NO, NO, NO],
  ['delete access-manager', NO, ORG, ORG, NO, NO, NO],
  ['see access-manager', ALL, ORG, ORG, OWN, OWN, SELF],
  ['appoint co-manager', NO, NO, NO, OWN, NO, NO],
  ['dismiss co-manager', NO, ORG, ORG, OWN, NO, NO],
  ['block co-manager', ALL, ORG, ORG, OWN, NO, NO],
  ['unblock co-manager', ALL, ORG, ORG, OWN, NO, NO],
  ['reset co-manager', NO, ORG, ORG, OWN, NO, NO],
  ['delete co-manager', NO, ORG, ORG, OWN, NO, NO],
  ['see co-manager', ALL, ORG, ORG, OWN, OWN, SELF],
  ['appoint user', NO, ORG, ORG, OWN, OWN, NO],
  ['dismiss user', NO, ORG, ORG, OWN, OWN, NO],
  ['block user', ALL, ORG, ORG, OWN, OWN, NO],
  ['unblock user', ALL, ORG, ORG, OWN, OWN, NO],
  ['reset user', NO, ORG, ORG, OWN, OWN, NO],
  ['delete user', NO, ORG, ORG, OWN, OWN, NO],
  ['see user', ALL, ORG, ORG, OWN, OWN, SELF],
  ['see the organisation', ALL, ORG, ORG, ORG, ORG, ORG],
  ['block or unblock the organisation', ALL, NO, NO, NO, NO, NO],
  ['switch passwords on or off', NO, ORG, NO, NO, NO, NO],
  ['choose how users read', NO, ORG, NO, NO, NO, NO],
  ['activate or de-activate a quality', NO, ORG, ORG, NO, NO, NO],
  ['see structured messages', ALL, ORG, ORG, OWN, OWN, NO],
  ['configure structured messages', NO, NO, NO, OWN, OWN, NO],
  ['block or unblock a technical user', ALL, ORG, ORG, OWN, OWN, NO],
  ['grant services to a user', NO, ORG, ORG, OWN, OWN, NO],
  ['name a user for protected documents', NO, NO, NO, OWN, NO, NO],
  ['see the audit', ALL, ORG, ORG, OWN, OWN, NO],
];

/** The table by permission and role. */
export const PERMISSIONS: ReadonlyMap<PermissionName, Readonly<Record<ActorRole, Scope>>> = new Map(
  TABLE.map(([name, ...scopes]) => [
    name,
    Object.fromEntries(ACTORS.map((actor, at) => [actor, scopes[at]])) as Record<ActorRole, Scope>,
  ]),
);

/** A role that a person has; the quality is empty for those of the whole organisation. */
export interface Appointment {
  readonly role: Role;
  readonly quality: string;
}

/** Who wants to do something. */
export type Actor =
  | { readonly kind: 'operator'; readonly name: string }
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly enterpriseNumber: string;
      readonly appointments: readonly Appointment[];
    };

/** A person who has roles. */
export interface Subject {
  readonly id: string;
  readonly enterpriseNumber: string;
  readonly appointments: readonly Appointment[];
}

/** What something is done to: an organisation, or one quality of it. */
export interface Place {
  readonly enterpriseNumber: string;
  readonly quality?: string;
}

/** `unknown`: the actor may not even learn that it is there. */
export type Answer = 'yes' | 'forbidden' | 'unknown';

/** Whether an act on an organisation, or on one of its qualities, is allowed. Pure. */
export function mayDo(actor: Actor, act: OrganisationAct, place: Place): Answer {
  if (reaches(actor, act, place)) return 'yes';
  return isWithin(actor, place) ? 'forbidden' : 'unknown';
}

/** Whether somebody may be appointed to a role. Pure. */
export function mayAppoint(actor: Actor, { role, quality }: Appointment, enterpriseNumber: string): Answer {
  const place = placeOf({ role, quality }, enterpriseNumber);
  if (reaches(actor, `appoint ${role}`, place)) return 'yes';
  return isWithin(actor, place) ? 'forbidden' : 'unknown';
}

/** Whether an act on a person is allowed: by each of the roles that the person has. Pure. */
export function mayActOn(actor: Actor, act: Exclude<PersonAct, 'appoint'>, subject: Subject): Answer {
  const isSelf = actor.kind === 'person' && actor.id === subject.id;
  const visible = isSelf || rolesOf(subject).some((held) => reachesPerson(actor, 'see', held, subject));
  if (act === 'see') return visible ? 'yes' : 'unknown';
  if (rolesOf(subject).every((held) => reachesPerson(actor, act, held, subject))) return 'yes';
  return visible ? 'forbidden' : 'unknown';
}

/** Whether one role of a person may be taken away. Pure. */
export function mayDismiss(actor: Actor, held: Appointment, subject: Subject): Answer {
  return mayActOn(actor, 'dismiss', { ...subject, appointments: [held] });
}

/** The roles that count: the widest one of the whole organisation, else all; who has none is for those of the whole organisation. */
function rolesOf({ appointments }: Subject): readonly Appointment[] {
  const widest = WIDE_ROLES.flatMap((wide) => appointments.find(({ role }) => role === wide) ?? [])[0];
  if (widest) return [widest];
  return appointments.length > 0 ? appointments : [{ role: 'user', quality: '' }];
}

function reachesPerson(actor: Actor, act: PersonAct, held: Appointment, { enterpriseNumber }: Subject): boolean {
  return reaches(actor, `${act} ${held.role}`, placeOf(held, enterpriseNumber));
}

const placeOf = ({ quality }: Appointment, enterpriseNumber: string): Place => ({ enterpriseNumber, quality });

function reaches(actor: Actor, name: PermissionName, { enterpriseNumber, quality }: Place): boolean {
  const row = PERMISSIONS.get(name);
  if (!row) return false;
  if (actor.kind === 'operator') return row.operator === 'everywhere';
  if (actor.enterpriseNumber !== enterpriseNumber) return false;
  return actor.appointments.some((held) => {
    const scope = row[held.role];
    return scope === 'own organisation' || (scope === 'own quality' && quality !== '' && held.quality === quality);
  });
}

/** Whether the actor may know that a place is there: who has one quality knows of no other. */
function isWithin(actor: Actor, { enterpriseNumber, quality }: Place): boolean {
  if (actor.kind === 'operator') return true;
  if (actor.enterpriseNumber !== enterpriseNumber) return false;
  if (quality === undefined || quality === '') return true;
  return actor.appointments.some((held) => WIDE_ROLES.includes(held.role) || held.quality === quality);
}
