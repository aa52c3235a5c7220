import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseCertificate } from '../../engine/pki/certificate.ts';
import { judgePath } from '../../engine/pki/judge.ts';
import { readCrl } from '../../engine/pki/revocation/crl.ts';
import { createRevocation } from '../../engine/pki/revocation/revocation.ts';
import { keyFault } from '../../engine/pki/signature-scheme.ts';
import { asPem } from '../support/certificate-writer.ts';
import { LAB_NOW, openPathLab, type PathInput } from '../support/path-lab.ts';
import { temporaryDir } from '../support/pki.ts';
import { NAMES, SIGNATURES, VALIDITY } from './paths/certificates.ts';
import { BEYOND, CONSTRAINTS, USAGES } from './paths/constraints.ts';
import { LISTS, SCOPES, SELF_ISSUED } from './paths/revocation.ts';

const run = promisify(execFile);

const ALL = [SIGNATURES, VALIDITY, NAMES, LISTS, SELF_ISSUED, CONSTRAINTS, USAGES, SCOPES, BEYOND].flat();

/** What the engine says of a path when nothing unknown is accepted: `good`, or what is wrong. */
async function verdictOf(anchor: Buffer, { leaf, between, lists }: PathInput): Promise<string> {
  const trust = { anchors: [parseCertificate(anchor)] };
  const read = lists.map(readCrl);
  const source = { listsFor: async () => ({ lists: read, faults: [] }) };
  const check = createRevocation({ trust, lists: [source], askResponder: async () => undefined, withinMs: 60_000 });
  const certificate = parseCertificate(leaf);
  const offered = between.map(parseCertificate);
  const request = {
    leaf: certificate,
    offered,
    trust,
    allow: [],
    acceptSelfSigned: false,
    now: LAB_NOW,
    purpose: 'any',
  } as const;
  const { chain, revocation } = await judgePath(request, check);
  const fault = chain.trustFault ?? chain.validityFault ?? keyFault(certificate.key, []);
  if (fault) return fault;
  return revocation?.status === 'good' ? 'good' : (revocation?.detail ?? 'revocation was not asked about');
}

/** What `openssl verify` says of the same files at the same moment. */
async function opensslSays(dir: string, anchor: Buffer, { leaf, between, lists }: PathInput): Promise<string> {
  await mkdir(dir);
  const write = async (name: string, texts: readonly string[]) => {
    await writeFile(join(dir, name), texts.join(''));
    return join(dir, name);
  };
  const certificates = (all: readonly Buffer[]) => all.map((one) => asPem('CERTIFICATE', one));
  const args = ['verify', '-attime', String(LAB_NOW.getTime() / 1_000), '-crl_check_all', '-extended_crl'];
  args.push('-CAfile', await write('anchor.pem', certificates([anchor])));
  if (between.length > 0) args.push('-untrusted', await write('between.pem', certificates(between)));
  if (lists.length > 0)
    args.push(
      '-CRLfile',
      await write(
        'lists.pem',
        lists.map((list) => asPem('X509 CRL', list)),
      ),
    );
  args.push(await write('leaf.pem', certificates([leaf])));
  try {
    await run('openssl', args);
    return 'good';
  } catch (error) {
    return String((error as { stderr?: string }).stderr ?? error).replace(/\s+/g, ' ');
  }
}

describe('path validation, as NIST’s PKITS tests it', () => {
  let dir: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  after(() => remove());

  it('has at least 80 chains', () => {
    expect(ALL.length).to.be.at.least(80);
    expect(new Set(ALL.map(({ test }) => test)).size).to.equal(ALL.length);
  });

  for (const [index, { test, expected, opensslDiffers, given }] of ALL.entries()) {
    it(test, async () => {
      const lab = openPathLab();
      const input = given(lab);
      const verdict = await verdictOf(lab.anchor.certificate, input);
      if (expected === 'good') expect(verdict).to.equal('good');
      else expect(verdict).to.match(expected);
      const theirs = await opensslSays(join(dir, String(index)), lab.anchor.certificate, input);
      const same = (theirs === 'good') === (expected === 'good');
      expect(same, `openssl: ${theirs}`).to.equal(opensslDiffers === undefined);
    });
  }
});
