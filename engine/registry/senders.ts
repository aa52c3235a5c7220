import type { Db } from '../store/database.ts';
import { rowsOf, write } from '../store/sql.ts';
import type { EboxScope } from './scopes.ts';

/** A technical user of an organisation in one quality (design: sender). */
export interface Sender {
  /** Six digits. */
  readonly number: string;
  readonly login: string;
  readonly enterpriseNumber: string;
  readonly quality: string;
  readonly state: 'active' | 'suspended';
  readonly channels: readonly string[];
  readonly goals: readonly string[];
  readonly networks: readonly string[];
  /** Whether it may declare with a mandate only, or for its own organisation; absent: as its quality says. */
  readonly mandated?: boolean;
  /** Kept out of every channel, by its managers or because its organisation is; deleted: for ever. Absent when neither. */
  readonly barred?: 'blocked' | 'deleted';
  /** What it may do at the e-Box interface; absent: nothing. */
  readonly scopes?: readonly EboxScope[];
}

interface Row {
  readonly number: string;
  readonly login: string;
  readonly enterprise_number: string;
  readonly quality: string;
  readonly state: string;
  readonly channels: string;
  readonly goals: string;
  readonly networks: string;
  readonly mandated: boolean | number | null;
  readonly scopes: string | null;
}

interface StoredRow extends Row {
  readonly access: string;
  readonly organisation_access: string | null;
}

const SELECT = `select s.*, o.access as organisation_access from senders s
  left join organisations o on o.enterprise_number = s.enterprise_number`;

/** The sender with this number of six digits, suspended or not. */
export async function findSender(db: Db, number: string): Promise<Sender | undefined> {
  return fromRow((await rowsOf<StoredRow>(db, `${SELECT} where s.number = ?`, [number]))[0]);
}

/** The sender that logs in under this name, suspended or not; names are compared letter by letter. */
export async function findSenderByLogin(db: Db, login: string): Promise<Sender | undefined> {
  return fromRow((await rowsOf<StoredRow>(db, `${SELECT} where s.login = ?`, [login]))[0]);
}

/** The senders of an organisation in the order of their numbers; those deleted are left out. */
export async function sendersOf(db: Db, enterpriseNumber: string): Promise<Sender[]> {
  const sql = `${SELECT} where s.enterprise_number = ? and s.access <> 'deleted' order by s.number`;
  const rows = await rowsOf<StoredRow>(db, sql, [enterpriseNumber]);
  return rows.flatMap((row) => fromRow(row) ?? []);
}

/** Whether anybody sends for a quality of an organisation. */
export async function qualityIsInUse(db: Db, enterpriseNumber: string, quality: string): Promise<boolean> {
  return (await sendersOf(db, enterpriseNumber)).some((sender) => sender.quality === quality);
}

/** Every sender, suspended, barred or not, in the order of their numbers. */
export async function allSenders(db: Db): Promise<Sender[]> {
  const rows = await rowsOf<StoredRow>(db, `${SELECT} order by s.number`);
  return rows.flatMap((row) => fromRow(row) ?? []);
}

/** Whether the sender may come in by a channel: it has the channel, and nobody keeps it out. */
export function mayConnect(sender: Sender | undefined, channel: string): sender is Sender {
  return sender !== undefined && sender.barred === undefined && sender.channels.includes(channel);
}

/** Blocks a sender on every channel, lets it in again, or takes it away for ever: its number and login stay taken. */
export async function setSenderAccess(tx: Db, number: string, access: 'open' | 'blocked' | 'deleted'): Promise<void> {
  await write(tx, 'update senders set access = ? where number = ?', [access, number]);
  await noteSenderChange(tx, number);
}

/** Lets every process look again, within seconds, whether the logins of a sender still hold (standing-watch.ts). */
export async function noteSenderChange(tx: Db, number: string): Promise<void> {
  await write(tx, 'update senders set revision = revision + 1 where number = ?', [number]);
}

/** Adds the sender, or makes the stored one equal to it; a stored password stays, and so does what bars it. */
export async function saveSender(tx: Db, sender: Sender): Promise<void> {
  await tx('senders').insert(toRow(sender)).onConflict('number').merge();
  await noteSenderChange(tx, sender.number);
}

function toRow(sender: Sender): Row {
  return {
    number: sender.number,
    login: sender.login,
    enterprise_number: sender.enterpriseNumber,
    quality: sender.quality,
    state: sender.state,
    channels: JSON.stringify(sender.channels),
    goals: JSON.stringify(sender.goals),
    networks: JSON.stringify(sender.networks),
    mandated: sender.mandated ?? null,
    scopes: sender.scopes?.length ? JSON.stringify(sender.scopes) : null,
  };
}

function fromRow(row: StoredRow | undefined): Sender | undefined {
  if (!row) return undefined;
  return {
    number: row.number,
    login: row.login,
    enterpriseNumber: row.enterprise_number,
    quality: row.quality,
    state: row.state as Sender['state'],
    channels: JSON.parse(row.channels),
    goals: JSON.parse(row.goals),
    networks: JSON.parse(row.networks),
    ...(row.mandated === null ? {} : { mandated: Boolean(row.mandated) }),
    ...barredBy(row),
    ...(row.scopes === null ? {} : { scopes: JSON.parse(row.scopes) }),
  };
}

function barredBy({ access, organisation_access }: StoredRow): Pick<Sender, 'barred'> {
  if (access === 'deleted') return { barred: 'deleted' };
  return access === 'blocked' || organisation_access === 'blocked' ? { barred: 'blocked' } : {};
}
