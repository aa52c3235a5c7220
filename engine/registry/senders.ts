import type { Db } from '../store/database.ts';
import { findRow } from '../store/sql.ts';
import type { EboxScope } from './scopes.ts';

/** An employer that a sender may declare for; without dates, always. Dates are YYYY-MM-DD, both inclusive. */
export interface Mandate {
  readonly employer: string;
  readonly from?: string;
  readonly until?: string;
}

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
  /** Absent: may declare for any employer. */
  readonly mandates?: readonly Mandate[];
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
  readonly mandates: string | null;
  readonly scopes: string | null;
}

/** The sender with this number of six digits, suspended or not. */
export async function findSender(db: Db, number: string): Promise<Sender | undefined> {
  return fromRow(await findRow<Row>(db, 'senders', { number }));
}

/** The sender that logs in under this name, suspended or not; names are compared letter by letter. */
export async function findSenderByLogin(db: Db, login: string): Promise<Sender | undefined> {
  return fromRow(await db<Row>('senders').where({ login }).first());
}

/** The senders of an organisation, in the order of their numbers. */
export async function sendersOf(db: Db, enterpriseNumber: string): Promise<Sender[]> {
  const rows = await db<Row>('senders').where({ enterprise_number: enterpriseNumber }).orderBy('number');
  return rows.flatMap((row) => fromRow(row) ?? []);
}

/** Every sender, suspended or not, in the order of their numbers. */
export async function allSenders(db: Db): Promise<Sender[]> {
  const rows = await db<Row>('senders').orderBy('number');
  return rows.flatMap((row) => fromRow(row) ?? []);
}

/** Adds the sender, or makes the stored one equal to it; a stored password stays. */
export async function saveSender(tx: Db, sender: Sender): Promise<void> {
  await tx('senders').insert(toRow(sender)).onConflict('number').merge();
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
    mandates: sender.mandates ? JSON.stringify(sender.mandates) : null,
    scopes: sender.scopes?.length ? JSON.stringify(sender.scopes) : null,
  };
}

function fromRow(row: Row | undefined): Sender | undefined {
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
    ...(row.mandates === null ? {} : { mandates: JSON.parse(row.mandates) }),
    ...(row.scopes === null ? {} : { scopes: JSON.parse(row.scopes) }),
  };
}
