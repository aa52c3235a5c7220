import type { BerNode } from '../core/ber.ts';
import { contentOf, readDer } from '../core/ber.ts';
import { TAG } from '../core/der.ts';
import { children, fields, oidOf } from '../core/der-fields.ts';
import { OCSP } from '../core/oids.ts';
import { nameKey, relativeKey } from './names.ts';

/** Where a certificate says that it is listed when it is revoked (RFC 5280 §4.2.1.13). */
export interface DistributionPoint {
  /** The names of the point, so written that the same names are the same texts. */
  readonly names: readonly string[];
  readonly urls: readonly string[];
  /** Only some reasons for a revocation are told there. */
  readonly someReasons: boolean;
  /** The list is made by another than the issuer of the certificate. */
  readonly indirect: boolean;
}

const POINT = 0xa0;
const FULL_NAME = 0xa0;
const RELATIVE_NAME = 0xa1;
const REASONS = 0x81;
const ISSUER = 0xa2;
const DIRECTORY_NAME = 0xa4;
const URI = 0x86;

/** The distribution points of an extension's value; `issuer` is the key of the name that relative names go on from. */
export function distributionPointsIn(node: BerNode | undefined, issuer: string): readonly DistributionPoint[] {
  return children(node, TAG.sequence).map((point) => {
    const parts = fields(point, TAG.sequence);
    const name = parts.takeIf(POINT);
    const someReasons = parts.takeIf(REASONS) !== undefined;
    const indirect = parts.takeIf(ISSUER) !== undefined;
    parts.end();
    return { ...pointNames(name, issuer), someReasons, indirect };
  });
}

/** The names in a DistributionPointName and the http and https URLs among them; none when there is no node. */
export function pointNames(
  node: BerNode | undefined,
  issuer: string,
): { readonly names: readonly string[]; readonly urls: readonly string[] } {
  const choice = node?.children[0];
  if (choice?.tag === RELATIVE_NAME) return { names: [`name ${issuer}\n${relativeKey(choice)}`], urls: [] };
  const names = children(choice, FULL_NAME);
  return { names: names.map(generalName), urls: names.flatMap(urlOf) };
}

function generalName(node: BerNode): string {
  if (node.tag === DIRECTORY_NAME && node.children[0]) return `name ${nameKey(node.children[0])}`;
  return `${node.tag} ${contentOf(node).toString('hex')}`;
}

function urlOf(node: BerNode): string[] {
  const text = node.tag === URI ? contentOf(node).toString('latin1') : '';
  return /^https?:\/\/[\x21-\x7e]{1,2000}$/i.test(text) ? [text] : [];
}

/** The http and https URLs of OCSP responders in an authority information access (RFC 5280 §4.2.2.1). */
export function ocspUrlsIn(value: Buffer | undefined): readonly string[] {
  const descriptions = value ? children(readDer(value), TAG.sequence) : [];
  return descriptions.flatMap((description) => {
    const [method, location] = children(description, TAG.sequence);
    return method && location && oidOf(method) === OCSP.access ? urlOf(location) : [];
  });
}
