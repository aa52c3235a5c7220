import { type BerNode, contentOf, malformed } from '../../core/ber.ts';
import { der, TAG, timeOf } from '../../core/der.ts';
import { algorithmOf, children, fields } from '../../core/der-fields.ts';
import { type Element, elementAt, elementsIn, nodeOf } from '../../core/der-walk.ts';
import { CRL_EXTENSION, EXTENSION } from '../../core/oids.ts';
import { pointNames } from '../distribution-points.ts';
import { type Extension, extensionsIn, extensionValue, hasUnknownCritical, isTrue } from '../extensions.ts';
import { nameKey } from '../names.ts';
import { bitsOf, type SignedStructure } from './signed-structure.ts';

/** A certificate revocation list (RFC 5280 §5.1); its signature is not verified yet. */
export interface Crl extends SignedStructure {
  /** Key of the issuer's name, see `nameKey`. */
  readonly issuerKey: string;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  /** Why it cannot be used for any certificate: what it is, or what it says that the engine does not know. */
  readonly unusable?: string;
  readonly scope: CrlScope;
  /** The entries, walked anew for each question: a large list is not held a second time. */
  readonly entries?: Element;
}

/** Which certificates a list is about (its issuing distribution point, RFC 5280 §5.2.5). */
export interface CrlScope {
  /** Absent: not of one point only. */
  readonly pointNames?: readonly string[];
  readonly only?: 'users' | 'authorities' | 'attributes';
  readonly someReasons: boolean;
}

/** What a list says of one certificate; undefined: not listed. */
export interface CrlEntry {
  readonly revokedAt: Date;
  readonly reason?: string;
}

const EXTENSIONS = 0xa0;
const ENUMERATED = 0x0a;
const UNDERSTOOD: readonly string[] = [
  ...[CRL_EXTENSION.crlNumber, CRL_EXTENSION.issuingDistributionPoint, CRL_EXTENSION.freshestCrl],
  ...[EXTENSION.authorityKeyIdentifier, EXTENSION.issuerAltName],
];
const UNDERSTOOD_OF_ENTRIES: readonly string[] = [CRL_EXTENSION.reasonCode, CRL_EXTENSION.invalidityDate];
const REASONS: readonly string[] = [
  ...['unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'],
  ...['certificateHold', '', 'removeFromCRL', 'privilegeWithdrawn', 'aACompromise'],
];

/** Reads a list in DER; EngineError `message_malformed` when it is none. Takes time once with the number of entries, memory never. */
export function readCrl(bytes: Buffer): Crl {
  const whole = elementAt(bytes, 0, bytes.length);
  if (whole.to !== bytes.length) throw malformed('there are bytes after the end of the list');
  const [body, algorithm, signature, ...rest] = elementsIn(whole, TAG.sequence, 4);
  if (!body || !algorithm || !signature || rest.length > 0) throw malformed('a revocation list is not as it should be');
  const parts = [...elementsIn(body, TAG.sequence, 8)];
  const take = (...tags: readonly number[]) => (tags.includes(parts[0]?.tag ?? -1) ? parts.shift() : undefined);
  take(TAG.integer);
  const inner = algorithmOf(nodeOf(needed(take(TAG.sequence))));
  const issuer = nameKey(nodeOf(needed(take(TAG.sequence))));
  const thisUpdate = timeOf(nodeOf(needed(take(TAG.utcTime, TAG.generalizedTime))));
  const next = take(TAG.utcTime, TAG.generalizedTime);
  const entries = take(TAG.sequence);
  const wrapped = take(EXTENSIONS);
  if (parts.length > 0) throw malformed('a revocation list is not as it should be');
  const extensions = extensionsIn(wrapped && nodeOf(wrapped).children[0]);
  const outer = algorithmOf(nodeOf(algorithm));
  const same = inner.oid === outer.oid;
  const unusable = unusableFor(extensions, entries) ?? (same ? undefined : 'it names two signature algorithms');
  return {
    ...{ signed: bytes.subarray(body.from, body.to), algorithm: outer, signature: bitsOf(nodeOf(signature)) },
    ...{ issuerKey: issuer, thisUpdate, scope: scopeOf(extensions, issuer) },
    ...(next && { nextUpdate: timeOf(nodeOf(next)) }),
    ...(unusable && { unusable }),
    ...(entries && { entries }),
  };
}

function needed(element: Element | undefined): Element {
  if (!element) throw malformed('an element of the revocation list is missing');
  return element;
}

function unusableFor(extensions: readonly Extension[], entries: Element | undefined): string | undefined {
  if (extensions.some(({ oid }) => oid === CRL_EXTENSION.deltaCrlIndicator))
    return 'it is a delta list, which the engine does not combine';
  const point = extensionValue(extensions, CRL_EXTENSION.issuingDistributionPoint);
  if (point?.children.some((node) => node.tag === 0x84 && isTrue(node)))
    return 'it is an indirect list, which the engine does not judge';
  if (hasUnknownCritical(extensions, UNDERSTOOD)) return 'it has a critical extension the engine does not know';
  return entries && hasUnknownEntry(entries) ? 'an entry has a critical extension the engine does not know' : undefined;
}

function scopeOf(extensions: readonly Extension[], issuer: string): CrlScope {
  const point = extensionValue(extensions, CRL_EXTENSION.issuingDistributionPoint);
  const part = (tag: number) => children(point, TAG.sequence).find((node) => node.tag === tag);
  const says = (tag: number) => part(tag) !== undefined && isTrue(part(tag)!);
  const only = says(0x81) ? 'users' : says(0x82) ? 'authorities' : says(0x85) ? 'attributes' : undefined;
  const name = part(0xa0);
  return {
    someReasons: part(0x83) !== undefined,
    ...(only && { only }),
    ...(name && { pointNames: pointNames(name, issuer).names }),
  };
}

/** What the list says of the certificate with this serial number (content octets). */
export function entryFor({ entries }: Crl, serial: Buffer): CrlEntry | undefined {
  if (!entries?.source.includes(der(TAG.integer, serial), entries.contentFrom)) return undefined; // the usual answer, at once
  for (const entry of elementsIn(entries, TAG.sequence)) {
    const number = elementAt(entry.source, entry.contentFrom, entry.to);
    if (serial.equals(number.source.subarray(number.contentFrom, number.to))) return readEntry(nodeOf(entry));
  }
  return undefined;
}

function readEntry(node: BerNode): CrlEntry {
  const parts = fields(node, TAG.sequence);
  parts.take();
  const revokedAt = timeOf(parts.take());
  const reason = extensionValue(extensionsIn(parts.takeIf(TAG.sequence)), CRL_EXTENSION.reasonCode);
  const word = reason?.tag === ENUMERATED ? REASONS[contentOf(reason)[0] ?? 0] : undefined;
  return { revokedAt, ...(word && { reason: word }) };
}

// the entries of a large list carry the same few extensions again and again: those seen to be understood are not read again
function hasUnknownEntry(entries: Element): boolean {
  const understood = new Set<string>();
  for (const entry of elementsIn(entries, TAG.sequence)) {
    const number = elementAt(entry.source, entry.contentFrom, entry.to);
    const time = elementAt(entry.source, number.to, entry.to);
    if (number.tag !== TAG.integer) throw malformed('an entry of the revocation list has no serial number');
    if (time.to === entry.to) continue;
    const text = entry.source.toString('latin1', time.to, entry.to);
    if (understood.has(text)) continue;
    const extensions = extensionsIn(nodeOf(elementAt(entry.source, time.to, entry.to)));
    if (hasUnknownCritical(extensions, UNDERSTOOD_OF_ENTRIES)) return true;
    if (understood.size < MOST_REMEMBERED) understood.add(text);
  }
  return false;
}

const MOST_REMEMBERED = 64;
