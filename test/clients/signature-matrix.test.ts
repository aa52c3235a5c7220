import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { verifySignature } from '../../engine/intake/signature.ts';
import type { SignatureReport } from '../../engine/intake/signature-report.ts';
import { trustIn } from '../../engine/pki/trust.ts';
import { opensslVerifies, temporaryDir } from '../support/pki.ts';
import { requestOf } from '../support/signature-request.ts';
import type { Case } from './signature-cases.ts';
import { ACCEPTED, CHECKS } from './signature-cases.ts';
import type { Lab } from './signature-lab.ts';
import { makeLab } from './signature-lab.ts';
import { REFUSED } from './signature-refusals.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

describe('signatures made with openssl', function () {
  this.timeout(60_000);
  let lab: Lab;
  let remove: () => Promise<void>;

  before(async () => {
    const place = await temporaryDir();
    remove = place.remove;
    lab = await makeLab(place.dir);
  });
  after(() => remove());

  it('make a matrix of at least 60, no two under one name', () => {
    const names = [...ACCEPTED, ...REFUSED].map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names.length).to.be.at.least(60);
  });

  describe('are valid:', () => {
    for (const each of ACCEPTED) it(each.name, () => check(lab, each));
  });

  describe('are refused:', () => {
    for (const each of REFUSED) it(each.name, () => check(lab, each));
  });
});

async function check(lab: Lab, each: Case): Promise<void> {
  const made = await each.make(lab);
  const signature = Buffer.isBuffer(made) ? made : made.signature;
  const content = Buffer.isBuffer(made) ? (each.content?.(lab) ?? lab.content) : made.content;
  const report = await verifySignature(
    requestOf({
      signature: each.encode?.(signature) ?? signature,
      content,
      certificates: (each.registered ?? ['sender']).map((name) => new X509Certificate(readFileSync(lab.pem(name)))),
      trust: trustIn([new X509Certificate(readFileSync(lab.pem('ca')))]),
      policy: each.policy ?? {},
      now: NOW,
    }),
  );
  expectReport(report, each);
  if (each.openssl !== 'not asked') await compare(lab, each, signature, content);
}

function expectReport(report: SignatureReport, { failed = [], code, detail, expect: more = {} }: Case): void {
  const found = CHECKS.filter((name) => report[name].outcome === 'failed');
  expect(found, JSON.stringify(report, null, 1)).to.deep.equal(failed);
  expect(report).to.include({ verdict: failed.length === 0 ? 'valid' : 'invalid', code: code ?? null, ...more });
  if (failed.length === 0)
    for (const name of CHECKS) expect(report[name]).to.deep.equal({ outcome: 'passed', detail: '' });
  if (detail) expect(report[failed[0]!].detail).to.match(detail);
  for (const name of failed) expect(report[name].detail).to.not.equal('');
}

async function compare(lab: Lab, each: Case, signature: Buffer, content: Buffer): Promise<void> {
  const path = join(lab.dir, 'content');
  writeFileSync(path, content);
  const options = [
    ...(each.opensslOptions?.(lab) ?? ['-binary', '-purpose', 'any']),
    '-attime',
    String(NOW.getTime() / 1000),
  ];
  const accepted = await opensslVerifies(signature, path, lab.pem('ca'), options);
  const expected = each.openssl ? each.openssl === 'accepts' : (each.failed ?? []).length === 0;
  expect(accepted, 'openssl accepts').to.equal(expected);
}
