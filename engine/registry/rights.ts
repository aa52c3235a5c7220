import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { insertRows, rowsOf, write } from '../store/sql.ts';
import { type Acting, type Fault, nameOf, refuseFaults, require } from './caller.ts';
import type { UserReading } from './organisation-access.ts';
import { visible } from './people-acts.ts';
import { mayDo, type Role } from './permissions.ts';

/** What deciding needs to know of a message: its type, and the quality that it was sent to, if to one. */
export interface MessageToRead {
  readonly type: string;
  /** Whether the type is protected: then only the access manager reads it, and whom that one names. */
  readonly protected: boolean;
  /** The service that the type belongs to, if any. */
  readonly service?: string;
  readonly quality?: string;
}

/** Who reads in the mailbox of an organisation. */
export type Reader =
  | { readonly kind: 'person'; readonly id: string }
  /** A technical user that was let in, by its organisation and quality: it stands for the organisation and reads what is not protected. */
  | { readonly kind: 'sender'; readonly enterpriseNumber: string; readonly quality: string };

/** What is known of a reader at an organisation; `roles` is empty for who may read nothing. */
export interface Standing {
  readonly roles: readonly { readonly role: Role | 'sender'; readonly quality: string }[];
  readonly userReading: UserReading;
  readonly services: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/**
 * Whether a reader may read a message in the mailbox of an organisation: the one decision, for every way to read. One
 * statement, which looks at three tables by their keys.
 */
export async function mayRead(
  db: Db,
  reader: Reader,
  enterpriseNumber: string,
  message: MessageToRead,
): Promise<boolean> {
  return decide(await standingOf(db, reader, enterpriseNumber, message), message);
}

/** What is needed to decide about many messages of one mailbox (`decide`): a reader's standing as it is now. */
export async function standingOf(
  db: Db,
  reader: Reader,
  enterpriseNumber: string,
  only?: MessageToRead,
): Promise<Standing> {
  if (reader.kind === 'sender') return standingOfSender(reader, enterpriseNumber);
  const one = only && wantedRight(only);
  const rows = await rowsOf<StandingRow>(db, one ? ONE_RIGHT : ALL_RIGHTS, [
    ...(one ?? []),
    ...[reader.id, enterpriseNumber],
  ]);
  const rights = rows.filter(({ kind, code }) => kind !== null && code !== null);
  const codesOf = (wanted: string) =>
    new Set(rights.flatMap(({ kind, code }) => (kind === wanted ? [code ?? ''] : [])));
  return {
    roles: rows.flatMap(({ role, quality }) => (role === null ? [] : [{ role: role as Role, quality: quality ?? '' }])),
    userReading: rows[0]?.user_reading === 'all' ? 'all' : 'per-service',
    ...{ services: codesOf('service'), types: codesOf('type') },
  };
}

/** Whether somebody with this standing may read a message. Pure. */
export function decide(standing: Standing, message: MessageToRead): boolean {
  const roles = standing.roles.filter(
    ({ quality }) => quality === '' || message.quality === undefined || quality === message.quality,
  );
  return roles.some(({ role }) => {
    if (role === 'access-manager') return true;
    if (message.protected) return role !== 'sender' && standing.types.has(message.type);
    return role !== 'user' || standing.userReading === 'all' || hasService(standing, message);
  });
}

/** What belongs to no service is for everybody who has access. */
function hasService({ services }: Standing, { service }: MessageToRead): boolean {
  return service === undefined || services.has(service);
}

/** Of the message types there are, those that a reader may read in a mailbox or in one quality of it: a filter for listings. */
export function readableTypes(standing: Standing, types: readonly MessageToRead[]): string[] {
  return types.filter((message) => decide(standing, message)).map(({ type }) => type);
}

/** Whether a reader may read whatever lies in a mailbox, also of types that nobody knows. */
export function readsAll({ roles }: Standing): boolean {
  return roles.some(({ role, quality }) => role === 'access-manager' && quality === '');
}

interface StandingRow {
  readonly user_reading: string;
  readonly role: string | null;
  readonly quality: string | null;
  readonly kind: string | null;
  readonly code: string | null;
}

const FROM = `from people p join organisations o on o.enterprise_number = p.enterprise_number
  left join appointments a on a.person = p.id`;
const WHERE = "where p.id = ? and p.enterprise_number = ? and p.state = 'active' and o.access = 'open'";
const COLUMNS = 'o.user_reading, a.role, a.quality, r.kind, r.code';
const ONE_RIGHT = `select ${COLUMNS} ${FROM} left join rights r on r.person = p.id and r.kind = ? and r.code = ? ${WHERE}`;
const ALL_RIGHTS = `select ${COLUMNS} ${FROM} left join rights r on r.person = p.id ${WHERE}`;

/** The one right that can matter for a message. */
function wantedRight(message: MessageToRead): readonly [string, string] {
  return message.protected ? ['type', message.type] : ['service', message.service ?? ''];
}

function standingOfSender(sender: Reader & { readonly kind: 'sender' }, enterpriseNumber: string): Standing {
  const isAtHome = sender.enterpriseNumber === enterpriseNumber;
  const roles = isAtHome ? [{ role: 'sender' as const, quality: sender.quality }] : [];
  return { roles, userReading: 'per-service', services: new Set(), types: new Set() };
}

/** What a person may use and read beyond the role. */
export interface Rights {
  /** Codes of services. */
  readonly services: readonly string[];
  /** Protected message types that the access manager has named the person for. */
  readonly protectedTypes: readonly string[];
}

/** The rights that were given to a person. */
export async function rightsOf(db: Db, person: string): Promise<Rights> {
  const sql = 'select kind, code from rights where person = ? order by kind, code';
  const rows = await rowsOf<{ kind: string; code: string }>(db, sql, [person]);
  const codesOf = (wanted: string) => rows.flatMap(({ kind, code }) => (kind === wanted ? [code] : []));
  return { services: codesOf('service'), protectedTypes: codesOf('type') };
}

const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** Makes a user's rights exactly these; each of both lists only when it is given. */
export async function giveRights(acting: Acting, id: string, rights: Partial<Rights>): Promise<Rights> {
  const person = await visible(acting, id);
  const quality = person.appointments.find(({ role }) => role === 'user')?.quality;
  const place = { enterpriseNumber: person.enterpriseNumber, quality: quality ?? '' };
  if (rights.services) require(mayDo(acting.actor, 'grant services to a user', place), 'grant services to a user');
  if (rights.protectedTypes) {
    require(mayDo(acting.actor, 'name a user for protected documents', place), 'name a user for protected documents');
  }
  refuseFaults([...codeFaults('services', rights.services), ...codeFaults('protectedTypes', rights.protectedTypes)]);
  const before = await rightsOf(acting.tx, id);
  if (rights.services) await replaceRights(acting.tx, id, 'service', rights.services);
  if (rights.protectedTypes) await replaceRights(acting.tx, id, 'type', rights.protectedTypes);
  const after = await rightsOf(acting.tx, id);
  const about = { subject: person.userName, organisation: person.enterpriseNumber, ...(quality && { quality }) };
  const facts = { person: id, from: acting.caller.from, before, after };
  await audit(acting.tx, {
    at: acting.now,
    who: nameOf(acting.caller),
    what: 'rights changed',
    outcome: 'done',
    ...about,
    facts,
  });
  return after;
}

/** Makes a list of rights exactly this one. */
export async function replaceRights(tx: Db, person: string, kind: 'service' | 'type', codes: readonly string[]) {
  await write(tx, 'delete from rights where person = ? and kind = ?', [person, kind]);
  await insertRows(
    tx,
    'rights',
    [...new Set(codes)].map((code) => ({ person, kind, code })),
  );
}

function codeFaults(field: string, codes: readonly string[] = []): Fault[] {
  const allowed = 'codes of 1 to 40 letters, digits, dots, dashes and underscores';
  return codes.every((code) => CODE.test(code)) ? [] : [{ field, rule: 'not a list of codes', allowed }];
}
