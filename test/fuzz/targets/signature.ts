import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../config/package-root.ts';
import { verifySignature } from '../../../engine/intake/signature.ts';
import { trustIn } from '../../../engine/pki/trust.ts';
import { requestOf } from '../../support/signature-request.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';

// made once with `openssl cms`, as test/chaos/signature-fuzz.test.ts makes its own; the keys are thrown away
const SAMPLES = join(packageRoot(), 'test/fuzz/samples/signature');
const read = (name: string) => readFile(join(SAMPLES, name));

/** Signature files: DER, BER, base64 and PEM, from the reading of the bytes to the verdict. */
export const signatureFiles: FuzzTarget = {
  async samples() {
    const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.fs')).sort();
    return Promise.all(names.map(read));
  },
  words: [
    ...['3080', '2480', '0000', '30840fffffff', '3082ffff', '06092a864886f70d010702', 'a080', '3180', '0500'],
    ...['020100', '02820101', '1f8100', '8080', 'ff'],
  ].map((hex) => Buffer.from(hex, 'hex')),
  open: openTarget,
};

async function openTarget(): Promise<OpenTarget> {
  const [anchor, rsa, ec] = (await Promise.all(['ca.pem', 'rsa.pem', 'ec.pem'].map(read))).map(
    (pem) => new X509Certificate(pem),
  );
  if (!anchor || !rsa || !ec) throw new Error('samples are missing');
  const [content, trust, now] = [await read('content.xml'), trustIn([anchor]), new Date('2027-01-01T12:00:00Z')];
  return {
    async run(signature) {
      await verifySignature(requestOf({ signature, content, certificates: [rsa, ec], trust, now }));
    },
    close: async () => undefined,
  };
}
