import { type Cell, constant, correctionCell, type WriteValue } from './line-cells.ts';
import { columnsIn, type Head, type Totals } from './rendering.ts';
import { type TextWriter, textRenderer } from './text.ts';
import { plainText, totalColumns } from './values.ts';

const SPECIAL = /[&<>"]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// neither may stand in XML 1.0: surrogates that are alone, and two characters of the first plane
const IMPOSSIBLE = /[\ufffe\uffff]|\p{Cs}/gu;

// all but what stays as it is: without \p it is found sooner
const UNSAFE = /[^ !#-%'-;=?-~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd]/;

/** A text as the content of an element or attribute. */
export function escaped(text: string): string {
  if (!UNSAFE.test(text)) return text;
  const plain = plainText(text).replace(IMPOSSIBLE, '\ufffd');
  return plain.search(SPECIAL) < 0 ? plain : plain.replace(SPECIAL, (character) => ENTITIES[character] ?? '');
}

function xmlWriter(head: Head): TextWriter {
  const opened = correctionCell(head, (period) => (period === '' ? '<Line>' : `<Line correctionOf="${period}">`));
  const values = columnsIn('xml', head).map(({ field, at }): Cell => {
    const [before, after] = [`<${field}>`, `</${field}>`];
    const write: WriteValue = (value) => (value === '' ? '' : before + escaped(value) + after);
    return { at, signAt: -1, write, words: { before, after } };
  });
  return {
    open: opening(head),
    cells: [opened, ...values, constant('</Line>\n')],
    close: (totals) => closing(head, totals),
  };
}

function opening({ definition, period, authority, authorityName, language, madeAt }: Head): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<List xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="List_1.xsd">',
    `<Name>${escaped(definition.name)}</Name>`,
    `<Title>${escaped(definition.texts[language])}</Title>`,
    `<Period>${period}</Period>`,
    `<Authority>${authority}</Authority>`,
    `<AuthorityName>${escaped(authorityName)}</AuthorityName>`,
    `<DueAt>${madeAt.toISOString()}</DueAt>`,
    '<Lines>',
    '',
  ].join('\n');
}

function closing(head: Head, { lines, corrections, sums }: Totals): string {
  const totals = totalColumns(head).map(({ field }) => `<Total field="${field}">${sums[field] ?? 0}</Total>`);
  const counts = `<LineCount>${lines}</LineCount><CorrectionCount>${corrections}</CorrectionCount>`;
  return `</Lines>\n<Totals>${counts}${totals.join('')}</Totals>\n</List>\n`;
}

/** XML of schemas/xsd/List_1.xsd: values as the records have them, amounts in cents; a value that is empty is left out. */
export const xml = textRenderer({ extension: 'xml', mediaType: 'application/xml' }, xmlWriter);
