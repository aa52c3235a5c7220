import { oidHex } from './der.ts';

/** The object identifiers of CMS, its attributes and its algorithms, as content octets in hexadecimal. */
export const OID = {
  data: oidHex('1.2.840.113549.1.7.1'),
  signedData: oidHex('1.2.840.113549.1.7.2'),
  contentType: oidHex('1.2.840.113549.1.9.3'),
  messageDigest: oidHex('1.2.840.113549.1.9.4'),
  signingTime: oidHex('1.2.840.113549.1.9.5'),
  md5: oidHex('1.2.840.113549.2.5'),
  sha1: oidHex('1.3.14.3.2.26'),
  sha256: oidHex('2.16.840.1.101.3.4.2.1'),
  sha384: oidHex('2.16.840.1.101.3.4.2.2'),
  sha512: oidHex('2.16.840.1.101.3.4.2.3'),
  rsaEncryption: oidHex('1.2.840.113549.1.1.1'),
  md5WithRsa: oidHex('1.2.840.113549.1.1.4'),
  sha1WithRsa: oidHex('1.2.840.113549.1.1.5'),
  mgf1: oidHex('1.2.840.113549.1.1.8'),
  rsaPss: oidHex('1.2.840.113549.1.1.10'),
  sha256WithRsa: oidHex('1.2.840.113549.1.1.11'),
  sha384WithRsa: oidHex('1.2.840.113549.1.1.12'),
  sha512WithRsa: oidHex('1.2.840.113549.1.1.13'),
  ecdsaWithSha1: oidHex('1.2.840.10045.4.1'),
  ecdsaWithSha256: oidHex('1.2.840.10045.4.3.2'),
  ecdsaWithSha384: oidHex('1.2.840.10045.4.3.3'),
  ecdsaWithSha512: oidHex('1.2.840.10045.4.3.4'),
} as const;

/** The object identifiers of certificate extensions and of the uses an extended key usage may name. */
export const EXTENSION = {
  subjectKeyIdentifier: oidHex('2.5.29.14'),
  keyUsage: oidHex('2.5.29.15'),
  subjectAltName: oidHex('2.5.29.17'),
  issuerAltName: oidHex('2.5.29.18'),
  basicConstraints: oidHex('2.5.29.19'),
  nameConstraints: oidHex('2.5.29.30'),
  crlDistributionPoints: oidHex('2.5.29.31'),
  certificatePolicies: oidHex('2.5.29.32'),
  authorityKeyIdentifier: oidHex('2.5.29.35'),
  extendedKeyUsage: oidHex('2.5.29.37'),
  authorityInfoAccess: oidHex('1.3.6.1.5.5.7.1.1'),
  noRevocationCheck: oidHex('1.3.6.1.5.5.7.48.1.5'),
} as const;

/** The object identifiers of the extensions of certificate revocation lists and their entries (RFC 5280 §5.2, §5.3). */
export const CRL_EXTENSION = {
  crlNumber: oidHex('2.5.29.20'),
  reasonCode: oidHex('2.5.29.21'),
  invalidityDate: oidHex('2.5.29.24'),
  deltaCrlIndicator: oidHex('2.5.29.27'),
  issuingDistributionPoint: oidHex('2.5.29.28'),
  freshestCrl: oidHex('2.5.29.46'),
} as const;

/** The object identifiers of OCSP (RFC 6960). */
export const OCSP = {
  basicResponse: oidHex('1.3.6.1.5.5.7.48.1.1'),
  nonce: oidHex('1.3.6.1.5.5.7.48.1.2'),
  signing: oidHex('1.3.6.1.5.5.7.3.9'),
  access: oidHex('1.3.6.1.5.5.7.48.1'),
} as const;

/** Extended key usages under which a certificate may sign a file. */
export const SIGNING_USES: readonly string[] = [
  '1.3.6.1.5.5.7.3.2', // client authentication: web-service certificates sign too (protocol §1.3)
  '1.3.6.1.5.5.7.3.4', // e-mail protection
  '1.3.6.1.5.5.7.3.36', // document signing
  '1.3.6.1.4.1.311.10.3.12', // document signing, Microsoft's number
  '2.5.29.37.0', // any
].map(oidHex);
