import { isEnterpriseNumber } from '../core/identifiers.ts';
import type { Db } from '../store/database.ts';
import { placesFor, rowsOf } from '../store/sql.ts';

/** A number that an employer is known by: ten digits of an enterprise number, or an NSSO or local authority number without leading zeros. */
export interface EmployerKey {
  readonly kind: 'enterprise' | 'employer';
  readonly number: string;
}

/** That an organisation in one quality may declare for an employer. Days are YYYY-MM-DD, both included. */
export interface Mandate {
  readonly employer: EmployerKey;
  /** Absent: always. */
  readonly from?: string;
  /** Absent: for ever. */
  readonly until?: string;
  /** Absent: for every goal of the sender. */
  readonly goals?: readonly string[];
}

/** Who holds mandates. */
export interface Mandatee {
  /** Its enterprise number. */
  readonly organisation: string;
  readonly quality: string;
  /** The only sender that has it; absent: every sender of the organisation in this quality. */
  readonly sender?: string;
}

export interface RegisteredMandate extends Mandate, Mandatee {
  readonly id: number;
}

const [ALWAYS, FOR_EVER] = ['0000-01-01', '9999-12-31'];

/** What a row of the table holds. */
export interface MandateRow {
  readonly id: string | number;
  readonly organisation: string;
  readonly quality: string;
  readonly sender: string;
  readonly employer_kind: string;
  readonly employer: string;
  readonly begins: string;
  readonly ends: string;
  readonly goals: string | null;
}

/** Ten digits with the check digits of an enterprise number are one, anything else is an NSSO or local authority number (protocol §5.1, §5.4). */
export function employerKey(number: string): EmployerKey {
  if (isEnterpriseNumber(number)) return { kind: 'enterprise', number };
  return { kind: 'employer', number: number.replace(/^0+/, '') };
}

/** At most so many employers are asked about in one statement. */
export const EMPLOYERS_AT_ONCE = 400;

/**
 * The mandates that a sender can use for these employers (at most 400), whatever their days: its own and those of its organisation in
 * its quality. Asks for these employers only, so it costs the same for a mandatee of ten as for one of 100,000.
 */
export async function mandatesFor(
  db: Db,
  { organisation, quality, sender = '' }: Mandatee,
  employers: readonly EmployerKey[],
): Promise<RegisteredMandate[]> {
  const numbers = [...new Set(employers.map(({ number }) => number))];
  if (numbers.length === 0) return [];
  const rows = await rowsOf<MandateRow>(
    db,
    `select * from mandates where organisation = ? and quality = ? and employer in (${placesFor(numbers)}) and sender in ('', ?)`,
    [organisation, quality, ...numbers, sender],
  );
  return rows.map(fromRow);
}

/** Which mandates are listed. */
export interface MandateFilter {
  readonly organisation?: string;
  readonly quality?: string;
  readonly employer?: EmployerKey;
  /** Only those that hold on this day. */
  readonly on?: string;
  readonly limit: number;
  /** Those with a greater id. */
  readonly after?: number;
}

/** Mandates in the order they were registered; a page of at most `limit`. */
export async function listMandates(db: Db, filter: MandateFilter): Promise<RegisteredMandate[]> {
  const { organisation, quality, employer, on, limit, after = 0 } = filter;
  const query = db<MandateRow>('mandates').where('id', '>', after).orderBy('id').limit(limit);
  if (organisation !== undefined) query.where({ organisation });
  if (quality !== undefined) query.where({ quality });
  if (employer) query.where({ employer: employer.number, employer_kind: employer.kind });
  if (on !== undefined) query.where('begins', '<=', on).where('ends', '>=', on);
  return (await query).map(fromRow);
}

/** The mandate with this number. */
export async function findMandate(db: Db, id: number): Promise<RegisteredMandate | undefined> {
  const row = await db<MandateRow>('mandates').where({ id }).first();
  return row && fromRow(row);
}

/** The row of a mandate, but for its id. */
export function toRow({ organisation, quality, sender = '' }: Mandatee, { employer, from, until, goals }: Mandate) {
  return {
    ...{ organisation, quality, sender, employer_kind: employer.kind, employer: employer.number },
    ...{ begins: from ?? ALWAYS!, ends: until ?? FOR_EVER!, goals: goals ? JSON.stringify(goals) : null },
  };
}

/** The mandate of a row. */
export function fromRow(row: MandateRow): RegisteredMandate {
  const { id, organisation, quality, sender, employer_kind: kind, employer: number, begins, ends, goals } = row;
  return {
    ...{ id: Number(id), organisation, quality, employer: { kind: kind as EmployerKey['kind'], number } },
    ...(sender !== '' && { sender }),
    ...(begins !== ALWAYS && { from: begins }),
    ...(ends !== FOR_EVER && { until: ends }),
    ...(goals !== null && { goals: JSON.parse(goals) as string[] }),
  };
}

/** Whether a mandate holds on this day. */
export function holdsOn({ from = ALWAYS!, until = FOR_EVER! }: Mandate, day: string): boolean {
  return from <= day && day <= until;
}
