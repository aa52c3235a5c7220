import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { ExamineDeps } from '../../../../engine/pipelines/records/examine-answers.ts';
import { examineDays } from '../../../../engine/pipelines/records/examine-days.ts';
import type { InspectedPart } from '../../../../engine/pipelines/submissions.ts';
import type { InspectedForm } from '../../../../engine/pipelines/xml/inspection.ts';
import type { Source } from '../../../../engine/records/source.ts';
import type { ByteRange } from '../../../../engine/store/blobs.ts';

const SIGNALS: Source = {
  ...{ name: 'signals', goal: 'KNIP', element: 'Signal', authority: 'CompanyID', day: 'Day', position: [] },
  outcomes: 'accepted',
};
const formOf = (...days: string[]) =>
  `<Form><CompanyID>0206731645</CompanyID>${days.map((day) => `<Signal><Day>${day}</Day></Signal>`).join('')}</Form>`;

/** A part whose file holds these forms, as the inspection leaves it. */
function partOf(forms: readonly string[]): { readonly file: string; readonly part: InspectedPart } {
  const file = forms.join('\n');
  const inspected = forms.map((form, index) => {
    const start = file.indexOf(form);
    const facts = { index: index + 1, start, end: start + form.length, line: index + 1 };
    return { ...facts, anomalies: [], anomaliesTotal: 0, blocking: false } as unknown as InspectedForm;
  });
  const part = { name: 'FI', part: 1, content: { sha256: 'a', size: file.length }, inspection: { forms: inspected } };
  return { file, part: part as unknown as InspectedPart };
}

async function examined(sources: readonly Source[], ...forms: string[]) {
  const { file, part } = partOf(forms);
  const reads: ByteRange[] = [];
  const read = async (_: unknown, __: string, range: ByteRange) => {
    reads.push(range);
    return Readable.from([Buffer.from(file).subarray(range.start, range.end)]);
  };
  const named = Object.fromEntries(sources.map((source) => [source.name, source]));
  const deps = { db: {}, blobs: { read }, sources: named } as unknown as ExamineDeps;
  const [found] = await examineDays(deps, 'KNIP', [part]);
  return { forms: found?.inspection.forms ?? [], reads };
}

describe('examineDays', () => {
  it('refuses a form with a record of a day that the calendar has not, and says which', async () => {
    const days = [['20270228'], ['20270301', '20270229', '20270431'], ['20280229']] as const;
    const { forms } = await examined([SIGNALS], ...days.map((one) => formOf(...one)));
    expect(forms.map(({ blocking }) => blocking)).to.deep.equal([false, true, false]);
    expect(forms[1]?.anomaliesTotal).to.equal(2);
    expect(forms[1]?.anomalies[0]).to.deep.equal({
      ...{ errorId: '90901-001', tagName: 'Day', value: '20270229', label: 'no day of the calendar', class: 'B' },
      ...{ location: 'Form[2]/Signal[2]/Day', line: 2, column: 1 },
    });
  });

  it('counts every wrong day and tells the first of many', async () => {
    const { forms } = await examined([SIGNALS], formOf(...Array.from({ length: 500 }, () => '20270230')));
    expect([forms[0]?.anomaliesTotal, forms[0]?.anomalies.length]).to.deep.equal([500, 10]);
  });

  it('looks at the records of each source, and at none whose day is that of their arrival', async () => {
    const other = { ...SIGNALS, name: 'others', element: 'Other' };
    const form = '<Form><Other><Day>20270229</Day></Other></Form>';
    const { forms } = await examined([SIGNALS, other], form);
    expect(forms[0]?.anomalies.map(({ location }) => location)).to.deep.equal(['Form[1]/Other[1]/Day']);
    expect((await examined([{ ...other, day: 'ReceivedOn' }], form)).reads).to.deep.equal([]);
  });
});
