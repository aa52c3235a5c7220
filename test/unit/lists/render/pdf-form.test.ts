import { PDFDocument } from '@cantoo/pdf-lib';
import { expect } from 'chai';
import { loadConfig } from '../../../../config/load.ts';
import type { ListDefinition } from '../../../../engine/lists/definition.ts';
import { createPdf } from '../../../../engine/lists/render/pdf.ts';
import { tableOf } from '../../../../engine/lists/render/pdf-table.ts';
import { aRow, NAMES, onOneLine, RIGHT_TO_LEFT } from '../../../support/list-rows.ts';
import { aHead, aLine, rendered, shippedList } from '../../../support/lists.ts';
import { NASTY_TEXTS } from '../../../support/nasty-texts.ts';
import { fieldsOf, type SeenField, signalsPdf } from '../../../support/pdf-forms.ts';
import { readPdf } from '../../../support/pdf-words.ts';

const [MARGIN, WIDTH, HEIGHT] = [30, 841.89 - 60, 595.28];
const HIGH_ENOUGH = 18; // two lines of 7 points

describe('lists: the PDF as a form', function () {
  this.timeout(60_000);

  let list: ListDefinition;
  before(async () => {
    list = await shippedList('signals-monthly');
  });
  const named = (fields: readonly SeenField[], name: string) => {
    const field = fields.find((one) => one.name === name);
    if (!field) throw new Error(`there is no field ${name}`);
    return field;
  };

  it('has a field for each code and remark, and hidden ones that say what is answered, and by whom', async () => {
    const fields = await fieldsOf(await signalsPdf([['KN-1'], ['KN-2', 'as before']]));
    const shown = fields.map(({ name, value, isHidden, isReadOnly, longest }) => [
      name,
      value,
      isHidden,
      isReadOnly,
      longest,
    ]);
    expect(shown).to.deep.equal([
      ['authority', '0206731645', true, true, undefined],
      ['SignalNumber_1', 'KN-1', true, true, undefined],
      ['Code_1', '', false, false, 6],
      ['Remark_1', '', false, false, 500],
      ['SignalNumber_2', 'KN-2', true, true, undefined],
      ['Code_2', '', false, false, 6],
      ['Remark_2', 'as before', false, false, 500],
    ]);
  });

  it('has each field over its cell, high enough to type in, in the row of its key', async () => {
    const lines = Array.from({ length: 60 }, (_, at) => aLine(list, aRow(list, at, ['', ...NAMES])));
    const content = await rendered(createPdf(), aHead(list), lines);
    const [fields, pages] = [await fieldsOf(content), await readPdf(content)];
    const columns = tableOf(aHead(list), WIDTH).columns;
    expect(pages.length).to.be.above(2);
    for (const [at, line] of lines.entries()) {
      const dossier = line.values[list.columns.findIndex(({ field }) => field === 'DossierNumber')] ?? '';
      const [page = -1, word] =
        pages.flatMap(({ words }, index) =>
          words.filter(({ text }) => text === dossier).map((one) => [index, one] as const),
        )[0] ?? [];
      for (const name of ['Code', 'Remark']) {
        const {
          rectangle: { x, y, width, height },
          ...field
        } = named(fields, `${name}_${at + 1}`);
        const column = columns.find((one) => one.field === name);
        const top = HEIGHT - y - height;
        expect(field.page, dossier).to.equal(page);
        expect(top, dossier).to.be.within((word?.yMin ?? 0) - 3, word?.yMin ?? 0);
        expect(height).to.be.at.least(HIGH_ENOUGH);
        expect([x, x + width].map(Math.round)).to.deep.equal(
          [MARGIN + (column?.x ?? 0) - 2, MARGIN + (column?.x ?? 0) + (column?.points ?? 0) + 2].map(Math.round),
        );
      }
      expect(named(fields, `SignalNumber_${at + 1}`).value).to.equal(aRow(list, at)['SignalNumber']);
    }
  });

  it('shows a text that is there already, in whatever letters, and holds all of it', async () => {
    const whole = NASTY_TEXTS.filter((text) => Buffer.from(text).toString() === text); // what reads them here halves others
    const texts = [...NAMES.filter((text) => text !== ''), ...RIGHT_TO_LEFT, ...whole];
    const content = await signalsPdf(texts.map((text, at) => [`KN-${at}`, text]));
    const fields = await fieldsOf(content);
    for (const [at, text] of texts.entries()) {
      const { value, longest } = named(fields, `Remark_${at + 1}`);
      expect(Buffer.from(value)).to.deep.equal(Buffer.from(onOneLine(text)));
      expect(longest).to.be.at.least(value.length);
    }
    const words = (await readPdf(content)).flatMap((page) => page.words.map(({ text }) => text));
    expect(words).to.include.members(['Élodie', 'Šćepanović-Łukasz', 'Ђорђе']);
  });

  it('lets a program draw what is typed, in the letters that it brings', async () => {
    const document = await PDFDocument.load(await signalsPdf([['KN-1'], ['KN-2']]));
    const form = document.getForm();
    form.getTextField('Code_2').setText('03');
    form.getTextField('Remark_2').setText('déjà signalé');
    const [page] = await readPdf(Buffer.from(await document.save()));
    expect(page?.text).to.match(/ 03 +déjà signalé/);
  });

  it('is as large as a list of 2,000 lines; a longer one is printed, and has none', async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, at) => aLine(list, aRow(list, at)));
    const made = async (count: number) => fieldsOf(await rendered(createPdf(), aHead(list), lines(count)));
    expect((await made(2_000)).length).to.equal(1 + 3 * 2_000);
    expect(await made(2_001)).to.deep.equal([]);
    expect(await made(0)).to.deep.equal([]);
  });

  it('comes out the same when it is made again, alone or beside others', async () => {
    const pdf = createPdf();
    const lines = [aLine(list, aRow(list, 1)), aLine(list, aRow(list, 2), '2026-02')];
    const [first, ...others] = await Promise.all(
      [pdf, pdf, createPdf()].map((one) => rendered(one, aHead(list), lines)),
    );
    expect(others.map((other) => first?.equals(other))).to.deep.equal([true, true]);
  });

  it('is of those lists only that have something to be filled in', async () => {
    for (const other of Object.values((await loadConfig(undefined, {})).lists) as ListDefinition[]) {
      const content = await rendered(createPdf(), aHead(other), [aLine(other, aRow(other, 0))]);
      const isForm = content.includes('/AcroForm');
      expect(isForm, other.name).to.equal(other.name.startsWith('signals-'));
    }
  });

  it('has keys also of columns that the PDF does not show', async () => {
    const columns = list.columns.map((column) =>
      column.form === 'key' ? { ...column, notIn: ['pdf'] as const } : column,
    );
    const hidden = { ...list, columns };
    const fields = await fieldsOf(
      await rendered(createPdf(), aHead(hidden), [aLine(hidden, { SignalNumber: 'KN-7' })]),
    );
    expect(named(fields, 'SignalNumber_1').value).to.equal('KN-7');
  });
});
