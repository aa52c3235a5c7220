import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SIGNATURE_POLICY, verifySignature } from '../../engine/intake/signature.ts';
import type { Trust } from '../../engine/pki/trust.ts';
import { trustIn } from '../../engine/pki/trust.ts';

/** One line of `npm run bench -- signature --json`. */
export interface SignatureFigure {
  readonly bench: 'signature';
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly reference: number;
  readonly ratio: number;
  readonly bar: number;
  readonly ok: boolean;
}

interface Signed {
  readonly content: string;
  readonly signature: string;
  readonly certificate: X509Certificate;
  readonly ca: string;
  readonly trust: Trust;
}

const SMALL_BAR = 10;
const LARGE_BAR = 0.8;
const LARGE_BYTES = 50 * 1024 * 1024;
const ROUNDS = 5;
const SMALL_CASES = [
  { name: 'RSA-2048, 4 KiB', key: ['rsa:2048'], options: [] },
  { name: 'RSA-2048 PSS, 4 KiB', key: ['rsa:2048'], options: ['-keyopt', 'rsa_padding_mode:pss'] },
  { name: 'ECDSA P-256, 4 KiB', key: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], options: [] },
];

/**
 * Small files: whole checks a second (files read, digest, signature, chain, report) against `openssl cms -verify`, a process each.
 * 50 MiB: digest from a stream and check, in MiB a second, against the digest alone. Both sides take turns in the same run.
 */
export async function* benchSignature(): AsyncIterable<SignatureFigure> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-bench-'));
  try {
    for (const { name, key, options } of SMALL_CASES) {
      const signed = await makeSigned(
        await mkdtemp(join(dir, 'small-')),
        key,
        options,
        Buffer.alloc(4096, '<small/>\n'),
      );
      yield await compareSmall(name, signed);
    }
    const large = Buffer.alloc(LARGE_BYTES, '<large>0123456789</large>\n');
    yield await compareLarge('RSA-2048, 50 MiB', await makeSigned(dir, ['rsa:2048'], [], large));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function compareSmall(name: string, signed: Signed): Promise<SignatureFigure> {
  const [own, theirs] = await inTurn(
    () => rateOf(() => verifyOnce(signed, createHash('sha256').update(readFileSync(signed.content)).digest()), 500),
    () => rateOf(async () => opensslOnce(signed), 12),
  );
  return figure({ case: name, value: own, reference: theirs, unit: 'checks/s', bar: SMALL_BAR });
}

async function compareLarge(name: string, signed: Signed): Promise<SignatureFigure> {
  const [own, plain] = await inTurn(
    () => rateOf(async () => verifyOnce(signed, await digestOf(signed.content)), 2),
    () => rateOf(() => digestOf(signed.content), 2),
  );
  const mib = LARGE_BYTES / 1024 / 1024;
  return figure({ case: name, value: own * mib, reference: plain * mib, unit: 'MiB/s', bar: LARGE_BAR });
}

function figure(measured: Pick<SignatureFigure, 'case' | 'value' | 'reference' | 'unit' | 'bar'>): SignatureFigure {
  const ratio = measured.value / measured.reference;
  return { bench: 'signature', ...measured, ratio, ok: ratio >= measured.bar };
}

/** Medians of two measurements that take turns, after one unmeasured round each. */
async function inTurn(first: () => Promise<number>, second: () => Promise<number>): Promise<[number, number]> {
  await first();
  await second();
  const [own, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await first());
    theirs.push(await second());
  }
  return [median(own), median(theirs)];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function rateOf(action: () => Promise<unknown>, times: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < times; i++) await action();
  return (times * 1000) / (performance.now() - started);
}

async function verifyOnce({ signature, certificate, trust }: Signed, digest: Buffer): Promise<void> {
  const report = await verifySignature({
    signature: readFileSync(signature),
    digestOf: async () => digest,
    contentStart: Buffer.from('<'),
    certificates: [certificate],
    trust,
    policy: DEFAULT_SIGNATURE_POLICY,
    now: new Date(),
  });
  if (report.verdict !== 'valid') throw new Error(`the signature of the bench is not valid: ${JSON.stringify(report)}`);
}

function opensslOnce({ content, signature, ca }: Signed): void {
  const input = ['-inform', 'DER', '-in', signature, '-binary', '-content', content];
  execFileSync('openssl', ['cms', '-verify', ...input, '-CAfile', ca, '-out', '/dev/null'], { stdio: 'ignore' });
}

async function digestOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest();
}

async function makeSigned(
  dir: string,
  key: readonly string[],
  options: readonly string[],
  content: Buffer,
): Promise<Signed> {
  const at = (name: string) => join(dir, name);
  await writeFile(at('content'), content);
  const request = ['req', '-x509', '-nodes', '-days', '30', '-newkey'];
  const authority = ['-addext', 'keyUsage=critical,keyCertSign', '-subj', '/CN=Bench CA'];
  openssl([...request, 'rsa:2048', ...authority, '-keyout', at('ca.key'), '-out', at('ca.pem')]);
  openssl(['req', '-new', '-nodes', '-newkey', ...key, '-subj', '/CN=Sender', '-keyout', at('key'), '-out', at('csr')]);
  await writeFile(at('ext'), 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n');
  const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '30', '-extfile', at('ext')];
  openssl(['x509', '-req', '-in', at('csr'), ...issuer, '-out', at('cert')]);
  const output = ['-outform', 'DER', '-out', at('signature')];
  const signer = ['-signer', at('cert'), '-inkey', at('key')];
  openssl(['cms', '-sign', '-binary', '-in', at('content'), ...signer, ...options, ...output]);
  const certificate = new X509Certificate(await readFile(at('cert')));
  const trust = trustIn([new X509Certificate(await readFile(at('ca.pem')))]);
  return { content: at('content'), signature: at('signature'), certificate, ca: at('ca.pem'), trust };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', [...args], { stdio: 'ignore' });
}
