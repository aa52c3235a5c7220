import { createHash, randomBytes } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import { lockMailbox, type Mailbox } from '../mailboxes/mailboxes.ts';
import { findOrganisation, type Language, type Organisation } from '../registry/organisations.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { addRow, addRowOnce, change, findRow, placesFor, rowsOf, write } from '../store/sql.ts';
import { confirmationsSince, queueMail } from './mails.ts';

/** Where the owner of a mailbox, or somebody who subscribed to it, gets mails. */
export interface MailAddress {
  readonly address: string;
  readonly language: Language;
  /** The organisation's own: as the operator has it, or as its people have changed it. Else a subscriber's. */
  readonly owner: boolean;
  readonly confirmed: boolean;
  /** Since when it keeps failing; absent: it does not. */
  readonly failingSince?: string;
  /** What a mail server said last of a mail that failed. */
  readonly lastFailure?: string;
}

const TOKEN_GOOD_MS = 48 * 3_600_000;
const AGAIN_AFTER_MS = 600_000;
const MOST_ADDRESSES = 50; // of a mailbox, and asked to confirm while a token is good

// one mailbox name at one domain: no comments, quotes, lists, encodings or line ends (anchors: CRLF, CVE-2025-13033)
const ADDRESS = /^[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}$/;

/** Whether mails may go there: a plain address and nothing around it. */
export const isMailAddress = (text: string): boolean => text.length <= 254 && ADDRESS.test(text);

/**
 * Asks who reads mails at an address to confirm it: nothing else is sent there before. An address that is to be the
 * owner's replaces the present one when it is confirmed. Throws name_invalid, and limit_exceeded when it was asked just now, or the
 * mailbox has or asked too many, whatever was taken away since: who reads mails there may be a stranger.
 */
export async function requestAddress(
  tx: Db,
  { mailbox, address, language, owner }: Pick<MailAddress, 'address' | 'language' | 'owner'> & { mailbox: Mailbox },
  { who, now }: { readonly who: string; readonly now: Date },
): Promise<void> {
  if (!isMailAddress(address)) throw new EngineError('name_invalid', 'this is no e-mail address');
  await lockMailbox(tx, mailbox.id); // two requests at once would both find that nobody has asked
  await forgetUnconfirmed(tx, mailbox.id, now);
  const present = await addressesOf(tx, mailbox, now);
  const isThere = present.some((one) => one.address === address && one.confirmed);
  if (isThere || present.length >= MOST_ADDRESSES || !(await mayAsk(tx, { mailbox: mailbox.id, address }, now)))
    throw new EngineError('limit_exceeded', 'this address is there already, or too many are');
  const token = randomBytes(16).toString('base64url');
  const until = new Date(now.getTime() + TOKEN_GOOD_MS).toISOString();
  const about = { mailbox: mailbox.id, address, language, owner, created_at: now.toISOString() };
  await write(tx, 'delete from mail_addresses where mailbox = ? and address = ?', [mailbox.id, address]);
  await addRow(tx, 'mail_addresses', { ...about, token_hash: hashOf(token), token_until: until });
  const facts = { ...(await factsOf(tx, mailbox, language)), token };
  await queueMail(tx, { mailbox: mailbox.id, address, language, kind: 'confirm', key: hashOf(token), facts }, now);
  await auditChange(tx, { mailbox: mailbox.id, who, now, outcome: 'to be confirmed' });
}

async function mayAsk(tx: Db, { mailbox, address }: Place, now: Date): Promise<boolean> {
  const asked = await confirmationsSince(tx, mailbox, new Date(now.getTime() - TOKEN_GOOD_MS));
  const same = asked.filter((one) => one.address.toLowerCase() === address.toLowerCase());
  return asked.length < MOST_ADDRESSES && !same.some(({ at }) => isFresh(at, now));
}

/** Confirms the address that this token was sent to. @returns false for a token that is unknown, used or too old. */
export async function confirmAddress(tx: Db, token: string, now: Date): Promise<boolean> {
  const [row] = await rowsOf<Row>(
    tx,
    `update mail_addresses set confirmed_at = ?, token_hash = null, token_until = null
     where token_hash = ? and token_until > ? returning *`,
    [now.toISOString(), hashOf(token), now.toISOString()],
  );
  if (!row) return false;
  if (row.owner) {
    const others = 'delete from mail_addresses where mailbox = ? and owner and address <> ?';
    await write(tx, others, [row.mailbox, row.address]);
  }
  const wantedAgain = 'delete from mail_addresses_taken_away where mailbox = ? and address = ?';
  await write(tx, wantedAgain, [row.mailbox, row.address]);
  await auditChange(tx, { mailbox: row.mailbox, who: 'engine', now, outcome: 'confirmed' });
  return true;
}

/** Sends nothing there any more, also where it is the address that the operator has. @returns false when it was not there. */
export async function removeAddress(
  tx: Db,
  { mailbox, address }: { readonly mailbox: Mailbox; readonly address: string },
  { who, now }: { readonly who: string; readonly now: Date },
): Promise<boolean> {
  const provisioned = await followProvisioning(tx, mailbox, now);
  const place = [mailbox.id, address];
  if ((await change(tx, 'delete from mail_addresses where mailbox = ? and address = ?', place)) === 0) return false;
  if (address === provisioned) {
    const row = { mailbox: mailbox.id, address, at: now.toISOString() };
    await addRowOnce(tx, 'mail_addresses_taken_away', row);
  }
  await auditChange(tx, { mailbox: mailbox.id, who, now, outcome: 'removed' });
  return true;
}

/**
 * The addresses of a mailbox. An organisation whose people have set none has the one that the operator provisioned, which needs no
 * confirmation, as long as the operator has it and they did not take it away.
 */
export async function addressesOf(tx: Db, mailbox: Mailbox, now: Date): Promise<MailAddress[]> {
  await followProvisioning(tx, mailbox, now);
  const sql = 'select * from mail_addresses where mailbox = ? order by owner desc, address';
  return (await rowsOf<Row>(tx, sql, [mailbox.id])).map(fromRow);
}

/** @returns the address that the operator has for the owner, if any, whether mails go there or not. */
async function followProvisioning(tx: Db, mailbox: Mailbox, now: Date): Promise<string | undefined> {
  const { email = '', language = 'nl' } = (await organisationOf(tx, mailbox)) ?? {};
  const address = isMailAddress(email) ? email : undefined;
  const wanted = address !== undefined && !(await isTakenAway(tx, { mailbox: mailbox.id, address })) ? address : '';
  await write(tx, 'delete from mail_addresses where mailbox = ? and provisioned and address <> ?', [
    mailbox.id,
    wanted,
  ]);
  if (wanted === '' || (await isChanged(tx, mailbox.id))) return address;
  const at = now.toISOString();
  const row = { mailbox: mailbox.id, address: wanted, language };
  const columns = { ...row, owner: true, provisioned: true, confirmed_at: at, created_at: at };
  await write(
    tx,
    `insert into mail_addresses (${Object.keys(columns).join(', ')}) values (${placesFor(Object.keys(columns))})
     on conflict (mailbox, address) do update set language = excluded.language, owner = excluded.owner,
       provisioned = excluded.provisioned, confirmed_at = excluded.confirmed_at, token_hash = null, token_until = null
     where mail_addresses.confirmed_at is null
       or (mail_addresses.provisioned and mail_addresses.language <> excluded.language)`,
    Object.values(columns),
  );
  return address;
}

async function isTakenAway(tx: Db, { mailbox, address }: Place): Promise<boolean> {
  return (await findRow(tx, 'mail_addresses_taken_away', { mailbox, address })) !== undefined;
}

/** Whether the owner's people have set an address of their own. */
async function isChanged(tx: Db, mailbox: number): Promise<boolean> {
  const changed =
    'select 1 from mail_addresses where mailbox = ? and owner and not provisioned and confirmed_at is not null';
  return (await rowsOf(tx, changed, [mailbox])).length > 0;
}

/** What every mail about a mailbox may say of it. */
export async function factsOf(db: Db, mailbox: Mailbox, language: Language) {
  if (mailbox.kind !== 'enterprise' && mailbox.kind !== 'institution') return {};
  const { names = {} } = (await organisationOf(db, mailbox)) ?? {};
  const name = names[language] ?? Object.values(names)[0];
  return { enterprise: mailbox.eboxId, ...(name !== undefined && { name }) };
}

function organisationOf(db: Db, { kind, eboxId }: Mailbox): Promise<Organisation | undefined> {
  const ofOrganisation = kind === 'enterprise' || kind === 'institution';
  return ofOrganisation ? findOrganisation(db, eboxId) : Promise.resolve(undefined);
}

/** After so many failures in a row an address is held to keep failing. */
export const FAILURES_TO_FLAG = 3;

/** Notes what became of a mail to an address, in the caller's transaction. */
export async function noteOutcome(
  tx: Db,
  { mailbox, address }: Place,
  failure: string | undefined,
  now: Date,
): Promise<void> {
  if (failure === undefined) {
    const well =
      'update mail_addresses set failures = 0, failing_since = null where mailbox = ? and address = ? and failures > 0';
    await write(tx, well, [mailbox, address]);
    return;
  }
  await write(
    tx,
    `update mail_addresses set failures = failures + 1, last_failure = ?,
       failing_since = case when failures + 1 >= ? then coalesce(failing_since, ?) else null end
     where mailbox = ? and address = ?`,
    [failure, FAILURES_TO_FLAG, now.toISOString(), mailbox, address],
  );
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

const isFresh = (at: string, now: Date) => now.getTime() - new Date(at).getTime() < AGAIN_AFTER_MS;

async function forgetUnconfirmed(tx: Db, mailbox: number, now: Date): Promise<void> {
  await write(tx, 'delete from mail_addresses where mailbox = ? and token_until < ?', [mailbox, now.toISOString()]);
}

interface Place {
  /** Id of the mailbox. */
  readonly mailbox: number;
  readonly address: string;
}

interface Change {
  readonly mailbox: number;
  readonly who: string;
  readonly now: Date;
  readonly outcome: string;
}

/** Whose address it is stays out of the audit. */
function auditChange(tx: Db, { mailbox, who, now, outcome }: Change): Promise<void> {
  return audit(tx, { at: now, who, what: 'mail address changed', subject: `mailbox ${mailbox}`, outcome });
}

interface Row {
  readonly mailbox: number;
  readonly address: string;
  readonly language: string;
  readonly owner: boolean | number;
  readonly confirmed_at: string | null;
  readonly failing_since: string | null;
  readonly last_failure: string | null;
}

const fromRow = (row: Row): MailAddress => ({
  address: row.address,
  language: row.language as Language,
  owner: Boolean(row.owner),
  confirmed: row.confirmed_at !== null,
  ...(row.failing_since !== null && { failingSince: row.failing_since }),
  ...(row.last_failure !== null && { lastFailure: row.last_failure }),
});
