#!/usr/bin/env node
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../engine/core/errors.ts';
import { type Certificate, readCertificate } from '../engine/pki/certificate.ts';
import { judgePath } from '../engine/pki/judge.ts';
import { type Crl, readCrl } from '../engine/pki/revocation/crl.ts';
import { createRevocation } from '../engine/pki/revocation/revocation.ts';
import { keyFault } from '../engine/pki/signature-scheme.ts';
import { trustIn } from '../engine/pki/trust.ts';

const USAGE = `node dist/scripts/pkits.js DIR [--at DATE] [--all] [--json]

Judges the certificates of NIST's PKITS (DIR/certs and DIR/crls, as its PKITS_data.zip is unpacked) with every certificate and
revocation list of the set at hand, revocation hard, and compares each verdict with what the name of the certificate says.
Sections 4.1 to 4.7 are counted; --all judges the others too (policies, name constraints, indirect and delta lists: the engine
refuses what it does not judge). Exit status 1 when a counted verdict differs without a reason that is known.`;

/** What the names of the tests of each counted section begin with, after Valid or Invalid. */
const SECTIONS: readonly (readonly [string, RegExp])[] = [
  ['4.1', /^(CertificatePath|CASignature|EESignature|DSA)/],
  ['4.2', /^(CAnot|EEnot|pre2000UTC|GeneralizedTimenot)/i],
  ['4.3', /^(NameChaining|NameUIDs|RFC3280|Rollover|UTF8String)/],
  [
    '4.4',
    /^(MissingCRL|Revoked|BadCRL|WrongCRL|TwoCRLs|UnknownCRL|OldCRL|pre2000CRL|GeneralizedTimeCRL|NegativeSerial|LongSerial|SeparateCertificate)/,
  ],
  ['4.5', /^BasicSelfIssued/],
  ['4.6', /^(MissingbasicConstraints|cAFalse|basicConstraints|pathLenConstraint|SelfIssuedpathLen)/],
  ['4.7', /^keyUsage/],
];

/** Verdicts that differ on purpose. */
const KNOWN: readonly (readonly [RegExp, string])[] = [[/^ValidDSA/, 'DSA is refused on purpose']];

interface Judged {
  readonly test: string;
  readonly section: string;
  readonly expected: 'valid' | 'invalid';
  readonly verdict: 'valid' | 'invalid';
  readonly reason: string;
  readonly outcome: 'same' | 'differs on purpose' | 'differs';
}

interface Pkits {
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly lists: readonly Crl[];
  /** Files that cannot be read, and why: some are damaged on purpose. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Judges every test of a PKITS directory at a moment; those of other sections only when asked for. */
export async function judgePkits(dir: string, at: Date, all = false): Promise<Judged[]> {
  const pkits = await read(dir);
  const judged: Judged[] = [];
  for (const name of [...pkits.certificates.keys(), ...pkits.unreadable.keys()].sort()) {
    const [, word, test = ''] = /^(Valid|Invalid)(.+?)(EE)?\.(crt|cer|der)$/.exec(name) ?? [];
    const section = SECTIONS.find(([, pattern]) => pattern.test(test))?.[0] ?? (word ? 'other' : undefined);
    if (!word || section === undefined || (section === 'other' && !all)) continue;
    const reason = await faultOf(name, pkits, at);
    judged.push(compared(`${word}${test}`, section, word === 'Valid' ? 'valid' : 'invalid', reason));
  }
  return judged;
}

function compared(test: string, section: string, expected: Judged['expected'], reason: string): Judged {
  const verdict = reason === '' ? 'valid' : 'invalid';
  const known = KNOWN.find(([pattern]) => pattern.test(test));
  const outcome = verdict === expected ? 'same' : known || section === 'other' ? 'differs on purpose' : 'differs';
  return {
    test,
    section,
    expected,
    verdict,
    reason: known && verdict !== expected ? `${known[1]}: ${reason}` : reason,
    outcome,
  };
}

async function read(dir: string): Promise<Pkits> {
  const certificates = new Map<string, Certificate>();
  const unreadable = new Map<string, string>();
  const lists: Crl[] = [];
  for (const name of await readdir(join(dir, 'certs'))) {
    const bytes = await readFile(join(dir, 'certs', name));
    noting(unreadable, name, () => certificates.set(name, readCertificate(new X509Certificate(bytes))));
  }
  for (const name of await readdir(join(dir, 'crls'))) {
    const bytes = await readFile(join(dir, 'crls', name));
    noting(unreadable, `list ${name}`, () => lists.push(readCrl(bytes)));
  }
  return { certificates, lists, unreadable };
}

function noting(unreadable: Map<string, string>, name: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    unreadable.set(name, messageOf(error));
  }
}

/** Why a certificate is not good; '' when it is. */
async function faultOf(name: string, { certificates, lists, unreadable }: Pkits, now: Date): Promise<string> {
  const leaf = certificates.get(name);
  const anchor = [...certificates].find(([file]) => /^TrustAnchorRootCertificate\./.test(file))?.[1];
  if (!leaf) return unreadable.get(name) ?? 'not there';
  if (!anchor) throw new Error('there is no TrustAnchorRootCertificate in certs');
  const trust = trustIn([anchor.x509]);
  const source = { listsFor: async () => ({ lists, faults: [] }) };
  const check = createRevocation({ trust, lists: [source], askResponder: async () => undefined, withinMs: 60_000 });
  const offered = [...certificates.values()];
  const { chain, revocation } = await judgePath(
    { leaf, offered, trust, allow: [], acceptSelfSigned: false, now, purpose: 'any' },
    check,
  );
  const fault = chain.trustFault ?? chain.validityFault ?? keyFault(leaf.key, []);
  return fault ?? (revocation?.status === 'good' ? '' : (revocation?.detail ?? 'nobody was asked about revocation'));
}

async function main(): Promise<void> {
  const options = { at: { type: 'string' }, all: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [dir] = positionals;
  if (dir === undefined || positionals.length > 1) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const judged = await judgePkits(dir, values.at === undefined ? new Date() : new Date(values.at), values.all);
  for (const one of judged) process.stdout.write(`${values.json ? JSON.stringify(one) : lineOf(one)}\n`);
  const count = (outcome: Judged['outcome']) => judged.filter((one) => one.outcome === outcome).length;
  const summary = `${judged.length} judged: ${count('same')} as expected, ${count('differs on purpose')} differ on purpose, ${count('differs')} differ`;
  if (!values.json) process.stdout.write(`${summary}\n`);
  if (count('differs') > 0 || judged.length === 0) process.exitCode = 1;
}

function lineOf({ section, test, expected, verdict, reason, outcome }: Judged): string {
  const mark = outcome === 'same' ? 'ok     ' : outcome === 'differs' ? 'DIFFERS' : 'known  ';
  return `${mark} ${section.padEnd(5)} ${test}: ${verdict}, expected ${expected}${reason === '' ? '' : ` (${reason})`}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
