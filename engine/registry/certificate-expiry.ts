import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { allCertificates, type SenderCertificate } from './certificates.ts';
import { addNotice } from './notices.ts';
import { findOrganisation } from './organisations.ts';
import { findSender } from './senders.ts';

/** How many days before the end of a certificate is warned, once each. */
export const WARN_DAYS = [60, 30, 7] as const;

const DAY_MS = 86_400_000;

/** A warning that was given. */
export interface ExpiryWarning {
  readonly certificate: SenderCertificate;
  /** 60, 30 or 7. */
  readonly days: number;
  readonly endsAt: Date;
}

/** When a certificate stops being good for its sender: when it expires, or is not the sender's any more. */
export function endOf({ validUntil, until }: Pick<SenderCertificate, 'validUntil' | 'until'>): Date {
  return until && until < validUntil ? until : validUntil;
}

/** Which warning is due; undefined while there are more than 60 days left, and once it has ended. */
export function warningDue(endsAt: Date, now: Date): number | undefined {
  const left = endsAt.getTime() - now.getTime();
  if (left <= 0) return undefined;
  return [...WARN_DAYS].reverse().find((days) => left <= days * DAY_MS);
}

/**
 * Warns of every certificate of a sender that ends within 60, 30 and 7 days: an audit line, and a notice for the address of its
 * organisation and for the operator, once for each of the three, however often and in how many processes it is run. A warning that was
 * missed is not caught up with when a later one is due.
 *
 * @param proceed asked between two certificates; throws when this process may not go on.
 */
export async function warnOfExpiry(db: Db, now: Date, proceed: () => void): Promise<ExpiryWarning[]> {
  const warnings: ExpiryWarning[] = [];
  for await (const certificate of allCertificates(db)) {
    proceed();
    const endsAt = endOf(certificate);
    const days = warningDue(endsAt, now);
    if (days === undefined) continue;
    const warning = { certificate, days, endsAt };
    if (await inTransaction(db, (tx) => warn(tx, warning, now))) warnings.push(warning);
  }
  return warnings;
}

async function warn(tx: Db, { certificate, days, endsAt }: ExpiryWarning, now: Date): Promise<boolean> {
  const { sender, fingerprint, subject, serial } = certificate;
  const fresh = await addRowOnce(tx, 'certificate_warnings', {
    sender,
    fingerprint,
    days,
    warned_at: now.toISOString(),
  });
  if (!fresh) return false;
  const facts = { sender, fingerprint, serial, certificate: subject, endsAt: endsAt.toISOString(), days };
  const what = { at: now, who: 'engine', what: 'certificate expires', outcome: `within ${days} days` } as const;
  await audit(tx, { ...what, subject: `certificate of sender ${sender}`, facts });
  const organisation = (await findSender(tx, sender))?.enterpriseNumber ?? '';
  const address = (await findOrganisation(tx, organisation))?.email;
  await addNotice(tx, {
    ...{ at: now, kind: 'certificate expires', organisation, facts },
    ...(address !== undefined && { address }),
    subject: `The certificate ${serial} of sender ${sender} ends on ${endsAt.toISOString().slice(0, 10)}: register the next one`,
  });
  return true;
}
