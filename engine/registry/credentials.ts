import type { Db } from '../store/database.ts';
import { findRows } from '../store/sql.ts';
import { noteSenderChange } from './senders.ts';

/** Something registered for a sender, named by its fingerprint: an SSH key line or a certificate in PEM. */
export interface Credential {
  readonly fingerprint: string;
  readonly text: string;
}

/** What came of making the stored list equal to a new one. */
export interface Replaced {
  readonly added: readonly Credential[];
  readonly removed: readonly Credential[];
}

const TABLES = {
  key: { table: 'sender_keys', column: 'public_key' },
  certificate: { table: 'sender_certificates', column: 'pem' },
} as const;

export type CredentialKind = keyof typeof TABLES;

/** The SSH public keys that a sender may log in with, each a line of OpenSSH's authorized_keys format. */
export async function sshKeysOf(db: Db, sender: string): Promise<string[]> {
  return (await credentialsOf(db, 'key', sender)).map(({ text }) => text);
}

/** The certificates registered for a sender, in PEM; expired ones too: who uses them decides. */
export async function certificatesOf(db: Db, sender: string): Promise<string[]> {
  return (await credentialsOf(db, 'certificate', sender)).map(({ text }) => text);
}

/** Makes the stored list of one sender equal to `wanted`; a fingerprint that stays is not touched. */
export async function replaceCredentials(
  tx: Db,
  kind: CredentialKind,
  sender: string,
  wanted: readonly Credential[],
): Promise<Replaced> {
  const { table, column } = TABLES[kind];
  const stored = await credentialsOf(tx, kind, sender);
  const removed = stored.filter(({ fingerprint }) => !includes(wanted, fingerprint));
  const added = wanted.filter(({ fingerprint }) => !includes(stored, fingerprint));
  for (const { fingerprint } of removed) await tx(table).where({ sender, fingerprint }).delete();
  for (const { fingerprint, text } of added) await tx(table).insert({ sender, fingerprint, [column]: text });
  if (added.length + removed.length > 0) await noteSenderChange(tx, sender);
  return { added, removed };
}

/** What is registered for a sender, in the order of the fingerprints. */
export async function credentialsOf(db: Db, kind: CredentialKind, sender: string): Promise<Credential[]> {
  const { table, column } = TABLES[kind];
  const rows = await findRows<Record<string, unknown>>(db, table, { sender }, 'fingerprint');
  return rows.map((row) => ({ fingerprint: String(row['fingerprint']), text: String(row[column]) }));
}

function includes(credentials: readonly Credential[], fingerprint: string): boolean {
  return credentials.some((credential) => credential.fingerprint === fingerprint);
}

/** Each fingerprint once. */
export function uniqueCredentials(credentials: readonly Credential[]): Credential[] {
  return [...new Map(credentials.map((credential) => [credential.fingerprint, credential])).values()];
}
