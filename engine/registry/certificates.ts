import { X509Certificate } from 'node:crypto';
import { EngineError } from '../core/errors.ts';
import { type Certificate, parseCertificate, readCertificate } from '../pki/certificate.ts';
import { type CertificateFacts, describeCertificate, fingerprintOf } from '../pki/describe.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { addRowOnce, findRow, rowsOf, write } from '../store/sql.ts';
import type { ChangedBy } from './changed-by.ts';

/** A certificate that is registered for a sender, and from when until when it is the sender's. */
export interface SenderCertificate extends CertificateFacts {
  readonly sender: string;
  /** Absent: always. */
  readonly since?: Date;
  /** From then on it is not the sender's any more (153); absent: as long as it is valid itself. */
  readonly until?: Date;
}

interface Row {
  readonly sender: string;
  readonly fingerprint: string;
  readonly pem: string;
  readonly since: string | null;
  readonly until: string | null;
}

/** The one certificate in a PEM or DER file. Throws message_malformed when there is none, or more. */
export function certificateFrom(bytes: Buffer): Certificate {
  const found = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  if (found > 1)
    throw new EngineError('message_malformed', `${found} certificates in it; register one per file, without its chain`);
  try {
    return found === 1 ? readCertificate(new X509Certificate(bytes)) : parseCertificate(bytes);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('message_malformed', 'there is no X.509 certificate in it');
  }
}

/**
 * The certificates that are a sender's at a moment, in PEM: several at a time where an old one gives way to a new one. Whether each is
 * valid itself is for whoever uses it to judge.
 */
export async function certificatesInForce(db: Db, sender: string, at: Date): Promise<string[]> {
  const rows = await rowsOf<Pick<Row, 'pem'>>(
    db,
    `select pem from sender_certificates where sender = ? and (since is null or since <= ?) and ("until" is null or "until" > ?)
     order by fingerprint`,
    [sender, at.toISOString(), at.toISOString()],
  );
  return rows.map(({ pem }) => pem);
}

/** Certificates of senders in the order of sender and fingerprint, after one of them; at most `limit`. */
export async function pageOfCertificates(
  db: Db,
  {
    after,
    limit,
    sender,
  }: {
    readonly after?: Pick<SenderCertificate, 'sender' | 'fingerprint'>;
    readonly limit: number;
    readonly sender?: string;
  },
): Promise<SenderCertificate[]> {
  const { sender: last = '', fingerprint = '' } = after ?? {};
  const rows = await rowsOf<Row>(
    db,
    `select * from sender_certificates where (sender > ? or (sender = ? and fingerprint > ?))${sender === undefined ? '' : ' and sender = ?'}
     order by sender, fingerprint limit ${limit}`,
    [last, last, fingerprint, ...(sender === undefined ? [] : [sender])],
  );
  return rows.map(fromRow);
}

/** Every certificate of every sender, or of one, page by page. */
export async function* allCertificates(db: Db, sender?: string): AsyncGenerator<SenderCertificate> {
  for (let after: SenderCertificate | undefined; ; ) {
    const page = await pageOfCertificates(db, {
      limit: PAGE,
      ...(after && { after }),
      ...(sender !== undefined && { sender }),
    });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

const PAGE = 500;

/** Where a certificate is registered: one entry for each sender that has it, in the order of their numbers. */
export async function registrationsOf(db: Db, certificate: Certificate): Promise<SenderCertificate[]> {
  const sql = 'select * from sender_certificates where fingerprint = ? order by sender';
  return (await rowsOf<Row>(db, sql, [fingerprintOf(certificate)])).map(fromRow);
}

/** Whether it is the sender's at a moment; whether it is valid itself is another question. */
export function isInForce({ since, until }: Window, at: Date): boolean {
  return (!since || since <= at) && (!until || at < until);
}

/** The window in which a certificate is a sender's. */
export interface Window {
  readonly since?: Date;
  readonly until?: Date;
}

/** Registers a certificate for a sender, audited; false when it is registered already, which changes nothing. */
export async function addCertificate(
  tx: Db,
  sender: string,
  certificate: Certificate,
  window: Window,
  by: ChangedBy,
): Promise<boolean> {
  const { fingerprint } = describeCertificate(certificate);
  const [since, until] = [window.since?.toISOString() ?? null, window.until?.toISOString() ?? null];
  const row = { sender, fingerprint, pem: certificate.x509.toString(), since, until };
  const added = await addRowOnce(tx, 'sender_certificates', row);
  if (added) await auditCertificate(tx, sender, fingerprint, 'added', { since, until }, by);
  return added;
}

/** Lets a certificate stop being a sender's at a moment, audited. Throws not_found. */
export async function endCertificate(
  tx: Db,
  sender: string,
  fingerprint: string,
  at: Date,
  by: ChangedBy,
): Promise<void> {
  const row = await findRow<Row>(tx, 'sender_certificates', { sender, fingerprint });
  if (!row) throw new EngineError('not_found', `sender ${sender} has no certificate ${fingerprint}`);
  const until = at.toISOString();
  await write(tx, 'update sender_certificates set "until" = ? where sender = ? and fingerprint = ?', [
    until,
    sender,
    fingerprint,
  ]);
  await auditCertificate(tx, sender, fingerprint, 'ended', { until, untilBefore: row.until }, by);
}

async function auditCertificate(
  tx: Db,
  sender: string,
  fingerprint: string,
  outcome: string,
  facts: object,
  { by, now }: ChangedBy,
): Promise<void> {
  await audit(tx, {
    at: now,
    who: by,
    what: 'certificate changed',
    subject: `certificate of sender ${sender}`,
    outcome,
    facts: { fingerprint, ...facts },
  });
}

function fromRow({ sender, pem, since, until }: Row): SenderCertificate {
  return {
    sender,
    ...describeCertificate(readCertificate(new X509Certificate(pem))),
    ...(since !== null && { since: new Date(since) }),
    ...(until !== null && { until: new Date(until) }),
  };
}
