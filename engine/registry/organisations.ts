import type { Db } from '../store/database.ts';
import { findRow } from '../store/sql.ts';

/** The languages that names and texts are given in. */
export const LANGUAGES = ['nl', 'fr', 'de', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Kinds of mailboxes that an organisation may have. */
export const MAILBOX_TYPES = ['enterprise', 'institution'] as const;
export type MailboxType = (typeof MAILBOX_TYPES)[number];

/** An enterprise or institution, by its enterprise number of ten digits. */
export interface Organisation {
  readonly enterpriseNumber: string;
  readonly names: Readonly<Partial<Record<Language, string | undefined>>>;
  readonly language: Language;
  readonly email?: string;
  /** Its employer number; also that of a local authority (protocol §5.4). */
  readonly nssoNumber?: string;
  readonly mailboxType: MailboxType;
}

interface Row {
  readonly enterprise_number: string;
  readonly names: string;
  readonly language: string;
  readonly email: string | null;
  readonly nsso_number: string | null;
  readonly mailbox_type: string;
}

/** The organisation with this enterprise number of ten digits, if it is known. */
export async function findOrganisation(db: Db, enterpriseNumber: string): Promise<Organisation | undefined> {
  return fromRow(await findRow<Row>(db, 'organisations', { enterprise_number: enterpriseNumber }));
}

/** The organisation with this employer number, leading zeros or not, if it is known. */
export async function findOrganisationByNsso(db: Db, nssoNumber: string): Promise<Organisation | undefined> {
  return fromRow(await findRow<Row>(db, 'organisations', { nsso_number: plainNsso(nssoNumber) }));
}

/** Adds the organisation, or makes the stored one equal to it. */
export async function saveOrganisation(tx: Db, organisation: Organisation): Promise<void> {
  await tx('organisations').insert(toRow(organisation)).onConflict('enterprise_number').merge();
}

/** An employer number without leading zeros: how it is stored and compared. */
export function plainNsso(nssoNumber: string): string {
  return nssoNumber.replace(/^0+(?=\d)/, '');
}

function toRow({ enterpriseNumber, names, language, email, nssoNumber, mailboxType }: Organisation): Row {
  return {
    enterprise_number: enterpriseNumber,
    names: JSON.stringify(names),
    language,
    email: email ?? null,
    nsso_number: nssoNumber === undefined ? null : plainNsso(nssoNumber),
    mailbox_type: mailboxType,
  };
}

function fromRow(row: Row | undefined): Organisation | undefined {
  if (!row) return undefined;
  return {
    enterpriseNumber: row.enterprise_number,
    names: JSON.parse(row.names),
    language: row.language as Language,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.nsso_number === null ? {} : { nssoNumber: row.nsso_number }),
    mailboxType: row.mailbox_type as MailboxType,
  };
}
