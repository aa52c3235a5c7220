import type { Db } from '../store/database.ts';
import { addRowOnce, findRow, write } from '../store/sql.ts';

/** The contact person who sees to the sending by structured messages. */
export interface TechnicalContact {
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
  readonly phone?: string;
}

/** The configuration of structured messages for one quality of an organisation. */
export interface MessageConfiguration {
  readonly savedAt: string;
  /** Sender number; absent until a technical user is named. */
  readonly sender?: string;
  readonly contact?: TechnicalContact;
}

interface Row {
  readonly saved_at: string;
  readonly sender: string | null;
  readonly contact: string | null;
}

/** The configuration of a quality; undefined when none was saved. */
export async function findConfiguration(db: Db, enterpriseNumber: string, quality: string) {
  const row = await findRow<Row>(db, 'structured_messages', { enterprise_number: enterpriseNumber, quality });
  if (!row) return undefined;
  const found: MessageConfiguration = {
    savedAt: row.saved_at,
    ...(row.sender !== null && { sender: row.sender }),
    ...(row.contact !== null && { contact: JSON.parse(row.contact) }),
  };
  return found;
}

/** Saves a configuration that names nobody yet; false when there is one. */
export async function addConfiguration(tx: Db, enterpriseNumber: string, quality: string, now: Date): Promise<boolean> {
  const key = { enterprise_number: enterpriseNumber, quality };
  return addRowOnce(tx, 'structured_messages', { ...key, saved_at: now.toISOString() });
}

/** Notes the technical user of a configuration. */
export async function setTechnicalUser(tx: Db, place: ConfigurationKey, sender: string, contact: TechnicalContact) {
  const sql = 'update structured_messages set sender = ?, contact = ? where enterprise_number = ? and quality = ?';
  await write(tx, sql, [sender, JSON.stringify(contact), place.enterpriseNumber, place.quality]);
}

/** Forgets the configuration that a sender belongs to. */
export async function removeConfiguration(tx: Db, sender: string): Promise<void> {
  await write(tx, 'delete from structured_messages where sender = ?', [sender]);
}

export interface ConfigurationKey {
  readonly enterpriseNumber: string;
  readonly quality: string;
}
