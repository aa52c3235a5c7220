import type { Mistake } from '../core/mistakes.ts';
import type { Db } from '../store/database.ts';
import { placesFor, rowsOf } from '../store/sql.ts';
import { type Appointment, SINGLE_ROLES } from './permissions.ts';
import type { PlannedOrganisation, PlannedPerson } from './provision-file.ts';
import { nameOf, pages, type StoredPerson, storedPeople } from './provision-people.ts';

/** What the store has given to other people already: user names, roles for one person, national register numbers. */
export async function peopleConflicts(db: Db, organisations: readonly PlannedOrganisation[]): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const [index, organisation] of organisations.entries()) {
    if (organisation.people.length === 0) continue;
    const taken = await takenIn(db, organisation);
    for (const [at, person] of organisation.people.entries()) {
      const path = `organisations[${index}].people[${at}]`;
      for (const { key, ...mistake } of conflictsOf(person, organisation.enterpriseNumber, taken)) {
        mistakes.push({ path: `${path}.${key}`, ...mistake });
      }
    }
  }
  return mistakes;
}

/** Whose something is that only one person may have: ids by role, and by number. */
interface Taken {
  readonly people: ReadonlyMap<string, StoredPerson>;
  readonly roles: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, string>;
}

function conflictsOf(person: PlannedPerson, enterpriseNumber: string, { people, roles, numbers }: Taken) {
  const { userName, nationalRegisterNumber: number } = person;
  const found = people.get(userName);
  const isOthers = (holder: string | undefined) => holder !== undefined && holder !== found?.id;
  const isGone = found && (found.enterprise_number !== enterpriseNumber || found.state === 'deleted');
  const role = person.roles.find((held) => SINGLE_ROLES.includes(held.role) && isOthers(roles.get(nameOf(held))));
  const other = 'one that nobody else has or had';
  return [
    ...(isGone
      ? [{ key: 'userName', reason: `user name ${userName} belongs to somebody else, or did`, allowed: other }]
      : []),
    ...(role ? [{ key: 'roles', reason: `somebody else is the ${role.role}`, allowed: 'one person only' }] : []),
    ...(number !== undefined && isOthers(numbers.get(number))
      ? [
          {
            key: 'nationalRegisterNumber',
            reason: 'somebody else of the organisation has it',
            allowed: 'each number once',
          },
        ]
      : []),
  ];
}

async function takenIn(db: Db, organisation: PlannedOrganisation): Promise<Taken> {
  return {
    people: await storedPeople(db, organisation),
    roles: await rolesIn(db, organisation),
    numbers: await numbersIn(db, organisation),
  };
}

async function rolesIn(db: Db, { enterpriseNumber, people }: PlannedOrganisation): Promise<Map<string, string>> {
  const isWanted = people.some(({ roles }) => roles.some(({ role }) => SINGLE_ROLES.includes(role)));
  if (!isWanted) return new Map();
  const sql = `select person, role, quality from appointments where enterprise_number = ? and role in (${placesFor(SINGLE_ROLES)})`;
  const rows = await rowsOf<Appointment & { person: string }>(db, sql, [enterpriseNumber, ...SINGLE_ROLES]);
  return new Map(rows.map(({ person, ...held }) => [nameOf(held), person]));
}

const NUMBERS_AT_ONCE = 200;

async function numbersIn(db: Db, { enterpriseNumber, people }: PlannedOrganisation): Promise<Map<string, string>> {
  const numbers = people.flatMap(({ nationalRegisterNumber }) => nationalRegisterNumber ?? []);
  const found = new Map<string, string>();
  for (const page of pages(numbers, NUMBERS_AT_ONCE)) {
    const sql = `select id, inss from people where enterprise_number = ? and inss in (${placesFor(page)})`;
    for (const { id, inss } of await rowsOf<{ id: string; inss: string }>(db, sql, [enterpriseNumber, ...page]))
      found.set(inss, id);
  }
  return found;
}
