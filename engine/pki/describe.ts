import type { KeyObject } from 'node:crypto';
import { oidHex } from '../core/der.ts';
import type { Certificate } from './certificate.ts';

/** What people are shown of a certificate. */
export interface CertificateFacts {
  /** Names as one line, without the INSS that an eID writes into them. */
  readonly subject: string;
  readonly issuer: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
  /** As `RSA 2048` or `EC P-256`. */
  readonly key: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Words of its key usage and extended key usage; empty when it is not limited. */
  readonly usage: readonly string[];
  /** SHA-256 of the certificate, lower-case hexadecimal without colons. */
  readonly fingerprint: string;
}

const USAGES: readonly string[] = [
  ...['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement'],
  ...['keyCertSign', 'cRLSign', 'encipherOnly'],
];

const PURPOSES: ReadonlyMap<string, string> = new Map(
  [
    ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
    ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
    ['1.3.6.1.5.5.7.3.3', 'codeSigning'],
    ['1.3.6.1.5.5.7.3.4', 'emailProtection'],
    ['1.3.6.1.5.5.7.3.8', 'timeStamping'],
    ['1.3.6.1.5.5.7.3.9', 'OCSPSigning'],
    ['1.3.6.1.5.5.7.3.36', 'documentSigning'],
    ['1.3.6.1.4.1.311.10.3.12', 'documentSigning'],
    ['2.5.29.37.0', 'any'],
  ].map(([dotted = '', word = '']) => [oidHex(dotted), word]),
);

/** What there is to show of a certificate. */
export function describeCertificate(certificate: Certificate): CertificateFacts {
  const { x509, key, notBefore, notAfter } = certificate;
  return {
    subject: nameWithoutInss(x509.subject),
    issuer: nameWithoutInss(x509.issuer),
    serial: x509.serialNumber,
    key: keyText(key),
    validFrom: notBefore,
    validUntil: notAfter,
    usage: usageOf(certificate),
    fingerprint: fingerprintOf(certificate),
  };
}

/** The SHA-256 of a certificate as it is registered under: lower-case hexadecimal, no colons. */
export function fingerprintOf({ x509 }: Pick<Certificate, 'x509'>): string {
  return x509.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The eID writes its holder's INSS in the subject; what is stored and shown must not have it. */
export function nameWithoutInss(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').replace(/\d{6}[- .]?\d{3}[- .]?\d{2}/g, '***');
}

const CURVE_NAMES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

function keyText({ asymmetricKeyType, asymmetricKeyDetails: details = {} }: KeyObject): string {
  const kind: string = asymmetricKeyType ?? 'unknown';
  const { modulusLength, namedCurve = '' } = details;
  if (kind === 'ec') return `EC ${CURVE_NAMES[namedCurve] ?? namedCurve}`;
  return modulusLength === undefined ? kind : `${kind.toUpperCase()} ${modulusLength}`;
}

function usageOf({ keyUsage, extendedKeyUsage = [] }: Certificate): string[] {
  const bits = keyUsage === undefined ? [] : USAGES.filter((_, at) => keyUsage & (0x80 >> at));
  return [...bits, ...extendedKeyUsage.map((use) => PURPOSES.get(use) ?? 'other')];
}
