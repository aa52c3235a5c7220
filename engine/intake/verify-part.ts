import { X509Certificate } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';
import { createDigestOf, type LandedContent, openLanded } from '../landing/folder-files.ts';
import type { Trust } from '../pki/trust.ts';
import { certificatesInForce } from '../registry/certificates.ts';
import { type BlobStore, streamOf } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { SetFacts } from './checks/check.ts';
import type { VerifyPart } from './checks/signature.ts';
import { type RevocationPolicy, type SignaturePolicy, verifySignature } from './signature.ts';

export interface VerifyDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly trust: Trust;
  readonly policy: SignaturePolicy;
  /** Absent: nobody is asked about revocation. */
  readonly revocation?: RevocationPolicyOf;
}

/** Who is asked about revocation in an environment, and what follows when nothing is known there. */
export type RevocationPolicyOf = (environment: SetFacts['environment']) => RevocationPolicy;

/** How much of the content the verifier looks at itself, in octets. */
const CONTENT_START = 64;

/** Verifies a part with the certificates registered for its sender and the digest known from its upload. */
export function createVerifyPart({ db, blobs, clock, trust, policy, revocation }: VerifyDeps): VerifyPart {
  const certificateOf = createCertificateReader();
  return async ({ sender, environment }, declaration, signature) => {
    const now = clock();
    const registered = await certificatesInForce(db, sender.number, now);
    const content = { db, blobs, file: declaration.file };
    return verifySignature({
      // one octet more than allowed, so that the verifier sees that it is too large
      signature: await startOf({ db, blobs, file: signature.file }, policy.maxBytes + 1),
      digestOf: createDigestOf(content),
      contentStart: await startOf(content, CONTENT_START),
      certificates: registered.map(certificateOf),
      trust,
      policy,
      now,
      ...(revocation && { revocation: revocation(environment) }),
    });
  };
}

const REMEMBERED = 1_000;

/** Reading a certificate costs more than verifying with it, and senders sign with the same one again and again. */
function createCertificateReader(): (pem: string) => X509Certificate {
  const known = new Map<string, X509Certificate>();
  return (pem) => {
    const certificate = known.get(pem) ?? new X509Certificate(pem);
    if (known.size >= REMEMBERED) known.clear();
    known.set(pem, certificate);
    return certificate;
  };
}

async function startOf(content: LandedContent, length: number): Promise<Buffer> {
  const end = Math.min(content.file.size, length);
  return end === 0 ? Buffer.alloc(0) : buffer(streamOf(await openLanded(content), { start: 0, end }));
}
