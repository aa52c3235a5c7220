import { expect } from 'chai';
import type { ListDefinition } from '../../../../engine/lists/definition.ts';
import { type Cell, constant } from '../../../../engine/lists/render/line-cells.ts';
import { createLineReader, valueIn } from '../../../../engine/lists/render/line-reader.ts';
import { createLineText } from '../../../../engine/lists/render/line-text.ts';
import { createSum } from '../../../../engine/lists/render/lines.ts';
import { euros, numberIn } from '../../../../engine/lists/render/values.ts';
import { NAMES } from '../../../support/list-rows.ts';
import { shippedList } from '../../../support/lists.ts';

const WORDS = /^[0-9A-Za-z\u00c0-\u024f]+(?: [0-9A-Za-z\u00c0-\u024f]+)*$/;
const TEXTS = [...NAMES, 'Ÿÿ', 'ɏ', 'ɐ', '×÷', '\u00bf', 'two  blanks', ' blank', 'blank ', '\\', '{"a":"}"}'];
const CENTS = ['', '0', '7', '00000001', '99', '100', '12345', '00099999', '999999999999999', '1234567890123456', '-5'];
const SIGNS = ['+', '-', '', '++'];

type Fields = Readonly<Record<string, string>>;

describe('lists: lines as bytes', () => {
  let list: ListDefinition;
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * most);
  };
  const oneOf = (values: readonly string[]) => values[random(values.length)] ?? '';
  const written = [
    (fields: Fields) => JSON.stringify(fields),
    (fields: Fields) => JSON.stringify(fields, null, 1),
    (fields: Fields) => JSON.stringify(Object.fromEntries(Object.entries(fields).reverse())),
    (fields: Fields) => JSON.stringify(fields).replaceAll('":"', '" : "').replaceAll('","', '", "'),
    (fields: Fields) => JSON.stringify({ ...fields, More: { deep: ['"}', null] }, Extra: null }),
  ];
  const aRecord = (): Fields => ({
    ...{ Law: oneOf(['1', '2']), Sign: oneOf(SIGNS), Amount: oneOf(CENTS), Name: oneOf(TEXTS) },
    ...(random(3) > 0 && { Suffix: oneOf(['01', '']) }),
    ...(random(40) === 0 && { 'a "key"': 'x' }),
  });

  before(async () => {
    list = await shippedList('statement-leefloon');
  });

  it('are what parsing the records would give, however these are written', () => {
    const reader = createLineReader(list, '0206731645');
    const sum = createSum(list);
    let sums = 0;
    for (let round = 0; round < 200; round += 1) {
      const records = Array.from({ length: 20 }, aRecord);
      const way = written[random(written.length)] ?? JSON.stringify;
      const late = round % 3 === 0;
      const texts = records.map((fields) => (random(10) === 0 ? JSON.stringify(fields) : way(fields)));
      const read: string[][] = [];
      const days = JSON.stringify(records.map(() => '2026-01-31'));
      reader.read({ late, fields: `[${texts.join(',')}]`, days, kinds: '[]' }, (line) => {
        sum.add(line);
        read.push([...list.columns.map((_column, at) => valueIn(line, at)), valueIn(line, list.columns.length)]);
      });
      const wanted = records.map((fields) => [
        ...list.columns.map(({ field }) => fields[field] ?? ''),
        late ? '2026-01' : '',
      ]);
      expect(read).to.deep.equal(wanted);
      for (const { Amount = '', Sign = '' } of records) sums += numberIn(Amount, Sign);
    }
    expect(sum.totals()).to.deep.equal({ lines: 4_000, corrections: 67 * 20, sums: { Amount: sums } });
  });

  it('come out as their cells are written, whatever has changed since the line before', () => {
    const at = (field: string) => list.columns.findIndex((column) => column.field === field);
    const padded = (value: string) => (WORDS.test(value) ? value : '?').slice(0, 12);
    const cells: Cell[] = [
      { at: at('Name'), signAt: -1, write: (value) => `<N>${value}</N>`, words: { before: '<N>', after: '</N>' } },
      constant('|'),
      {
        ...{ at: at('Amount'), signAt: at('Sign'), euros: { before: '"', after: '";' } },
        write: (value, sign) => `"${euros(numberIn(value, sign))}";`,
      },
      {
        ...{ at: at('Name'), signAt: -1, write: (value) => padded(value).padEnd(12) },
        words: { before: '', after: '', width: 12 },
      },
      {
        ...{ at: at('Suffix'), signAt: -1, write: (value) => (value === '' ? '' : value.padStart(5, '0')) },
        words: { before: '', after: '', width: 5, fill: { character: '0', first: true } },
      },
      constant('\r\n'),
    ];
    const reader = createLineReader(list, '0206731645');
    const pages: Buffer[] = [];
    const text = createLineText(cells, { lines: 10, give: (page) => pages.push(page) });
    const wanted: string[] = ['begun\n'];
    text.put('begun\n');
    for (let round = 0; round < 400; round += 1) {
      const records = Array.from({ length: 20 }, aRecord);
      reader.read({ late: false, fields: JSON.stringify(records), days: '[]', kinds: '[]' }, text.line);
      for (const fields of records) {
        wanted.push(cells.map((cell) => cell.write(valueFor(fields, cell.at), valueFor(fields, cell.signAt))).join(''));
      }
      if (round % 50 === 49) {
        wanted.push('between é\n');
        text.put('between é\n');
      }
    }
    text.flush();
    expect(pages.length).to.be.greaterThan(3);
    expect(Buffer.concat(pages).toString('utf8')).to.equal(wanted.join(''));
  });

  const valueFor = (fields: Fields, at: number) => fields[list.columns[at]?.field ?? ''] ?? '';
});
