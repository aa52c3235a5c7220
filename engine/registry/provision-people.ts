import type { Db } from '../store/database.ts';
import { insertRows, placesFor, rowsOf, type Values } from '../store/sql.ts';
import { hashPassword } from './passwords.ts';
import { newPersonId, newPersonRow, type PersonNames, renamePerson, setInss } from './people.ts';
import type { Appointment } from './permissions.ts';
import type { Change } from './provision.ts';
import type { PlannedOrganisation, PlannedPerson } from './provision-file.ts';
import { replaceRights } from './rights.ts';
import { storeUserPassword } from './user-passwords.ts';

export interface StoredPerson {
  readonly id: string;
  readonly enterprise_number: string;
  readonly user_name: string;
  readonly inss: string | null;
  readonly given_name: string;
  readonly family_name: string;
  readonly email: string | null;
  readonly state: string;
}

const NAMES_AT_ONCE = 200;
const ROWS_AT_ONCE = 100;

/**
 * Adds the people of an organisation, or makes those stored agree with the file; a role that is not in the file is kept.
 * A password in the file is a temporary one, and only for who has none yet.
 */
export async function applyPeople(tx: Db, organisation: PlannedOrganisation, now: Date): Promise<Change[]> {
  const stored = await storedPeople(tx, organisation);
  const [fresh, known] = [[] as PlannedPerson[], [] as [StoredPerson, PlannedPerson][]];
  for (const person of organisation.people) {
    const found = stored.get(person.userName);
    if (found) known.push([found, person]);
    else fresh.push(person);
  }
  const held = await heldBy(
    tx,
    known.map(([{ id }]) => id),
  );
  const changes = await addAll(tx, organisation, fresh, now);
  for (const [found, person] of known) changes.push(...(await agree(tx, found, person, held.get(found.id) ?? [], now)));
  return changes;
}

/** The people whom the file names, by their user names, wherever they are. */
export async function storedPeople(db: Db, { people }: PlannedOrganisation): Promise<Map<string, StoredPerson>> {
  const found = new Map<string, StoredPerson>();
  const sql =
    'select id, enterprise_number, user_name, inss, given_name, family_name, email, state from people where user_name in';
  for (const names of pages(
    people.map(({ userName }) => userName),
    NAMES_AT_ONCE,
  )) {
    for (const row of await rowsOf<StoredPerson>(db, `${sql} (${placesFor(names)})`, names))
      found.set(row.user_name, row);
  }
  return found;
}

/** How a role is told from others. */
export const nameOf = ({ role, quality }: Appointment): string => `${role} ${quality}`;

async function heldBy(db: Db, ids: readonly string[]): Promise<Map<string, Appointment[]>> {
  const held = new Map<string, Appointment[]>(ids.map((id) => [id, []]));
  for (const page of pages(ids, NAMES_AT_ONCE)) {
    const sql = `select person, role, quality from appointments where person in (${placesFor(page)})`;
    for (const { person, ...one } of await rowsOf<Appointment & { person: string }>(db, sql, page))
      held.get(person)?.push(one);
  }
  return held;
}

/** Many at once, in a few statements. */
async function addAll(tx: Db, { enterpriseNumber }: PlannedOrganisation, people: readonly PlannedPerson[], now: Date) {
  const added = people.map((person) => ({ id: newPersonId(), person }));
  const rows = added.map(({ id, person }) =>
    newPersonRow({ id, enterpriseNumber, ...namesOf(person), ...numberOf(person) }, now),
  );
  await insertPages(tx, 'people', rows);
  await insertPages(
    tx,
    'appointments',
    added.flatMap(({ id, person }) => person.roles.map((held) => appointmentRow(id, enterpriseNumber, held, now))),
  );
  await insertPages(
    tx,
    'rights',
    added.flatMap(({ id, person }) => rightRows(id, person)),
  );
  for (const { id, person } of added)
    if (person.passwordFile !== undefined) await giveTemporary(tx, id, person.passwordFile, now);
  return added.map(({ person }): Change => {
    const detail = person.roles.map(({ role, quality }) => `${role} ${quality}`.trim()).join(', ');
    return { action: 'added', subject: `person ${person.userName}`, detail };
  });
}

async function giveTemporary(tx: Db, id: string, password: string, now: Date): Promise<void> {
  await storeUserPassword(tx, id, { hash: await hashPassword(password), kind: 'temporary', setAt: now });
}

async function agree(tx: Db, found: StoredPerson, person: PlannedPerson, held: readonly Appointment[], now: Date) {
  const subject = `person ${person.userName}`;
  const missing = person.roles.filter((role) => !held.some((one) => nameOf(one) === nameOf(role)));
  const more = held.filter((role) => !person.roles.some((one) => nameOf(one) === nameOf(role)));
  await insertPages(
    tx,
    'appointments',
    missing.map((role) => appointmentRow(found.id, found.enterprise_number, role, now)),
  );
  const changes = [...missing.map((role): Change => ({ action: 'added', subject, detail: nameOf(role).trim() }))];
  if (await agreeOnNames(tx, found, person)) changes.push({ action: 'changed', subject, detail: 'names' });
  for (const [kind, codes] of [
    ['service', person.services],
    ['type', person.protectedTypes],
  ] as const) {
    if (await agreeOnRights(tx, found.id, kind, codes))
      changes.push({ action: 'changed', subject, detail: `${kind} rights` });
  }
  return [
    ...changes,
    ...more.map(
      (role): Change => ({ action: 'kept', subject: `${nameOf(role).trim()} of ${subject}`, detail: 'not in file' }),
    ),
  ];
}

async function agreeOnNames(tx: Db, found: StoredPerson, person: PlannedPerson): Promise<boolean> {
  const { given_name, family_name, email, inss } = found;
  const same = given_name === person.givenName && family_name === person.familyName && email === (person.email ?? null);
  const number = person.nationalRegisterNumber;
  const isNew = number !== undefined && inss === null;
  if (!same) await renamePerson(tx, found.id, namesOf(person));
  if (isNew) await setInss(tx, { id: found.id, enterpriseNumber: found.enterprise_number, appointments: [] }, number);
  return !same || isNew;
}

async function agreeOnRights(
  tx: Db,
  id: string,
  kind: 'service' | 'type',
  codes: readonly string[] | undefined,
): Promise<boolean> {
  if (codes === undefined) return false;
  const rows = await rowsOf<{ code: string }>(tx, 'select code from rights where person = ? and kind = ?', [id, kind]);
  const wanted = [...new Set(codes)].sort().join();
  if (
    rows
      .map(({ code }) => code)
      .sort()
      .join() === wanted
  )
    return false;
  await replaceRights(tx, id, kind, codes);
  return true;
}

function namesOf({ userName, givenName, familyName, email }: PlannedPerson): PersonNames & { userName: string } {
  return { userName, givenName, familyName, ...(email !== undefined && { email }) };
}

function numberOf({ nationalRegisterNumber: inss }: PlannedPerson): { readonly inss?: string } {
  return inss === undefined ? {} : { inss };
}

function appointmentRow(person: string, enterprise_number: string, { role, quality }: Appointment, now: Date): Values {
  return { person, role, quality, enterprise_number, appointed_at: now.toISOString() };
}

function rightRows(person: string, { services = [], protectedTypes = [] }: PlannedPerson): Values[] {
  return [
    ...[...new Set(services)].map((code) => ({ person, kind: 'service', code })),
    ...[...new Set(protectedTypes)].map((code) => ({ person, kind: 'type', code })),
  ];
}

async function insertPages(tx: Db, table: string, rows: readonly Values[]): Promise<void> {
  for (const page of pages(rows, ROWS_AT_ONCE)) await insertRows(tx, table, page);
}

/** A list in parts of a size. */
export function* pages<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}
