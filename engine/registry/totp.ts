import { Secret, TOTP } from 'otpauth';
import type { Db } from '../store/database.ts';
import { change, rowsOf, write } from '../store/sql.ts';

const ISSUER = 'Bode';
const PERIOD_S = 30;
const WINDOW = 1; // steps to either side: clocks of telephones differ
const SECRET_BYTES = 20;

/** What an authenticator app is given, as text and as an address for a QR code. */
export interface TotpEnrolment {
  readonly secret: string;
  readonly uri: string;
}

/** Makes a new secret for a person; it counts only once a code of it has been confirmed. */
export async function enrolTotp(tx: Db, person: string, userName: string): Promise<TotpEnrolment> {
  const secret = new Secret({ size: SECRET_BYTES });
  const sql = 'update people set totp_secret = ?, totp_confirmed = ?, totp_step = null where id = ?';
  await write(tx, sql, [secret.base32, false, person]);
  return { secret: secret.base32, uri: totpOf(secret.base32, userName).toString() };
}

/** Takes a person's secret away: the password alone is asked for again. */
export async function removeTotp(tx: Db, person: string): Promise<void> {
  const sql = 'update people set totp_secret = null, totp_confirmed = ?, totp_step = null where id = ?';
  await write(tx, sql, [false, person]);
}

/**
 * Takes a code of six digits (RFC 6238), of this half minute or of one beside it; each is good once, in whatever
 * process. With `confirm` the secret counts from now on.
 */
export async function takeTotp(tx: Db, person: string, code: string, now: Date, confirm = false): Promise<boolean> {
  const sql = 'select totp_secret, totp_step from people where id = ?';
  const [row] = await rowsOf<{ totp_secret: string | null; totp_step: number | string | null }>(tx, sql, [person]);
  if (!row?.totp_secret || !/^\d{6}$/.test(code)) return false;
  const delta = totpOf(row.totp_secret, '').validate({ token: code, timestamp: now.getTime(), window: WINDOW });
  if (delta === null) return false;
  const step = Math.floor(now.getTime() / 1_000 / PERIOD_S) + delta;
  return (await change(tx, TAKE, [step, confirm, person, row.totp_secret, step])) === 1;
}

const TAKE = `update people set totp_step = ?, totp_confirmed = (totp_confirmed or ?)
  where id = ? and totp_secret = ? and (totp_step is null or totp_step < ?)`;

function totpOf(base32: string, label: string): TOTP {
  return new TOTP({ issuer: ISSUER, label, secret: Secret.fromBase32(base32), period: PERIOD_S, digits: 6 });
}
