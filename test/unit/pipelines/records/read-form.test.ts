import { expect } from 'chai';
import { recordsIn } from '../../../../engine/pipelines/records/read-form.ts';
import { dayOf, recordOf } from '../../../../engine/pipelines/records/record-of.ts';
import type { Source } from '../../../../engine/records/source.ts';

const SOURCE: Source = {
  ...{ name: 'fines', goal: 'FINE', element: 'Fine', authority: 'CompanyID', day: 'Day', kind: 'Kind' },
  ...{ position: ['Number', 'Name'], outcomes: 'accepted' as const, reference: 'Number' },
};
const PLACE = { ticket: 'TICKET0000001', formIndex: 1, line: 1, receivedAt: new Date('2026-03-14T23:30:00Z') };

describe('records of a form', () => {
  it('have their own fields and those of the form', () => {
    const form = `<Form>\n <CompanyID>1</CompanyID><Nested><X>1</X></Nested>
      <Fine><Number>7</Number><Name> A &amp; <![CDATA[<b>&amp;]]>&#233;<!-- no --></Name><Empty/></Fine><Fine><Number>008</Number></Fine></Form>`;
    expect(recordsIn(form, 'Fine')).to.deep.equal([
      { CompanyID: '1', Number: '7', Name: 'A & <b>&amp;é', Empty: '' },
      { CompanyID: '1', Number: '008' },
    ]);
    expect(recordsIn('<Form><CompanyID>1</CompanyID></Form>', 'Fine')).to.deep.equal([]);
  });

  it('become records as their source says', () => {
    const fields = { CompanyID: '0206731645', Number: '7', Name: 'A', Kind: 'speed', Day: '20260314' };
    expect(recordOf(SOURCE, fields, PLACE)).to.deep.equal({
      ...{
        source: 'fines',
        authority: '0206731645',
        kind: 'speed',
        day: '2026-03-14',
        position: '7 A',
        reference: '7',
      },
      ...{ fields, ticket: 'TICKET0000001', formIndex: 1, line: 1 },
    });
    expect(recordOf({ ...SOURCE, day: 'ReceivedOn' }, fields, PLACE)?.day, 'in Belgium').to.equal('2026-03-15');
    expect(recordOf(SOURCE, { ...fields, CompanyID: 'x' }, PLACE)).to.equal(undefined);
    expect(recordOf(SOURCE, { ...fields, Day: '20260230' }, PLACE)).to.equal(undefined);
    expect(recordOf({ ...SOURCE, authority: 'constructor' }, fields, PLACE)).to.equal(undefined);
  });

  it('have a day, however it is written', () => {
    expect(['202603', '20260229', '2024-02-29', '20240229', 'x', ''].map(dayOf)).to.deep.equal([
      ...['2026-03-01', undefined, '2024-02-29', '2024-02-29', undefined, undefined],
    ]);
    expect(['2026-03-14Z', '2026-03-14+01:00', '2026-03-14-05:00'].map(dayOf), 'as xs:date may be').to.deep.equal([
      ...['2026-03-14', '2026-03-14', '2026-03-14'],
    ]);
    expect(['2026-02-30Z', '20260314Z', '2026-03-14+1'].map(dayOf)).to.deep.equal([undefined, undefined, undefined]);
  });
});
