import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { isEnterpriseNumber, isInss, isNssoNumber } from '../../../engine/core/identifiers.ts';
import {
  aDeclaration,
  enterpriseNumberOf,
  inssOf,
  nssoNumberOf,
  writeDeclaration,
} from '../../support/declarations.ts';
import { xmllint } from '../../support/xmllint.ts';

const SCHEMA = fileURLToPath(new URL('../../../../schemas/xsd/DmfAOriginal_20231.xsd', import.meta.url));
const MAKE = fileURLToPath(new URL('../../../scripts/make-declaration.js', import.meta.url));

function valuesOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map((match) => match[1] ?? '');
}

function sum(xml: string, elements: readonly string[]): bigint {
  return elements.flatMap((element) => valuesOf(xml, element)).reduce((total, value) => total + BigInt(value), 0n);
}

/** Protocol §10, read from the text. */
function netOf(form: string): bigint {
  const contributions = [
    'ContributionAmount',
    'UnrelatedAmount',
    'StudentContributionAmount',
    'EarlyRetirementContributionAmount',
  ];
  return sum(form, contributions) - sum(form, ['DeductionAmount']);
}

describe('made-up numbers', () => {
  it('have valid check digits', () => {
    const some = [0, 1, 7, 20_088, 20_089, 99_999, 430_000, 998_999];
    expect(some.map(inssOf).filter((inss) => !isInss(inss))).to.deep.equal([]);
    expect(some.map(nssoNumberOf).filter((number) => !isNssoNumber(number))).to.deep.equal([]);
    expect(some.map(enterpriseNumberOf).filter((number) => !isEnterpriseNumber(number))).to.deep.equal([]);
  });

  it('are distinct, for more persons than 1 GB holds', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 500_000; index += 1) seen.add(inssOf(index));
    expect(seen.size).to.equal(500_000);
    expect([...seen].every(isInss)).to.equal(true);
  }).timeout(30_000);
});

describe('a made declaration', () => {
  it('owes what protocol §10 computes, in every form', () => {
    const xml = aDeclaration({ forms: [{ persons: 45 }, { persons: 7 }, { persons: 1 }] });
    const forms = xml.split('</Form>').slice(0, -1);
    expect(forms).to.have.length(3);
    for (const form of forms) expect(BigInt(valuesOf(form, 'NetOwedAmount')[0] ?? '')).to.equal(netOf(form));
  });

  it('has no person twice', () => {
    const numbers = valuesOf(aDeclaration({ forms: [{ persons: 60 }, { persons: 60 }] }), 'INSS');
    expect(numbers).to.have.length(120);
    expect(new Set(numbers).size).to.equal(120);
  });

  it('says what the plan says', () => {
    const now = new Date('2026-03-01T21:04:05.067Z');
    const form = { nssoNumber: '187995796', companyId: '0206731645', persons: 2, netOwed: '1', inss: ['85073003328'] };
    const xml = aDeclaration({ schema: 'DmfAOriginal_20223.xsd', now, forms: [form], lineEnds: '\r\n', indent: false });
    expect(xml)
      .to.contain('xsi:noNamespaceSchemaLocation="DmfAOriginal_20223.xsd"')
      .and.contain('<Quarter>20223</Quarter>');
    expect(xml).to.contain('<FormCreationDate>2026-03-01</FormCreationDate>\r\n<FormCreationHour>22:04:05.067<');
    expect(xml).to.contain('<NOSSRegistrationNbr>187995796<').and.contain('<CompanyID>0206731645<');
    expect(xml).to.contain('<NetOwedAmount>1<').and.contain('<INSS>85073003328<');
    expect(
      xml
        .split('\n')
        .slice(0, -1)
        .every((line) => line.endsWith('\r') && line.startsWith('<')),
    ).to.equal(true);
  });
});

describe('a written declaration', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bode-declaration-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('has the size asked for, and is valid', async () => {
    const path = join(folder, 'big.xml');
    const { bytes, persons } = await writeDeclaration(path, { bytes: 3_000_000, forms: [{}, {}] });
    const xml = await readFile(path, 'utf8');
    expect((await stat(path)).size)
      .to.equal(bytes)
      .and.be.closeTo(3_000_000, 30_000);
    expect(valuesOf(xml, 'INSS')).to.have.length(persons);
    for (const form of xml.split('</Form>').slice(0, -1)) {
      expect(BigInt(valuesOf(form, 'NetOwedAmount')[0] ?? '')).to.equal(netOf(form));
    }
    expect(await xmllint(SCHEMA, [xml])).to.deep.equal([{ valid: true, said: '' }]);
  });

  it('is what the command writes', async () => {
    const path = join(folder, 'small.xml');
    const options = ['--forms', '2', '--persons', '4', '--employer', '187995796', '--company', '0206731645'];
    const said = execFileSync(process.execPath, [MAKE, path, ...options], { encoding: 'utf8' });
    const xml = await readFile(path, 'utf8');
    expect(said).to.contain('8 persons');
    expect(valuesOf(xml, 'NOSSRegistrationNbr')).to.deep.equal(['187995796', '187995796']);
    expect(await xmllint(SCHEMA, [xml])).to.deep.equal([{ valid: true, said: '' }]);
  });

  it('is not written when the command is used wrongly', () => {
    expect(() => execFileSync(process.execPath, [MAKE], { stdio: 'pipe' })).to.throw('usage');
    expect(() =>
      execFileSync(process.execPath, [MAKE, join(folder, 'x.xml'), '--forms', '0'], { stdio: 'pipe' }),
    ).to.throw('--forms must be a whole number');
  });
});
