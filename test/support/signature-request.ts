import type { X509Certificate } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { SignaturePolicy, SignatureRequest } from '../../engine/intake/signature.ts';
import { DEFAULT_SIGNATURE_POLICY } from '../../engine/intake/signature.ts';
import type { DigestOf } from '../../engine/intake/signature-report.ts';
import type { DigestName } from '../../engine/pki/signature-scheme.ts';
import type { Trust } from '../../engine/pki/trust.ts';

/** What a test says of a verification; the rest follows from the content. */
export interface Verification {
  readonly signature: Buffer;
  readonly content: Buffer;
  readonly certificates: readonly X509Certificate[];
  readonly trust: Trust;
  readonly policy?: Partial<SignaturePolicy>;
  readonly now?: Date;
}

/** A request over content in memory, on 1 June 2026 unless told otherwise. */
export function requestOf({ signature, content, certificates, trust, policy, now }: Verification): SignatureRequest {
  return {
    signature,
    digestOf: digestsOf(content),
    contentStart: content.subarray(0, 16),
    certificates,
    trust,
    policy: { ...DEFAULT_SIGNATURE_POLICY, ...policy },
    now: now ?? new Date('2026-06-01T12:00:00Z'),
  };
}

/** Digests of content in memory, computed once each. */
export function digestsOf(content: Buffer): DigestOf {
  const known = new Map<string, Buffer>();
  return async (algorithm: DigestName, form: 'raw' | 'text') => {
    const name = `${algorithm} ${form}`;
    const digest = known.get(name) ?? createHash(algorithm).update(formOf(content, form)).digest();
    known.set(name, digest);
    return digest;
  };
}

function formOf(content: Buffer, form: 'raw' | 'text'): Buffer {
  return form === 'raw' ? content : Buffer.from(content.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
