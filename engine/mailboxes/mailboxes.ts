import { type Db, isSqlite } from '../store/database.ts';
import { addRowOnce, type Binding, findRow, rowsOf, write } from '../store/sql.ts';

/** Whose a mailbox is: an enterprise's or an institution's (enterprise number), a civil servant's or a citizen's (INSS). */
export const MAILBOX_KINDS = ['enterprise', 'institution', 'civil-servant', 'citizen'] as const;
export type MailboxKind = (typeof MAILBOX_KINDS)[number];

/** What tells mailboxes apart. */
export interface MailboxKey {
  readonly kind: MailboxKind;
  /** Enterprise number or INSS; of an employer that is not registered, the number that it is known by. */
  readonly eboxId: string;
}

/** Whether it is the mailbox of an organisation: an enterprise or an institution, and not of one person. */
export function isOfOrganisation({ kind }: Pick<MailboxKey, 'kind'>): boolean {
  return kind === 'enterprise' || kind === 'institution';
}

export interface Mailbox extends MailboxKey {
  /** Names it in other tables. */
  readonly id: number;
  /** Since when it has a digital user: its owner signed in or consented. */
  readonly activeSince?: string;
  /** When its owner last asked for it: its software, or a person. */
  readonly lastConsultedAt?: string;
  /** When a person of its owner last opened it. */
  readonly lastConnectedAt?: string;
  readonly lastReceivedAt?: string;
  /** Its owner wants no paper copies any more. */
  readonly exclusive: boolean;
  /** Nothing in it expires. */
  readonly hold: boolean;
  /** How many messages have ever come. */
  readonly everReceived: number;
}

/** The mailbox, if anything made it yet; of an organisation also the one of the other kind, which it had before. */
export async function findMailbox(db: Db, key: MailboxKey): Promise<Mailbox | undefined> {
  const all = await mailboxesOf(db, key.eboxId);
  return all.find(({ kind }) => kind === key.kind) ?? (isOfOrganisation(key) ? all.find(isOfOrganisation) : undefined);
}

/** The mailbox that other tables name so; undefined when there is none. */
export async function mailboxById(db: Db, id: number): Promise<Mailbox | undefined> {
  const row = await findRow<MailboxRow>(db, 'mailboxes', { id });
  return row && mailboxOf(row);
}

/** The mailboxes with this number: at most one of each kind. */
export async function mailboxesOf(db: Db, eboxId: string): Promise<Mailbox[]> {
  const rows = await rowsOf<MailboxRow>(db, 'select * from mailboxes where ebox_id = ? order by id', [eboxId]);
  return rows.map(mailboxOf);
}

/**
 * The mailbox, made when it is not there yet: inactive. An organisation has one: what came before it was registered, or
 * before it was registered as the other kind, lies in it too.
 */
export async function openMailbox(tx: Db, key: MailboxKey, now: Date): Promise<Mailbox> {
  const found = await findMailbox(tx, key);
  const { kind, eboxId } = key;
  if (found) return found.kind === kind ? found : ofKind(tx, found, kind);
  const row = { kind, ebox_id: eboxId, created_at: now.toISOString(), last_position: 0 };
  await addRowOnce(tx, 'mailboxes', row);
  const made = await findMailbox(tx, key);
  if (!made) throw new Error('the mailbox was not made');
  return made;
}

/** The mailbox of an organisation is of this kind from now on. */
async function ofKind(tx: Db, mailbox: Mailbox, kind: MailboxKey['kind']): Promise<Mailbox> {
  await write(tx, 'update mailboxes set kind = ? where id = ?', [kind, mailbox.id]);
  return { ...mailbox, kind };
}

/** Notes that the owner signed in or consented: from now on it has a digital user. */
export async function activateMailbox(tx: Db, id: number, now: Date): Promise<void> {
  await write(tx, 'update mailboxes set active_since = ? where id = ? and active_since is null', [
    now.toISOString(),
    id,
  ]);
}

/** A change of what a mailbox itself knows. */
export interface MailboxChange {
  readonly exclusive?: boolean;
  readonly hold?: boolean;
  readonly lastConsultedAt?: Date;
  readonly lastConnectedAt?: Date;
}

/** Changes what the mailbox knows; what is not given stays. */
export async function changeMailbox(tx: Db, id: number, changes: MailboxChange): Promise<void> {
  const columns: Record<string, Binding | undefined> = {
    exclusive: changes.exclusive,
    hold: changes.hold,
    last_consulted_at: changes.lastConsultedAt?.toISOString(),
    last_connected_at: changes.lastConnectedAt?.toISOString(),
  };
  const given = Object.entries(columns).filter((entry): entry is [string, Binding] => entry[1] !== undefined);
  if (given.length === 0) return;
  const set = given.map(([column]) => `${column} = ?`).join(', ');
  await write(tx, `update mailboxes set ${set} where id = ?`, [...given.map(([, value]) => value), id]);
}

/**
 * Takes the mailbox until the transaction ends. Whoever changes what lies in it, or how much, takes it first, and of several
 * in one transaction each in its turn (byRecipient in deliver.ts): so nobody waits for each other, and totals are right.
 */
export async function lockMailbox(tx: Db, id: number): Promise<void> {
  if (!isSqlite(tx)) await write(tx, 'select id from mailboxes where id = ? for update', [id]);
}

/** Takes the mailbox and gives the place of the next message in it: positions and times of arrival go up together. */
export async function nextPlace(tx: Db, id: number, now: Date): Promise<{ position: number; receivedAt: string }> {
  const at = now.toISOString();
  const [row] = await rowsOf<{ last_position: number; last_received_at: string }>(
    tx,
    `update mailboxes set last_position = last_position + 1,
       last_received_at = case when last_received_at > ? then last_received_at else ? end
     where id = ? returning last_position, last_received_at`,
    [at, at, id],
  );
  if (!row) throw new Error('there is no such mailbox');
  return { position: row.last_position, receivedAt: row.last_received_at };
}

/** A row of `mailboxes`. */
export interface MailboxRow {
  readonly id: number;
  readonly kind: string;
  readonly ebox_id: string;
  readonly active_since: string | null;
  readonly last_consulted_at: string | null;
  readonly last_connected_at: string | null;
  readonly last_received_at: string | null;
  readonly exclusive: boolean | number;
  readonly hold: boolean | number;
  readonly last_position: number;
}

/** The mailbox that a row is. */
export function mailboxOf(row: MailboxRow): Mailbox {
  return {
    id: row.id,
    kind: row.kind as MailboxKind,
    eboxId: row.ebox_id,
    ...(row.active_since !== null && { activeSince: row.active_since }),
    ...(row.last_consulted_at !== null && { lastConsultedAt: row.last_consulted_at }),
    ...(row.last_connected_at !== null && { lastConnectedAt: row.last_connected_at }),
    ...(row.last_received_at !== null && { lastReceivedAt: row.last_received_at }),
    exclusive: Boolean(row.exclusive),
    hold: Boolean(row.hold),
    everReceived: row.last_position,
  };
}
