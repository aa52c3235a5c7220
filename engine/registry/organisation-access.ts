import type { Db } from '../store/database.ts';
import { change, findRow, rowsOf, write } from '../store/sql.ts';

/** How simple users read what is not protected: all of it, or only what belongs to services that they hold (protocol §4). */
export const USER_READINGS = ['per-service', 'all'] as const;
export type UserReading = (typeof USER_READINGS)[number];

/** What is decided of an organisation's account. */
export interface OrganisationAccess {
  readonly enterpriseNumber: string;
  readonly access: 'open' | 'blocked';
  /** When a main access manager signed in first; absent until then. */
  readonly activatedAt?: string;
  /** Whether user name and password are taken at all. */
  readonly passwordSignIn: boolean;
  readonly userReading: UserReading;
}

/** A capacity that an organisation acts in, or has acted in. */
export interface Quality {
  readonly code: string;
  readonly state: 'active' | 'inactive';
  /** The one that was activated with the account. */
  readonly isDefault: boolean;
}

interface Row {
  readonly enterprise_number: string;
  readonly access: string;
  readonly activated_at: string | null;
  readonly password_sign_in: boolean | number;
  readonly user_reading: string;
}

/** What is decided of an organisation's account; undefined when there is no such organisation. */
export async function findOrganisationAccess(
  db: Db,
  enterpriseNumber: string,
): Promise<OrganisationAccess | undefined> {
  const row = await findRow<Row>(db, 'organisations', { enterprise_number: enterpriseNumber });
  if (!row) return undefined;
  return {
    enterpriseNumber: row.enterprise_number,
    access: row.access === 'blocked' ? 'blocked' : 'open',
    ...(row.activated_at !== null && { activatedAt: row.activated_at }),
    passwordSignIn: Boolean(row.password_sign_in),
    userReading: row.user_reading === 'all' ? 'all' : 'per-service',
  };
}

/** What of it may be changed. */
export type AccessChange = Partial<Pick<OrganisationAccess, 'access' | 'passwordSignIn' | 'userReading'>>;

/** Changes what is decided of an organisation's account; what is absent stays. */
export async function changeOrganisationAccess(tx: Db, enterpriseNumber: string, to: AccessChange): Promise<void> {
  const columns = {
    ...(to.access !== undefined && { access: to.access }),
    ...(to.passwordSignIn !== undefined && { password_sign_in: to.passwordSignIn }),
    ...(to.userReading !== undefined && { user_reading: to.userReading }),
  };
  const sets = Object.keys(columns).map((column) => `${column} = ?`);
  if (sets.length === 0) return;
  const sql = `update organisations set ${sets.join(', ')} where enterprise_number = ?`;
  await write(tx, sql, [...Object.values(columns), enterpriseNumber]);
}

/** Notes that a main access manager has signed in; the first time counts. True then. */
export async function activateAccount(tx: Db, enterpriseNumber: string, now: Date): Promise<boolean> {
  const sql = 'update organisations set activated_at = ? where enterprise_number = ? and activated_at is null';
  return (await change(tx, sql, [now.toISOString(), enterpriseNumber])) === 1;
}

/** The qualities of an organisation, active or not, the default one first. */
export async function qualityStatesOf(db: Db, enterpriseNumber: string): Promise<Quality[]> {
  const sql =
    'select code, state, is_default from qualities where enterprise_number = ? order by is_default desc, code';
  const rows = await rowsOf<{ code: string; state: string; is_default: unknown }>(db, sql, [enterpriseNumber]);
  return rows.map(({ code, state, is_default }) => ({
    ...{ code, state: state === 'active' ? 'active' : 'inactive', isDefault: Boolean(is_default) },
  }));
}

/** Activates a quality, or de-activates it; the first of an organisation that is ever activated is its default one. */
export async function setQualityState(tx: Db, enterpriseNumber: string, code: string, state: Quality['state']) {
  const known = await qualityStatesOf(tx, enterpriseNumber);
  const isFirst = !known.some(({ isDefault }) => isDefault) && state === 'active';
  await write(
    tx,
    `insert into qualities (enterprise_number, code, state, is_default) values (?, ?, ?, ?)
     on conflict (enterprise_number, code) do update set state = excluded.state`,
    [enterpriseNumber, code, state, isFirst],
  );
}
