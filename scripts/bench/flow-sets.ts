import { createPrivateKey, hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileDate } from '../../engine/core/calendar.ts';
import { encodeSignatureFile, type Identity, signDetached } from '../../engine/outbound/sign.ts';
import { type Credentials, certificateAt, makeCertificate, makePki, type Pki } from '../../test/support/pki.ts';
import { aDeclaration } from '../declaration/declaration.ts';
import { enterpriseNumberOf, nssoNumberOf } from '../declaration/numbers.ts';

/** One signed declaration, ready to be sent: FI, FS and an empty GO in the directory of its sender. */
export interface FlowSet {
  readonly stem: string;
  readonly files: readonly [fi: string, fs: string, go: string];
}

/** A sender of the bench, with a certificate of its own and as many sets as were asked for. */
export interface FlowSender {
  readonly number: string;
  readonly credentials: Credentials;
  readonly sets: readonly FlowSet[];
}

const INDENT = ' '.repeat(7); // makes a declaration of one person about 4 KiB
const EMPLOYERS = 500;

/** Makes a PKI and, for each of so many senders, so many sets of about 4 KiB that are all different and all right. */
export async function makeSenders(dir: string, senders: number, setsEach: number): Promise<[Pki, FlowSender[]]> {
  const pki = await makePki(join(dir, 'pki'));
  const ca = { cert: pki.ca, key: join(pki.dir, 'ca.key') };
  const made: FlowSender[] = [];
  for (let index = 0; index < senders; index += 1) {
    const number = String(100_001 + index);
    const credentials = await makeCertificate(pki.dir, { name: `sender-${number}`, issuer: ca });
    const folder = join(dir, 'sets', number);
    mkdirSync(folder, { recursive: true });
    made.push({ number, credentials, sets: await makeSets(folder, number, credentials, setsEach) });
  }
  return [pki, made];
}

async function makeSets(folder: string, number: string, { cert, key }: Credentials, count: number): Promise<FlowSet[]> {
  const identity = { certificate: await certificateAt(cert), privateKey: createPrivateKey(readFileSync(key)) };
  const day = fileDate(new Date());
  return Array.from({ length: count }, (_, index) => {
    const stem = `DMFA.${number}.${day}.${String(index + 1).padStart(5, '0')}.R`;
    return makeSet(folder, stem, declarationOf(number, index), identity);
  });
}

function declarationOf(number: string, index: number): Buffer {
  const employer = (Number(number) * 31 + index) % EMPLOYERS;
  const companyId = enterpriseNumberOf(employer);
  const form = { persons: 1, companyId, nssoNumber: nssoNumberOf(employer), reference: `${number}-${index}` };
  return Buffer.from(aDeclaration({ indent: INDENT, forms: [form] }));
}

function makeSet(folder: string, stem: string, declaration: Buffer, identity: Identity): FlowSet {
  const digest = Buffer.from(hash('sha256', declaration, 'hex'), 'hex');
  const signature = encodeSignatureFile(signDetached({ digest, identity, now: new Date() }));
  const files = [join(folder, `FI.${stem}.1.1`), join(folder, `FS.${stem}.1.1`), join(folder, `GO.${stem}.1`)] as const;
  writeFileSync(files[0], declaration);
  writeFileSync(files[1], signature);
  writeFileSync(files[2], '');
  return { stem, files };
}
