import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifySignature } from '../../engine/intake/signature.ts';
import { trustIn } from '../../engine/pki/trust.ts';
import { opensslVerifies } from '../support/pki.ts';
import { requestOf } from '../support/signature-request.ts';
import type { Answer } from './answers.ts';
import type { Installation } from './installation.ts';

const BY_OPENSSL = 12;

/** Verifies the signature of every answer with the engine's own code, and of some with `openssl cms`; a sentence for each that is not good. */
export async function signatureProblems(answers: readonly Answer[], { dataDir }: Installation): Promise<string[]> {
  const pem = join(dataDir, 'pki', 'engine.pem');
  const certificate = new X509Certificate(await readFile(pem));
  const problems: string[] = [];
  for (const answer of answers) {
    const [content, signature] = [await readFile(answer.document), await readFile(answer.signature)];
    const trust = trustIn([certificate]);
    const request = requestOf({ signature, content, certificates: [certificate], trust, now: new Date() });
    const { verdict } = await verifySignature({ ...request, policy: { ...request.policy, selfSigned: 'registered' } });
    if (verdict !== 'valid') problems.push(`FS.${answer.stem} is no signature of its FO`);
  }
  const step = Math.max(1, Math.floor(answers.length / BY_OPENSSL));
  for (const answer of answers.filter((_, at) => at % step === 0)) {
    const der = Buffer.from(await readFile(answer.signature, 'latin1'), 'base64');
    const good = await opensslVerifies(der, answer.document, pem);
    if (!good) problems.push(`openssl does not accept FS.${answer.stem}`);
  }
  return problems;
}
