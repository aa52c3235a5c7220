import type { BerNode } from '../core/ber.ts';
import { contentOf, malformed, readDer } from '../core/ber.ts';
import { TAG } from '../core/der.ts';
import { children, fields, oidOf } from '../core/der-fields.ts';

/** One extension of a certificate, of a revocation list or its entry, or of an OCSP answer. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** What stands in its OCTET STRING, not read yet. */
  readonly value: Buffer;
}

/** Reads a SEQUENCE of extensions (RFC 5280 §4.1); none when there is no node. Throws `message_malformed`, also when one is there twice. */
export function extensionsIn(node: BerNode | undefined): readonly Extension[] {
  const extensions = children(node, TAG.sequence).map(extensionOf);
  if (new Set(extensions.map(({ oid }) => oid)).size < extensions.length)
    throw malformed('an extension is there twice');
  return extensions;
}

function extensionOf(node: BerNode): Extension {
  const parts = fields(node, TAG.sequence);
  const oid = oidOf(parts.take());
  const critical = parts.takeIf(TAG.boolean);
  const value = parts.take();
  parts.end();
  if (value.tag !== TAG.octetString) throw malformed('an extension is not as it should be');
  return { oid, critical: critical !== undefined && isTrue(critical), value: contentOf(value) };
}

/** The value of the extension with this identifier, read as DER; undefined when it is not there. */
export function extensionValue(extensions: readonly Extension[], oid: string): BerNode | undefined {
  const value = extensions.find((each) => each.oid === oid)?.value;
  return value && readDer(value);
}

/** Whether one is critical and not among those that are understood. */
export function hasUnknownCritical(extensions: readonly Extension[], understood: readonly string[]): boolean {
  return extensions.some(({ oid, critical }) => critical && !understood.includes(oid));
}

/** Whether a BOOLEAN, of any tag, is true. */
export function isTrue(node: BerNode): boolean {
  return contentOf(node)[0] !== 0;
}
