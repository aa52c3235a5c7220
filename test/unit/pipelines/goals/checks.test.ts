import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CHECKS } from '../../../../engine/pipelines/goals/checks.ts';
import { ERROR_IDS } from '../../../../engine/pipelines/goals/error-ids.ts';
import type { InspectedForm } from '../../../../engine/pipelines/xml/inspection.ts';
import { CHECK_NAMES } from '../../../../engine/registry/goals.ts';
import type { Anomaly } from '../../../../engine/submissions/forms.ts';
import { aDeclaration as declarationOf, inssOf, nssoNumberOf } from '../../../support/declarations.ts';
import { type Inspecting, inspecting, NOW } from '../xml/inspecting.ts';

/** Made at the moment of its inspection, whatever the date is when the test runs. */
const aDeclaration: typeof declarationOf = (plan = {}) => declarationOf({ now: NOW, ...plan });

const ids = (form: InspectedForm | undefined): string[] => (form?.anomalies ?? []).map(({ errorId }) => errorId);
const first = (form: InspectedForm | undefined): Partial<Anomaly> => form?.anomalies[0] ?? {};

describe('the functional checks', () => {
  it('are those that a configuration can name', () => {
    expect(Object.keys(CHECKS).sort()).to.deep.equal([...CHECK_NAMES].sort());
  });

  it('have error ids of a zone and a number, nine characters', () => {
    for (const id of Object.keys(ERROR_IDS)) expect(id).to.match(/^\d{5}-\d{3}$/);
  });
});

for (const windowBytes of [256 * 1024, 2048]) {
  describe(`functional checks, in windows of ${windowBytes} bytes`, () => {
    let engine: Inspecting;
    before(() => {
      engine = inspecting({ windowBytes, anomaliesPerForm: 5 });
    });
    after(() => engine.inspector.stop());

    async function formsOf(xml: string, checks?: readonly string[]): Promise<readonly InspectedForm[]> {
      const goal = checks ? { checks: checks.map((name) => ({ name, class: 'W' as const })) } : {};
      const { findings, forms } = await engine.inspect(xml, goal);
      expect(findings).to.deep.equal([]);
      return forms;
    }

    it('report the later of two equal INSS numbers of one employer and quarter', async () => {
      const inss = inssOf(0);
      const xml = aDeclaration({ forms: [{ persons: 4, inss: [inss, inssOf(1), inssOf(2), inss] }] });
      const [form] = await formsOf(xml);
      const at = xml.lastIndexOf(`<INSS>${inss}`);
      expect(form?.anomalies).to.deep.equal([
        {
          ...{
            errorId: '00024-002',
            tagName: 'INSS',
            value: inss,
            class: 'B',
            inss,
            naturalPersonSequenceNbr: '0000004',
          },
          label: 'INSS more than once for this employer and quarter',
          location: 'Form[1]/EmployerDeclaration/NaturalPerson[4]/INSS',
          ...{ line: xml.slice(0, at).split('\n').length, column: at - xml.lastIndexOf('\n', at) },
        },
      ]);
      expect(form?.blocking).to.equal(true);
    });

    it('compare INSS numbers over all forms, but only of the same employer and quarter', async () => {
      const inss = [inssOf(0), inssOf(1)];
      const [a, b] = [nssoNumberOf(0), nssoNumberOf(1)];
      const form = (nssoNumber: string) => ({ nssoNumber, inss, persons: 2 });
      const xml = aDeclaration({ forms: [form(a), form(b), form(a), form(b)] });
      expect((await formsOf(xml)).map(({ anomaliesTotal }) => anomaliesTotal)).to.deep.equal([0, 0, 2, 2]);
      const at = xml.lastIndexOf('<Quarter>20231');
      const other = `${xml.slice(0, at)}<Quarter>20224${xml.slice(at + 14)}`;
      expect((await formsOf(other)).map(({ anomaliesTotal }) => anomaliesTotal)).to.deep.equal([0, 0, 2, 0]);
    });

    it('report a net amount that is a cent off, with both amounts', async () => {
      const xml = aDeclaration({ forms: [{ persons: 3 }, { persons: 3 }] });
      const amount = /<NetOwedAmount>(\d+)/.exec(xml)?.[1] ?? '';
      for (const off of [1n, -1n]) {
        const wrong = String(BigInt(amount) + off).padStart(15, '0');
        const [form, other] = await formsOf(xml.replace(`<NetOwedAmount>${amount}`, `<NetOwedAmount>${wrong}`));
        expect(ids(other)).to.deep.equal([]);
        expect(first(form)).to.include({
          errorId: '00015-001',
          tagName: 'NetOwedAmount',
          value: String(BigInt(wrong)),
        });
        expect(first(form).label).to.equal(
          `declared ${BigInt(wrong)}, contributions minus deductions ${BigInt(amount)}`,
        );
        expect(first(form).location).to.equal('Form[1]/EmployerDeclaration/NetOwedAmount');
        expect(first(form)).not.to.have.any.keys('inss', 'naturalPersonSequenceNbr');
      }
    });

    it('add amounts beyond 2^53 exactly', async () => {
      const block = (amount: string) =>
        `<ContributionUnrelatedToNP><UnrelatedEmployerClass>000</UnrelatedEmployerClass><UnrelatedWorkerCode>802</UnrelatedWorkerCode><UnrelatedCalculationBasis>0</UnrelatedCalculationBasis><UnrelatedAmount>${amount}</UnrelatedAmount></ContributionUnrelatedToNP>`;
      const count = 30;
      const xml = aDeclaration({ forms: [{ persons: 1 }] });
      const more = block('9999999999999').repeat(count);
      const with30 = xml.replace('</EmployerDeclaration>', `${more}</EmployerDeclaration>`);
      const net = BigInt(/<NetOwedAmount>(\d+)/.exec(xml)?.[1] ?? '0') + 9_999_999_999_999n * BigInt(count);
      const right = with30.replace(/<NetOwedAmount>\d+/, `<NetOwedAmount>${net}`);
      expect(ids((await formsOf(right))[0])).to.deep.equal([]);
      const wrong = with30.replace(/<NetOwedAmount>\d+/, `<NetOwedAmount>${net - 1n}`);
      expect(ids((await formsOf(wrong))[0])).to.deep.equal(['00015-001']);
    });

    it('report wrong check digits of INSS, enterprise and NSSO numbers', async () => {
      const xml = aDeclaration({
        forms: [
          { inss: ['50010100157'] },
          { companyId: '0431150351' },
          { nssoNumber: '000000196' },
          { companyId: '0' },
        ],
      });
      expect((await formsOf(xml)).map(ids)).to.deep.equal([['00024-001'], ['00014-001'], ['00011-001'], []]);
    });

    it('report a quarter before 2003 or after the next one', async () => {
      const plans = ['20034', '20264', '20271', '20272', '20994'];
      const found = await Promise.all(
        plans.map(async (quarter) => ids((await formsOf(aDeclaration({ quarter })))[0]).join()),
      );
      expect(found).to.deep.equal(['', '', '', '00013-002', '00013-002']);
    });

    it('report a creation date later than the date in the name, or in the future', async () => {
      const dated = (now: string) => aDeclaration({ now: new Date(now) });
      expect(ids((await formsOf(dated('2026-11-22T12:00:00Z')))[0])).to.deep.equal([]);
      expect(ids((await formsOf(dated('2026-11-23T12:00:00Z')))[0])).to.deep.equal(['00218-002']);
    });

    it('run only when the goal names them, with the class it gives', async () => {
      const xml = aDeclaration({ forms: [{ companyId: '0431150351', nssoNumber: '000000196' }] });
      const [form] = await formsOf(xml, ['nsso-number']);
      expect([ids(form), first(form).class, form?.blocking]).to.deep.equal([['00011-001'], 'W', false]);
    });

    it('keep some anomalies of a form and count all', async () => {
      const inss = Array.from({ length: 20 }, () => inssOf(3));
      const [form] = await formsOf(aDeclaration({ forms: [{ persons: 20, inss }] }));
      expect([form?.anomalies.length, form?.anomaliesTotal, form?.blocking]).to.deep.equal([5, 19, true]);
    });

    const reference = process.env['BODE_REFERENCE'];
    if (reference !== undefined) {
      it("find nothing wrong with the authority's sample but its check digits", async () => {
        const [form] = await formsOf(readFileSync(join(reference, 'DmfAOriginal_20223_1_Corrected.xml'), 'utf8'));
        expect(new Set(ids(form))).to.deep.equal(new Set([]));
      });
    }
  });
}
