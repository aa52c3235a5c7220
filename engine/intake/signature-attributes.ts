import { contentOf } from '../core/ber.ts';
import { TAG, timeOf } from '../core/der.ts';
import { oidOf } from '../core/der-fields.ts';
import { EngineError } from '../core/errors.ts';
import { OID } from '../core/oids.ts';
import type { Attribute, SignerInfo } from './cms.ts';

/** The rule about signed attributes, or about their absence, that a signature breaks (RFC 5652 §5.3, §11); undefined when none. */
export function attributesFault(info: SignerInfo, contentStart: Buffer): string | undefined {
  if (info.attributes) return listFault(info.attributes.list);
  return mayBeAttributes(contentStart)
    ? 'there are no signed attributes and the content looks like signed attributes: who signed which cannot be told'
    : undefined;
}

function listFault(list: readonly Attribute[]): string | undefined {
  const count = (oid: string) => list.filter((attribute) => attribute.oid === oid).length;
  if (count(OID.contentType) !== 1)
    return `the contentType attribute is there ${count(OID.contentType)} times, not once`;
  if (count(OID.messageDigest) !== 1)
    return `the messageDigest attribute is there ${count(OID.messageDigest)} times, not once`;
  if (count(OID.signingTime) > 1) return 'the signingTime attribute is there more than once';
  const type = singleValue(list, OID.contentType);
  if (type?.tag !== TAG.oid || oidOf(type) !== OID.data) return 'the contentType attribute is not "data"';
  return singleValue(list, OID.messageDigest)?.tag === TAG.octetString
    ? undefined
    : 'the messageDigest attribute holds no digest';
}

function singleValue(list: readonly Attribute[], oid: string) {
  const values = list.find((attribute) => attribute.oid === oid)?.values ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** The value of the messageDigest attribute; undefined without attributes. */
export function messageDigestOf(info: SignerInfo): Buffer | undefined {
  const value = info.attributes && singleValue(info.attributes.list, OID.messageDigest);
  return value && contentOf(value);
}

/** When the signer says it signed, as ISO text; undefined when it does not say or says it badly. */
export function signingTimeOf(info: SignerInfo): string | undefined {
  const value = info.attributes && singleValue(info.attributes.list, OID.signingTime);
  try {
    return value && timeOf(value).toISOString();
  } catch (error) {
    if (error instanceof EngineError) return undefined; // only told, never relied on
    throw error;
  }
}

/**
 * Whether content can be the encoding of signed attributes: without this question, who strips the attributes off a signature
 * could pass them off as the signed content (eprint 2023/1801). 16 octets decide; running out of octets counts as yes.
 */
function mayBeAttributes(start: Buffer): boolean {
  if (start.length === 0) return false;
  const steps: readonly number[] = [TAG.set, TAG.sequence, TAG.oid];
  let at = 0;
  for (const tag of steps) {
    if (at >= start.length) return true;
    if (start[at] !== tag) return false;
    const length = start[at + 1] ?? 0;
    at += length > 0x80 ? 2 + (length & 0x7f) : 2;
  }
  return true;
}
