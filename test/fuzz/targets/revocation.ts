import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../config/package-root.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import { readCertificate } from '../../../engine/pki/certificate.ts';
import { readCrl } from '../../../engine/pki/revocation/crl.ts';
import { createOcspClient } from '../../../engine/pki/revocation/ocsp-client.ts';
import { createRevocation } from '../../../engine/pki/revocation/revocation.ts';
import { trustIn } from '../../../engine/pki/trust.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';

// made once with `openssl ca` and `openssl ocsp`; the keys are thrown away
const SAMPLES = join(packageRoot(), 'test/fuzz/samples/revocation');
const read = (name: string) => readFile(join(SAMPLES, name));

const WORDS = [
  '3080',
  '0000',
  '30840fffffff',
  '3082ffff',
  '0a0106',
  '8000',
  'a110',
  '8200',
  'a080',
  '0101ff',
  '170d',
  '551d1c',
  '1f8100',
].map((hex) => Buffer.from(hex, 'hex'));

const samplesOf = (ending: string) => async () => {
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(names.map(read));
};

/** Revocation lists, as servers send them: from the reading of the bytes to what they say of a certificate. */
export const revocationLists: FuzzTarget = { samples: samplesOf('.crl'), words: WORDS, open: () => openTarget('list') };

/** Answers of OCSP responders, from the reading of the bytes to the finding. */
export const ocspAnswers: FuzzTarget = { samples: samplesOf('.ocsp'), words: WORDS, open: () => openTarget('answer') };

async function openTarget(kind: 'list' | 'answer'): Promise<OpenTarget> {
  const [ca, leaf] = (await Promise.all(['ca.pem', 'leaf.pem'].map(read))).map((pem) => new X509Certificate(pem));
  if (!ca || !leaf) throw new Error('samples are missing');
  const trust = trustIn([ca]);
  const path = [readCertificate(leaf), ...trust.anchors];
  const now = new Date('2026-12-01T12:00:00Z');
  return {
    async run(bytes) {
      const lists = kind === 'list' ? [{ listsFor: async () => readable(bytes) }] : [];
      const askResponder = createOcspClient({
        ...{
          url: kind === 'answer' ? 'http://ocsp.invalid' : '',
          mayFollow: () => false,
          nonceRequired: false,
          askAgainMs: 1_000,
        },
        download: async () => ({ bytes }),
      });
      await createRevocation({ trust, lists, askResponder, withinMs: 60_000 })({ path, offered: [], now, allow: [] });
    },
    close: async () => undefined,
  };
}

/** What the caches do with a list that cannot be read. */
function readable(bytes: Buffer) {
  try {
    return { lists: [readCrl(bytes)], faults: [] };
  } catch (error) {
    if (error instanceof EngineError) return { lists: [], faults: [error.message] };
    throw error;
  }
}
