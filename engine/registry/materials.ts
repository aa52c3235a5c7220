import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { EngineError } from '../core/errors.ts';
import { readCertificate } from '../pki/certificate.ts';
import type { Trust } from '../pki/trust.ts';
import type { Credential } from './credentials.ts';
import { judgeForRegistration, type SigningRules } from './judge-certificate.ts';
import { parseSshKey } from './ssh-keys.ts';

/** What a key or certificate file held, what is wrong with it, and what its owner should know. */
export interface Material {
  readonly credentials: readonly Credential[];
  /** Sentences; any of them makes the file unusable. Never holds the file's text. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

export interface MaterialPolicy {
  readonly now: Date;
  /** Fewest bits of a certificate's RSA key. */
  readonly minRsaBits: number;
  /** What signatures are judged by: a certificate that could not sign is warned of. Absent: its chain and usage are not looked at. */
  readonly signing?: { readonly trust: Trust; readonly rules: SigningRules };
}

const MAX_BYTES = 65_536;

/** Reads a file of at most 64 KiB; a sentence when it cannot be read. */
export function readSmallFile(path: string): { readonly bytes: Buffer } | { readonly fault: string } {
  try {
    if (statSync(path).size > MAX_BYTES) return { fault: `the file is larger than ${MAX_BYTES} bytes` };
    return { bytes: readFileSync(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    return { fault: `the file cannot be read (${code})` };
  }
}

/** The SSH public keys in a file of OpenSSH's format, one a line; empty lines and lines with # are skipped. */
export function sshKeysIn(bytes: Buffer): Material {
  const lines = bytes.toString('utf8').split(/\r?\n/);
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) return broken('there is no SSH public key in it');
  const parsed = keys.map(sshKey);
  return {
    credentials: parsed.flatMap((key) => ('fault' in key ? [] : [key])),
    faults: parsed.flatMap((key) => ('fault' in key ? [key.fault] : [])),
    warnings: [],
  };
}

function sshKey(line: string): Credential | { readonly fault: string } {
  try {
    const { type, blob, fingerprint } = parseSshKey(line);
    return { fingerprint, text: `${type} ${blob.toString('base64')}` };
  } catch (error) {
    if (error instanceof EngineError) return { fault: error.message };
    throw error;
  }
}

/** The one certificate in a PEM or DER file. */
export function certificateIn(bytes: Buffer, policy: MaterialPolicy): Material {
  const found = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  if (found > 1) return broken(`${found} certificates in it; register one per file, without its chain`);
  try {
    return judge(new X509Certificate(bytes), policy);
  } catch {
    return broken('there is no X.509 certificate in it');
  }
}

function judge(certificate: X509Certificate, policy: MaterialPolicy): Material {
  const { now, minRsaBits } = policy;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const bits = details?.modulusLength ?? 0;
  if (type?.startsWith('rsa') && bits < minRsaBits) {
    return broken(`the certificate has an RSA key of ${bits} bits; at least ${minRsaBits} are needed`);
  }
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    credentials: [{ fingerprint, text: certificate.toString() }],
    faults: [],
    warnings: [...warningsAbout(certificate, now), ...signingWarnings(certificate, policy)],
  };
}

function warningsAbout(certificate: X509Certificate, now: Date): string[] {
  const [from, until] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  return [
    ...(until < now ? [`the certificate expired on ${day(until)}`] : []),
    ...(from > now ? [`the certificate is not valid before ${day(from)}`] : []),
    ...(certificate.ca ? ['the certificate is that of a CA: what it signs is refused'] : []),
  ];
}

/** Beside what is said of its dates, and of a CA. */
function signingWarnings(x509: X509Certificate, { now, signing }: MaterialPolicy): string[] {
  if (!signing || x509.ca) return [];
  return reasonsAgainst(x509, now, signing).map((reason) => `what the certificate signs would be refused: ${reason}`);
}

function reasonsAgainst(
  x509: X509Certificate,
  now: Date,
  { trust, rules }: Required<MaterialPolicy>['signing'],
): string[] {
  try {
    const reasons = judgeForRegistration(readCertificate(x509), trust, now, [], rules);
    return reasons.filter(({ kind }) => kind !== 'validity').map(({ detail }) => detail);
  } catch (error) {
    if (error instanceof EngineError) return [error.message];
    throw error;
  }
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}

function broken(fault: string): Material {
  return { credentials: [], faults: [fault], warnings: [] };
}
