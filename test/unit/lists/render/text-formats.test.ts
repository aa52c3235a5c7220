import { join } from 'node:path';
import { expect } from 'chai';
import papaparse from 'papaparse';
import { packageRoot } from '../../../../config/package-root.ts';
import { EngineError } from '../../../../engine/core/errors.ts';
import { safeCell } from '../../../../engine/core/formula.ts';
import type { ListDefinition } from '../../../../engine/lists/definition.ts';
import { csv } from '../../../../engine/lists/render/csv.ts';
import { fixed } from '../../../../engine/lists/render/fixed.ts';
import { plainText } from '../../../../engine/lists/render/values.ts';
import { xml } from '../../../../engine/lists/render/xml.ts';
import { aHead, aLine, aPayment, rendered, shippedList, writeLines } from '../../../support/lists.ts';
import { xmllint } from '../../../support/xmllint.ts';

const NASTY = [
  ...['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\u0000=1', '\n=1', '＝1+1', "'=1"],
  ...['"quoted";and,more', 'a\r\nb', ' both ends ', 'plain'],
];

describe('lists: formats that are text', () => {
  let statement: ListDefinition;
  before(async () => {
    statement = await shippedList('statement-leefloon');
  });

  it('stop when what is written is read by nobody any more', async () => {
    for (const format of [csv, fixed, xml]) {
      const rendering = format.render(aHead(statement));
      const full = new Error('the disk is full');
      rendering.content.on('error', () => undefined).destroy(full);
      const written = writeLines(rendering, aHead(statement), [aLine(statement, aPayment())]);
      const failed = await written.catch((error: unknown) => error);
      expect(failed).to.equal(full);
    }
  });

  it('are whole for a list of nothing: titles, no record, XML of the schema', async () => {
    const [titles, records, document] = await Promise.all(
      [csv, fixed, xml].map((format) => rendered(format, aHead(statement), [])),
    );
    expect(titles?.toString('utf8').split('\r\n').length).to.equal(2);
    expect(records?.length).to.equal(0);
    const [checked] = await xmllint(join(packageRoot(), 'schemas', 'xsd', 'List_1.xsd'), [document ?? Buffer.alloc(0)]);
    expect(checked).to.include({ valid: true });
  });

  describe('CSV', () => {
    const parse = (bytes: Buffer) => papaparse.parse<string[]>(bytes.toString('utf8'), { delimiter: ';' });

    it('has the titles in the language of the authority and a line for each record', async () => {
      const lines = [aLine(statement, aPayment()), aLine(statement, aPayment({ Sign: '-' }), '2026-02')];
      const bytes = await rendered(csv, aHead(statement, { language: 'fr' }), lines);
      expect(bytes.subarray(0, 3).toString('hex')).to.equal('efbbbf');
      const { data, errors } = parse(bytes.subarray(3));
      expect(errors).to.deep.equal([]);
      expect(data[0]?.slice(2, 6)).to.deep.equal(['Mois', 'Dossier', 'Suffixe', 'NISS']);
      expect(data[0]?.at(-1)).to.equal('Correction de');
      const first = ['1 loi DIS', '44021', '2026-03', '00000000123', '', '93051822361', '000000004711', '1 subvention'];
      const rest = ['2026-03-01', '2026-03-31', '101', "'+", '14,60', 'A', 'Dupont Élodie'];
      expect(data[1]).to.deep.equal([...first, ...rest, '']);
      expect(data[2]?.slice(-5)).to.deep.equal(["'-", '-14,60', 'A', 'Dupont Élodie', '2026-02']);
      expect(bytes.toString().endsWith('\r\n')).to.equal(true);
    });

    it('holds no cell that a spreadsheet would obey, and no control character', async () => {
      const lines = NASTY.map((Name) => aLine(statement, aPayment({ Name })));
      const { data } = parse((await rendered(csv, aHead(statement), lines)).subarray(3));
      const cells = data.slice(1, -1).map((row) => row[14] ?? '');
      expect(cells.length).to.equal(NASTY.length);
      expect(cells.filter((cell) => /^[=+\-@＝]|\p{Cc}/u.test(cell))).to.deep.equal([]);
      expect(cells.slice(0, 5)).to.deep.equal(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'=1"]);
      expect(cells.slice(10)).to.deep.equal(['"quoted";and,more', 'a b', ' both ends ', 'plain']);
    });

    it('agrees with another writer of RFC 4180 on every cell', async () => {
      const other = papaparse.unparse(
        NASTY.map((text) => [safeCell(plainText(text))]),
        { delimiter: ';', newline: '\r\n' },
      );
      const one = { ...statement, columns: statement.columns.filter(({ field }) => field === 'Name') };
      const bytes = await rendered(
        csv,
        aHead(one),
        NASTY.map((Name) => aLine(one, { Name })),
      );
      const ours = bytes.toString().split('\r\n').slice(1, -1);
      expect(ours.map((line) => line.slice(0, -1))).to.deep.equal(other.split('\r\n'));
    });
  });

  it('show a date without the zone that its schema allows', async () => {
    const line = aLine(statement, aPayment({ FirstDay: '2026-03-01+01:00', LastDay: '2026-03-31Z' }));
    const [text, record] = await Promise.all([csv, fixed].map((one) => rendered(one, aHead(statement), [line])));
    expect(text?.toString()).to.contain(';2026-03-01;2026-03-31;');
    expect(record?.toString()).to.contain('2026030120260331');
  });

  describe('fixed width', () => {
    const widths = () => statement.columns.map(({ width = 0 }) => width);

    it('makes records of 111 characters that parse back', async () => {
      const payments = [aPayment(), aPayment({ Law: '2', Suffix: '01', Name: 'Šćepanović-Łukasz Åse', Sign: '-' })];
      const bytes = await rendered(
        fixed,
        aHead(statement),
        payments.map((payment) => aLine(statement, payment)),
      );
      const records = bytes.toString('utf8').split('\r\n');
      expect(records.pop()).to.equal('');
      expect(records.map((record) => [...record].length)).to.deep.equal([111, 111]);
      const read = records.map((record) => {
        let at = 0;
        return Object.fromEntries(
          statement.columns.map(({ field }, index) => {
            const from = at;
            at += widths()[index] ?? 0;
            return [field, [...record].slice(from, at).join('').trimEnd()];
          }),
        );
      });
      expect(read).to.deep.equal(payments.map((payment) => ({ Suffix: '', ...payment })));
    });

    it('fills up what is short, cuts names and nothing else', async () => {
      const short = aPayment({ Amount: '1460', Name: 'x'.repeat(40), Category: '' });
      const [record = ''] = (await rendered(fixed, aHead(statement), [aLine(statement, short)]))
        .toString()
        .split('\r\n');
      expect(record.slice(72)).to.equal(`00001460 ${'x'.repeat(30)}`);
      const long = aLine(statement, aPayment({ DossierNumber: '123456789012' }));
      const failed = await rendered(fixed, aHead(statement), [long]).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(EngineError).with.property('code', 'list_unprintable');
    });
  });

  it('XML escapes what it must and names the period of a correction', async () => {
    const line = aLine(statement, aPayment({ Name: '<a&b>"\u0007\ud800' }), '2026-02');
    const text = (await rendered(xml, aHead(statement), [line], { sums: { Amount: 1460 } })).toString();
    expect(text).to.contain('<Line correctionOf="2026-02"><Law>1</Law>');
    expect(text).to.contain('<Name>&lt;a&amp;b&gt;&quot; \ufffd</Name>');
    expect(text).to.contain(
      '<LineCount>1</LineCount><CorrectionCount>1</CorrectionCount><Total field="Amount">1460</Total>',
    );
    expect(text).to.not.contain('<Suffix>');
  });
});
