import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { csvRows, looksLikeCsv } from '../../../../engine/pipelines/rows/csv-rows.ts';
import { declarationOf } from '../../../../engine/pipelines/rows/declaration.ts';
import type { Finding } from '../../../../engine/pipelines/xml/inspection.ts';
import type { CsvForms } from '../../../../engine/records/source.ts';

const FORMS: CsvForms = {
  ...{ root: 'Fines', schema: 'Fines_1.xsd', identification: 'FINE', form: ['CompanyID'], record: ['Number', 'Name'] },
  ...{ titles: { Nom: 'Name' }, pad: {}, most: 2, skipWithout: 'Number' },
};

const xmlOf = (...pieces: (string | Buffer)[]) => readAs(FORMS, ...pieces);

async function readAs(csv: CsvForms, ...pieces: (string | Buffer)[]): Promise<string> {
  const content = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  const source = { element: 'Fine', authority: 'CompanyID', csv };
  const read = await csvRows(content, source);
  if (read.kind === 'fault') return said(read.finding);
  const xml = await text(Readable.from(declarationOf(read.rows, source, new Date('2026-03-14T09:00:00Z'))));
  const fault = read.fault();
  return fault ? said(fault) : xml;
}

const said = ({ code, line, detail }: Finding) => `${code} in line ${line}: ${detail}`;

const head = (company: string) =>
  `<Form><Identification>FINE</Identification><FormCreationDate>2026-03-14</FormCreationDate>` +
  `<FormCreationHour>10:00:00.000</FormCreationHour><AttestationStatus>0</AttestationStatus><TypeForm>SU</TypeForm><CompanyID>${company}</CompanyID>`;
const fine = (number: string, name: string) => `<Fine><Number>${number}</Number><Name>${name}</Name></Fine>`;

describe('declarations in CSV', () => {
  it('are XML with a record in the line of its row, and a form for each authority', async () => {
    const rows = ['CompanyID;Number;Nom', '1;7;A', '1;8;B', '1;9;C', '2;1;D'].join('\r\n');
    const lines = (await xmlOf('\ufeff', rows.slice(0, 20), rows.slice(20))).split('\n');
    expect(lines[0]).to.contain('<Fines xmlns:xsi=');
    expect(lines.slice(1)).to.deep.equal([
      `${head('1')}${fine('7', 'A')}`,
      fine('8', 'B'),
      `</Form>${head('1')}${fine('9', 'C')}`,
      `</Form>${head('2')}${fine('1', 'D')}</Form></Fines>`,
      '',
    ]);
  });

  it('keep their lines beside empty ones, lines without an answer and cells of several lines', async () => {
    const lines = (await xmlOf('CompanyID,Number,Name\n1,,x\n\n1,7,"two\nlines"\n1,8,B\n')).split('\n');
    expect(lines.findIndex((line) => line.includes('two'))).to.equal(3);
    expect(lines.findIndex((line) => line.includes('<Number>8'))).to.equal(5);
    expect(lines.filter((line) => line.includes('<Form>')).length).to.equal(1);
  });

  it('escape what XML would obey, and take the apostrophe of a safe cell away', async () => {
    const xml = await xmlOf('CompanyID;Number;Name\n1;7;\'=1<b>&"\u0001\n');
    expect(xml).to.contain('<Name>=1&lt;b&gt;&amp;"</Name>');
  });

  it('keep every letter, wherever its bytes are cut', async () => {
    const bytes = Buffer.from('CompanyID;Number;Name\n1;7;Élodie Ñandú 𝒳 Œ\n');
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const xml = await xmlOf(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(xml, String(cut)).to.contain('<Name>Élodie Ñandú 𝒳 Œ</Name>');
    }
  });

  it('get back the zeros that a spreadsheet took away, where a field has so many digits', async () => {
    const csv = { ...FORMS, pad: { CompanyID: 10, Number: 2 } };
    const rows = ['CompanyID;Number;Name', '403019261;1;1', '0403019261;123;x', '+3;A;x'].join('\n');
    expect((await readAs(csv, rows)).split('\n').slice(1, 4)).to.deep.equal([
      `${head('0403019261')}${fine('01', '1')}`,
      fine('123', 'x'),
      `</Form>${head('+3')}${fine('A', 'x')}</Form></Fines>`,
    ]);
  });

  it('are refused with the line that is not UTF-8, wherever it lies', async () => {
    const latin = (name: string) => Buffer.from(`2;8;${name}\n`, 'latin1');
    const good = 'CompanyID;Number;Nom\n1;7;Élodie\n';
    const many = good + '1;7;Élodie\n'.repeat(20_000);
    const found = (line: number) => `138 in line ${line}: The CSV is not in UTF-8, as it must be`;
    expect(await xmlOf(good, latin('Élodie'))).to.equal(found(3));
    expect(await xmlOf(Buffer.concat([Buffer.from(good), latin('Élodie'), latin('x')]))).to.equal(found(3));
    expect(await xmlOf(many, latin('x'), latin('Zoë'))).to.equal(found(20_004));
    expect(await xmlOf(good, Buffer.from('1;8;É').subarray(0, -1))).to.equal(found(3));
    expect(await xmlOf(Buffer.from('Behörde;Number\n1;7\n', 'latin1'))).to.equal(found(1));
  });

  it('need the columns of the form and of the record', async () => {
    expect(await xmlOf('Name\nx\n')).to.match(/^138 in line 1: The CSV has no column CompanyID, Number/);
    expect(await xmlOf('')).to.match(/^138/);
  });

  it('are told from XML and ZIP by their beginning', () => {
    const starts = ['\ufeff"Company', 'CompanyID;', '<?xml', '  <Fines', 'PK\u0003\u0004', '', '\u0000\u0001'];
    expect(starts.map((start) => looksLikeCsv(Buffer.from(start)))).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
