import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DayPlace } from '../../../../engine/pipelines/goals/record-days.ts';
import { recordsIn } from '../../../../engine/pipelines/records/read-form.ts';
import { dayOf } from '../../../../engine/pipelines/records/record-of.ts';
import { type Inspecting, inspecting } from '../xml/inspecting.ts';

// as loose as a schema of one's own may be
const SCHEMA = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Records"><xs:complexType><xs:sequence>
  <xs:element name="Form" maxOccurs="unbounded"><xs:complexType><xs:sequence>
    <xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:schema>`;
const ROOT =
  'Records xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="Records_1.xsd"';
const goal = { code: 'KNIP', roots: ['Records'], schemas: ['Records_1.xsd'], identifications: ['KNIP'], checks: [] };

const day = (value: string) => `<Day>${value}</Day>`;
const signal = (inner: string) => `<Signal>${inner}</Signal>`;
const SIGNALS: DayPlace = { element: 'Signal', day: 'Day' };

for (const windowBytes of [256 * 1024, 1024]) {
  describe(`days of records, in windows of ${windowBytes} bytes`, () => {
    let engine: Inspecting;
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bode-days-'));
      await writeFile(join(folder, 'Records_1.xsd'), SCHEMA);
      engine = inspecting({ schemaDirs: [folder], windowBytes, anomaliesPerForm: 10 });
    });
    after(async () => {
      await engine.inspector.stop();
      await rm(folder, { recursive: true });
    });

    async function formsOf(days: readonly DayPlace[], ...forms: readonly string[]) {
      const body = forms.map((form) => `<Form><Identification>KNIP</Identification>${form}</Form>`).join('\n');
      const { findings, forms: found } = await engine.inspect(`<${ROOT}>\n${body}\n</Records>`, { ...goal, days });
      expect(findings).to.deep.equal([]);
      return found;
    }
    const placesIn = async (days: readonly DayPlace[], ...forms: readonly string[]) =>
      (await formsOf(days, ...forms)).map(({ anomalies }) => anomalies.map(({ location }) => location));

    it('refuses a form with a record of a day that the calendar has not, and says which and where', async () => {
      const days = [['20270228'], ['20270301', '20270229', '20270431'], ['20280229']] as const;
      const forms = await formsOf([SIGNALS], ...days.map((one) => one.map((value) => signal(day(value))).join('')));
      expect(forms.map(({ blocking }) => blocking)).to.deep.equal([false, true, false]);
      expect(forms[1]?.anomaliesTotal).to.equal(2);
      const column = `<Form><Identification>KNIP</Identification>${signal(day('20270301'))}<Signal>`.length + 1;
      expect(forms[1]?.anomalies[0]).to.deep.equal({
        ...{ errorId: '90901-001', tagName: 'Day', value: '20270229', label: 'no day of the calendar', class: 'B' },
        ...{ location: 'Form[2]/Signal[2]/Day', line: 3, column },
      });
    });

    it('names no person: whose number was read last need not be in the record', async () => {
      const inss = '<INSS>93051822361</INSS>';
      const [form] = await formsOf([SIGNALS], signal(inss + day('20270228')) + signal(day('20270229')));
      expect(form?.anomalies[0]).not.to.have.any.keys('inss');
    });

    it('counts every wrong day and tells the first of many', async () => {
      const [form] = await formsOf([SIGNALS], signal(day('20270230')).repeat(500));
      expect([form?.anomaliesTotal, form?.anomalies.length]).to.deep.equal([500, 10]);
    });

    it('looks at the records of each source, and at nothing that is no record', async () => {
      const others = { element: 'Other', day: 'On' };
      const form = `<Other><On>20270229</On></Other>${signal(day('20270230'))}<Group>${signal(day('x'))}</Group>`;
      expect(await placesIn([SIGNALS, others], form)).to.deep.equal([['Form[1]/Other[1]/On', 'Form[1]/Signal[1]/Day']]);
      expect(await placesIn([], form)).to.deep.equal([[]]);
      expect(await placesIn([SIGNALS], day('20270229')), 'a form without a record').to.deep.equal([[]]);
    });

    it('takes the day of the form where a record has none of its own, wherever it stands', async () => {
      const [bare, dated] = [signal('<Text>x</Text>'), signal(day('20270301'))];
      const wrong = day('20270229');
      expect(
        await placesIn([SIGNALS], day('20270228') + bare, wrong + bare + bare, bare + wrong, bare, wrong + dated, bare),
      ).to.deep.equal([[], ['Form[2]/Day'], ['Form[3]/Day'], ['Form[4]/Day'], [], ['Form[6]/Day']]);
    });

    it('reads a day as its record will be read', async () => {
      const texts = [
        '202603',
        ' 2026-03-14Z ',
        '<![CDATA[20260314]]>',
        '2026031&#52;',
        '<!-- on -->20260314',
        '2026-13',
      ];
      const form = texts.map((text) => signal(day(text))).join('');
      expect(await placesIn([SIGNALS], form)).to.deep.equal([['Form[1]/Signal[6]/Day']]);
      const read = recordsIn(`<Form>${form}</Form>`, 'Signal').map(({ Day = '' }) => dayOf(Day) === undefined);
      expect(read).to.deep.equal([false, false, false, false, false, true]);
    });
  });
}
