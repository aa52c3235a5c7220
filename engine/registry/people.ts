import { randomInt } from 'node:crypto';
import type { Db } from '../store/database.ts';
import { addRow, addRowOnce, findRow, placesFor, rowsOf, type Values, write } from '../store/sql.ts';
import type { Appointment, Role, Subject } from './permissions.ts';

/** Blocked: cannot sign in, and can be unblocked. Deleted: for ever. */
export type PersonState = 'active' | 'blocked' | 'deleted';

/** Who somebody is. */
export interface PersonNames {
  readonly givenName: string;
  readonly familyName: string;
  readonly email?: string;
}

/** Somebody's access to one organisation, with all roles there. */
export interface Person extends PersonNames, Subject {
  /** Also what the person is called in the audit. */
  readonly id: string;
  readonly userName: string;
  /** National register or bis number; absent until the first sign-in, unless a manager gave it. Never logged, never shown. */
  readonly inss?: string;
  readonly state: PersonState;
  /** `temporary`: must be changed at the next sign-in. */
  readonly passwordKind?: 'temporary' | 'own';
  readonly passwordSetAt?: string;
  readonly hasTotp: boolean;
  readonly createdAt: string;
}

interface Row {
  readonly id: string;
  readonly enterprise_number: string;
  readonly user_name: string;
  readonly inss: string | null;
  readonly given_name: string;
  readonly family_name: string;
  readonly email: string | null;
  readonly state: string;
  readonly password_kind: string | null;
  readonly password_set_at: string | null;
  readonly totp_confirmed: boolean | number;
  readonly created_at: string;
}

interface AppointmentRow {
  readonly person: string;
  readonly role: string;
  readonly quality: string;
}

const COLUMNS =
  'id, enterprise_number, user_name, inss, given_name, family_name, email, state, password_kind, password_set_at, totp_confirmed, created_at';

/** The person with this id, deleted or not. */
export async function findPerson(db: Db, id: string): Promise<Person | undefined> {
  return one(db, 'id = ?', [id]);
}

/** The person who signs in under this name, letter by letter; deleted or not. */
export async function findPersonByUserName(db: Db, userName: string): Promise<Person | undefined> {
  return one(db, 'user_name = ?', [userName]);
}

/** Everybody with this national register number, one at each organisation at most; those deleted are left out. */
export async function findPeopleByInss(db: Db, inss: string): Promise<Person[]> {
  return withAppointments(db, await select(db, "inss = ? and state <> 'deleted' order by enterprise_number", [inss]));
}

/** Which people of an organisation are meant. */
export interface PeoplePage {
  /** Only those with a role in this quality. */
  readonly quality?: string;
  /** Id of the last one of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** People of an organisation in the order of their ids, page by page; those deleted are left out. */
export async function peopleOf(db: Db, enterpriseNumber: string, page: PeoplePage): Promise<Person[]> {
  const { quality, after = '', limit } = page;
  const inQuality =
    quality === undefined
      ? ''
      : ' and exists (select 1 from appointments a where a.person = people.id and a.quality = ?)';
  const where = `enterprise_number = ? and state <> 'deleted' and id > ?${inQuality} order by id limit ${limit}`;
  const bindings = [enterpriseNumber, after, ...(quality === undefined ? [] : [quality])];
  return withAppointments(db, await select(db, where, bindings));
}

/** Everybody who has a role, in a quality or (empty) in the organisation as a whole; those deleted have none. */
export async function holdersOf(db: Db, enterpriseNumber: string, role: Role, quality: string): Promise<Person[]> {
  const having = 'id in (select person from appointments where enterprise_number = ? and role = ? and quality = ?)';
  return withAppointments(db, await select(db, having, [enterpriseNumber, role, quality]));
}

/** Somebody new: active, without a password and without a role. */
export async function addPerson(tx: Db, person: NewPerson, now: Date): Promise<void> {
  await addRow(tx, 'people', newPersonRow(person, now));
}

export interface NewPerson extends PersonNames {
  readonly id: string;
  readonly enterpriseNumber: string;
  readonly userName: string;
  readonly inss?: string;
}

/** The row of somebody new. */
export function newPersonRow(person: NewPerson, now: Date): Values {
  const { id, enterpriseNumber, userName, inss, givenName, familyName, email } = person;
  return {
    ...{ id, enterprise_number: enterpriseNumber, user_name: userName, inss: inss ?? null },
    ...{ given_name: givenName, family_name: familyName, email: email ?? null },
    ...{ state: 'active', totp_confirmed: false, created_at: now.toISOString() },
  };
}

/** Changes what a person is called, and where mail goes. */
export async function renamePerson(tx: Db, id: string, { givenName, familyName, email }: PersonNames): Promise<void> {
  const sql = 'update people set given_name = ?, family_name = ?, email = ? where id = ?';
  await write(tx, sql, [givenName, familyName, email ?? null, id]);
}

/** Blocks or unblocks. */
export async function setPersonState(tx: Db, id: string, state: 'active' | 'blocked'): Promise<void> {
  await write(tx, 'update people set state = ? where id = ?', [state, id]);
}

/** Takes a person's roles, rights, credentials and national register number away for good; the user name stays taken. */
export async function erasePerson(tx: Db, id: string): Promise<void> {
  await write(tx, 'delete from appointments where person = ?', [id]);
  await write(tx, 'delete from rights where person = ?', [id]);
  await write(
    tx,
    `update people set state = 'deleted', inss = null, email = null, password_hash = null, password_kind = null,
       password_set_at = null, totp_secret = null, totp_confirmed = ?, totp_step = null where id = ?`,
    [false, id],
  );
}

/** Notes a national register number; false when somebody else of the organisation has it. */
export async function setInss(tx: Db, { id, enterpriseNumber }: Subject, inss: string): Promise<boolean> {
  const taken = await findRow<Row>(tx, 'people', { enterprise_number: enterpriseNumber, inss });
  if (taken) return taken.id === id;
  await write(tx, 'update people set inss = ? where id = ?', [inss, id]);
  return true;
}

/** Gives a role; nothing happens when the person has it. */
export async function addAppointment(tx: Db, subject: Omit<Subject, 'appointments'>, held: Appointment, now: Date) {
  const row = { person: subject.id, ...held, enterprise_number: subject.enterpriseNumber };
  await addRowOnce(tx, 'appointments', { ...row, appointed_at: now.toISOString() });
}

/** Takes a role away. */
export async function removeAppointment(tx: Db, person: string, { role, quality }: Appointment): Promise<void> {
  await write(tx, 'delete from appointments where person = ? and role = ? and quality = ?', [person, role, quality]);
}

/** A new id: letters only, so that nothing in it is taken for a number of a person. */
export function newPersonId(): string {
  return randomText(21, 'abcdefghijklmnopqrstuvwxyz');
}

/** A new user name that nobody confuses on paper. */
export function newUserName(): string {
  return `u${randomText(8, 'abcdefghjkmnpqrstuvwxyz23456789')}`;
}

/** So many characters of an alphabet, each as likely as the others. */
export function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

function select(db: Db, where: string, bindings: readonly string[]): Promise<Row[]> {
  return rowsOf<Row>(db, `select ${COLUMNS} from people where ${where}`, bindings);
}

async function one(db: Db, where: string, bindings: readonly string[]): Promise<Person | undefined> {
  return (await withAppointments(db, await select(db, where, bindings)))[0];
}

async function withAppointments(db: Db, rows: readonly Row[]): Promise<Person[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const sql = `select person, role, quality from appointments where person in (${placesFor(ids)}) order by role, quality`;
  const held = new Map<string, AppointmentRow[]>(ids.map((id) => [id, []]));
  for (const row of await rowsOf<AppointmentRow>(db, sql, ids)) held.get(row.person)?.push(row);
  return rows.map((row) => fromRow(row, held.get(row.id) ?? []));
}

function fromRow(row: Row, held: readonly AppointmentRow[]): Person {
  return {
    ...{ id: row.id, enterpriseNumber: row.enterprise_number, userName: row.user_name },
    ...(row.inss !== null && { inss: row.inss }),
    ...{ givenName: row.given_name, familyName: row.family_name, ...(row.email !== null && { email: row.email }) },
    state: row.state as PersonState,
    ...(row.password_kind !== null && { passwordKind: row.password_kind as 'temporary' | 'own' }),
    ...(row.password_set_at !== null && { passwordSetAt: row.password_set_at }),
    hasTotp: Boolean(row.totp_confirmed),
    createdAt: row.created_at,
    appointments: held.map(({ role, quality }) => ({ role: role as Role, quality })),
  };
}
