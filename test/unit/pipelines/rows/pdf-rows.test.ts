import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { declarationOf } from '../../../../engine/pipelines/rows/declaration.ts';
import type { FormField } from '../../../../engine/pipelines/rows/pdf-fields.ts';
import { looksLikePdf, pdfRows } from '../../../../engine/pipelines/rows/pdf-rows.ts';
import type { RowSource } from '../../../../engine/pipelines/rows/row.ts';

const CSV = {
  ...{ root: 'Answers', schema: 'Answers_1.xsd', identification: 'KNFB', form: ['CompanyID'], most: 1 },
  ...{ record: ['SignalNumber', 'Code', 'Remark'], titles: { Signal: 'SignalNumber' }, skipWithout: 'Code' },
  pad: { CompanyID: 10, Code: 2 },
};
const SOURCE: RowSource = { element: 'Answer', authority: 'CompanyID', csv: CSV };
const NEVER = new AbortController().signal;
const NOW = new Date('2026-03-14T09:00:00Z');

/** The lines of the declaration that these fields stand for, or what is said instead. */
async function linesOf(fields: readonly FormField[], source = SOURCE): Promise<string[]> {
  const content = { kind: 'bytes', bytes: Buffer.from('%PDF-1.7') } as const;
  const read = await pdfRows(content, source, async () => ({ kind: 'fields', fields }), NEVER);
  if (read.kind === 'fault') return [`${read.finding.code} ${read.finding.detail}`];
  const xml = await text(Readable.from(declarationOf(read.rows, source, NOW)));
  expect(read.fault()).to.equal(undefined);
  return xml.split('\n').slice(1);
}

const answered = (line: string) => line.replace(/.*<Answer>(.*)<\/Answer>.*/, '$1');

describe('rows of a PDF', () => {
  it('are the answers of the authority, each in the line of its row; those without an answer are left out', async () => {
    const lines = await linesOf([
      ...([
        ['Code_3', '1'],
        ['authority', '403019261'],
        ['SignalNumber_1', 'KN-1'],
        ['Code_1', '01'],
      ] as const),
      ...([
        ['Remark_1', 'known'],
        ['SignalNumber_2', 'KN-2'],
        ['Code_2', ' '],
        ['SignalNumber_3', 'KN-3'],
      ] as const),
      ...([
        ['SignalNumber_5', 'KN-5'],
        ['Code_5', '02'],
        ['Remark_2', 'no code'],
        ['Remark_3', ''],
      ] as const),
    ]);
    expect(lines.map(answered)).to.deep.equal([
      '<SignalNumber>KN-1</SignalNumber><Code>01</Code><Remark>known</Remark>',
      '',
      '<SignalNumber>KN-3</SignalNumber><Code>01</Code>',
      '',
      '<SignalNumber>KN-5</SignalNumber><Code>02</Code>',
      '',
    ]);
    expect(lines.filter((line) => line.includes('<CompanyID>0403019261</CompanyID>')).length).to.equal(3);
  });

  it('escape what XML would obey, and keep what only a spreadsheet would', async () => {
    const fields = (remark: string) =>
      [
        ['authority', '0403019261'],
        ['SignalNumber_1', 'KN-1'],
        ['Code_1', '01'],
        ['Remark_1', remark],
      ] as const;
    const remarkOf = async (remark: string) =>
      /<Remark>(.*)<\/Remark>/.exec((await linesOf(fields(remark)))[0] ?? '')?.[1];
    expect(await remarkOf('</Remark><Code>02</Code> & "x"')).to.equal(
      '&lt;/Remark&gt;&lt;Code&gt;02&lt;/Code&gt; &amp; "x"',
    );
    expect(await remarkOf('=HYPERLINK("x")')).to.equal('=HYPERLINK("x")');
    expect(await remarkOf("'=1")).to.equal("'=1");
    expect(await remarkOf('two\r\nlines\u0000\u0007\ud800 end')).to.equal('two  lines    end');
  });

  it('have the names that the source knows, also by its titles, and nothing else', async () => {
    const lines = await linesOf([
      ...([
        ['authority', '0403019261'],
        ['Signal_1', 'KN-1'],
        ['Code_1', '01'],
        ['CompanyID_1', '0428759497'],
      ] as const),
      ...([
        ['Name_1', 'x'],
        ['Code_01', '02'],
        ['Code', '02'],
        ['Code_100000', '02'],
        ['__proto___1', 'x'],
        ['a.Code_1', '03'],
      ] as const),
    ]);
    expect(lines.map(answered)).to.deep.equal(['<SignalNumber>KN-1</SignalNumber><Code>01</Code>', '']);
    expect(lines[0], 'a key of the row goes before').to.contain('<CompanyID>0428759497<');
  });

  it('are not there without the fields that say who answers what', async () => {
    expect(
      await linesOf([
        ['SignalNumber_1', 'KN-1'],
        ['Code_1', '01'],
      ]),
    ).to.deep.equal(['138 The PDF has no field authority']);
    expect(await linesOf([['Given name', 'x']])).to.deep.equal(['138 The PDF has no field authority, SignalNumber']);
    expect(await linesOf([['authority', '0403019261']])).to.deep.equal(['138 The PDF has no field SignalNumber']);
  });

  it('are not read of what is unreadable, nor of what is too large to be tried', async () => {
    const asked: number[] = [];
    const read = async (bytes: Uint8Array) => {
      asked.push(bytes.length);
      return { kind: 'unreadable', reason: 'it is blank' } as const;
    };
    const said = async (size: number) => {
      const found = await pdfRows({ kind: 'bytes', bytes: Buffer.alloc(size) }, SOURCE, read, NEVER);
      return found.kind === 'fault' ? found.finding : undefined;
    };
    expect(await said(8 << 20)).to.deep.equal({ code: '138', detail: 'it is blank' });
    const tooLarge = 'The PDF is larger than 8388608 bytes: send its answers as CSV';
    expect(await said((8 << 20) + 1)).to.deep.equal({ code: '138', detail: tooLarge });
    expect(asked).to.deep.equal([8 << 20]);
  });

  it('are told from others by their beginning', () => {
    const starts = ['%PDF-1.7', '%PDF', '<?xml', 'CompanyID;', ''];
    expect(starts.map((start) => looksLikePdf(Buffer.from(start)))).to.deep.equal([true, false, false, false, false]);
  });
});
