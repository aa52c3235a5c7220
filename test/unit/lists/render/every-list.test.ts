import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import { loadConfig } from '../../../../config/load.ts';
import { packageRoot } from '../../../../config/package-root.ts';
import type { Column, ListDefinition } from '../../../../engine/lists/definition.ts';
import { csv } from '../../../../engine/lists/render/csv.ts';
import { fixed } from '../../../../engine/lists/render/fixed.ts';
import { xml } from '../../../../engine/lists/render/xml.ts';
import { LANGUAGES } from '../../../../engine/registry/organisations.ts';
import { aRow, NAMES, onOneLine, RIGHT_TO_LEFT } from '../../../support/list-rows.ts';
import { aHead, aLine, rendered } from '../../../support/lists.ts';
import { NASTY_TEXTS } from '../../../support/nasty-texts.ts';
import { xmllint } from '../../../support/xmllint.ts';

const run = promisify(execFile);
const TEXTS = [
  ...NAMES,
  ...RIGHT_TO_LEFT,
  ...NASTY_TEXTS,
  '王小明',
  '＝1',
  '＋1',
  '－1',
  '＠x',
  '\u00a0=1',
  '=',
  '\t',
  ';',
  '"',
];
const LISTS: readonly ListDefinition[] = Object.values((await loadConfig(undefined, {})).lists);
const STATEMENTS = LISTS.filter(({ formats }) => formats.includes('fixed'));

/** What Python's own csv module reads in files: as strict as it can be, and nothing of ours. */
const PYTHON = `
import csv, json, sys
def rows(path):
    with open(path, encoding='utf-8-sig', newline='') as file:
        return list(csv.reader(file, delimiter=';', strict=True))
json.dump([rows(path) for path in sys.argv[1:]], sys.stdout)
`;

describe('lists: every list that is shipped, over nasty texts', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-lists-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const rowsOf = (list: ListDefinition) => TEXTS.map((_, at) => aRow(list, at, TEXTS));
  const linesOf = (list: ListDefinition) =>
    rowsOf(list).map((row, at) => aLine(list, row, at % 4 === 0 ? '2026-02' : ''));
  async function readByPython(contents: readonly Buffer[]): Promise<string[][][]> {
    const paths = contents.map((_, at) => join(dir, `${at}.csv`));
    await Promise.all(paths.map((path, at) => writeFile(path, contents[at] ?? '')));
    return JSON.parse((await run('python3', ['-c', PYTHON, ...paths], { maxBuffer: 1 << 28 })).stdout);
  }

  it('are made of three statements and eight other lists, in every format but fixed width', () => {
    expect([STATEMENTS.length, LISTS.length]).to.deep.equal([3, 11]);
    for (const { formats } of LISTS) expect(formats).to.include.members(['pdf', 'csv', 'xml', 'zip']);
  });

  for (const list of LISTS) {
    it(`CSV of ${list.name} has its columns for another reader, and nothing that a spreadsheet obeys`, async () => {
      const files = LANGUAGES.map((language) => rendered(csv, aHead(list, { language }), linesOf(list)));
      const columns = list.columns.filter(({ notIn }) => !notIn.includes('csv'));
      for (const [at, [titles = [], ...rows]] of (await readByPython(await Promise.all(files))).entries()) {
        expect(titles.slice(0, -1)).to.deep.equal(columns.map(({ texts }) => texts[LANGUAGES[at] ?? 'en']));
        expect(rows.map(({ length }) => length)).to.deep.equal(TEXTS.map(() => columns.length + 1));
        for (const cell of rows.flat()) expect(isHarmless(cell), cell).to.equal(true);
        const names = columns.findIndex(({ field }) => field === 'Name');
        const wanted = rowsOf(list).map((row) => Buffer.from(onOneLine(row['Name'] ?? '')).toString());
        expect(rows.map((row) => withoutApostrophe(row[names] ?? ''))).to.deep.equal(wanted);
      }
    });

    it(`XML of ${list.name} is valid, and gives back what went in`, async () => {
      const bytes = await rendered(xml, aHead(list, { authorityName: 'OCMW <&"> \u0001\ud800' }), linesOf(list));
      const [checked] = await xmllint(join(packageRoot(), 'schemas', 'xsd', 'List_1.xsd'), [bytes]);
      expect(checked?.valid, checked?.said).to.equal(true);
      const parser = new XMLParser({ parseTagValue: false, trimValues: false, isArray: (name) => name === 'Line' });
      const read: Record<string, string>[] = parser.parse(bytes).List.Lines.Line;
      const wanted = rowsOf(list).map((row) => inXml(onOneLine(row['Name'] ?? '')));
      expect(read.map(({ Name = '' }) => Name)).to.deep.equal(wanted);
      expect(read.map(({ DossierNumber }) => DossierNumber)).to.deep.equal(
        rowsOf(list).map((row) => row['DossierNumber']),
      );
    });
  }

  for (const list of STATEMENTS) {
    it(`records of ${list.name} have 111 characters and parse back to what went in`, async () => {
      const bytes = await rendered(fixed, aHead(list), linesOf(list));
      const records = bytes.toString('utf8').split('\r\n');
      expect(records.pop()).to.equal('');
      expect(records.length).to.equal(TEXTS.length);
      for (const [at, record] of records.entries()) {
        expect([...record].length, record).to.equal(111);
        const row = aRow(list, at, TEXTS);
        expect(readRecord(list, record)).to.deep.equal(
          list.columns.map((column) => inFixed(column, row[column.field] ?? '')),
        );
      }
    });
  }
});

/** A number, or what begins with no sign that makes a formula and has no control character. */
const isHarmless = (cell: string) =>
  /^-?\d+(,\d+)?$/.test(cell) || !/^[=+\-@\uff1d\uff0b\uff0d\uff20]|\p{Cc}/u.test(cell);

/** The apostrophe is in front of what could be a formula, and of nothing else. */
const withoutApostrophe = (cell: string) => (/^'[=+\-@\uff1d\uff0b\uff0d\uff20]/u.test(cell) ? cell.slice(1) : cell);

const inXml = (text: string) =>
  Buffer.from(text)
    .toString()
    .replace(/[\ufffe\uffff]/gu, '\ufffd');

/** The values in a record, cut by the widths alone. */
function readRecord({ columns }: ListDefinition, record: string): string[] {
  const characters = [...record];
  return columns.map(({ width = 0 }) => characters.splice(0, width).join('').trimEnd());
}

/** What the specification makes of a value: a name is cut, numbers are filled up with zeros. */
function inFixed({ width = 0, type, cut }: Column, value: string): string {
  const text = Buffer.from(onOneLine(value)).toString();
  if (type === 'amount' || type === 'number') return text.padStart(width, '0');
  return cut ? [...text].slice(0, width).join('').trimEnd() : text.trimEnd();
}
