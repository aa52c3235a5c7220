import { type Random, seededRandom } from './random.ts';
import { type Span, spansOf, splice } from './xml-spans.ts';

/** A document that was changed in one place. */
export interface Mutation {
  /** Number, kind and the element hit: "17 value: RemunAmount". */
  readonly name: string;
  readonly kind: MutationKind;
  readonly bytes: Buffer;
}

interface Source {
  readonly xml: string;
  readonly all: readonly Span[];
  /** Elements below the root. */
  readonly inner: readonly Span[];
  readonly leaves: readonly Span[];
  readonly blocks: readonly Span[];
  readonly random: Random;
}

type Change = { readonly at: string; readonly text: string | Buffer };
type Mutate = (source: Source) => Change;

const ODD_VALUES: readonly string[] = [
  ...['', ' ', '0', '1', '-1', '+1', '00', '9', '99', '999', '1.0', '1,0', '1e3', '0x1F', 'x', 'XX', 'Ω', '٣', '½'],
  ...[
    '99999999999999999999',
    '000000000000000000001',
    '2022-13-01',
    '2022-02-30',
    '2022-07-01Z',
    '2022-7-1',
    '0000-01-01',
  ],
  ...[
    '24:00:00.000',
    '08:45:00',
    '08:45:00.000Z',
    '08:45:61.000',
    '20225',
    '20023',
    '77101500173',
    '0206731645',
    '001',
    '100.01',
  ],
  ...[
    'a'.repeat(600),
    'é'.repeat(48),
    '\u{1F600}',
    '&#233;',
    '&amp;',
    '&lt;b&gt;',
    'line\nend',
    '\ttab',
    'FWT',
    'DMFA',
    'SU',
    'true',
  ],
];
const ATTRIBUTES: readonly string[] = [
  ...[
    'extra="1"',
    'id="a"',
    'xml:space="preserve"',
    'xml:lang="nl"',
    'xsi:nil="true"',
    'xsi:nil="false"',
    'xmlns:x="urn:x"',
  ],
  ...['xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema"', 'xsi:unknown="1"', 'xmlns:x="urn:x" x:a="1"'],
];
const MARKUP: readonly string[] = [
  '<!-- a -->',
  '<?p d?>',
  '&#32;',
  '<![CDATA[ ]]>',
  '\r\n',
  '<!-- - - -->',
  '<![CDATA[]]>',
];

const CHANGES = {
  removed: on('inner', ({ xml }, span) => splice(xml, span.start, span.end, '')),
  moved: on('inner', moved),
  swapped: on('inner', swapped),
  renamed: on('inner', ({ xml, all, random }, span) => rename(xml, span, random.pick(all).name)),
  misspelt: on('inner', ({ xml }, span) => rename(xml, span, `${span.name}s`)),
  duplicated: on('inner', ({ xml }, span) => splice(xml, span.end, span.end, xml.slice(span.start, span.end))),
  value: on('leaves', ({ xml, random }, span) => setValue(xml, span, random.pick(ODD_VALUES))),
  emptied: on('inner', ({ xml }, span) => setValue(xml, span, '')),
  shortened: on('leaves', ({ xml }, span) => setValue(xml, span, contentOf(xml, span).slice(0, -1))),
  lengthened: on('leaves', ({ xml, random }, span) =>
    setValue(xml, span, contentOf(xml, span) + random.pick(['0', 'A', ' '])),
  ),
  oneMore: on('leaves', ({ xml }, span) => setValue(xml, span, shifted(contentOf(xml, span), 1n))),
  oneLess: on('leaves', ({ xml }, span) => setValue(xml, span, shifted(contentOf(xml, span), -1n))),
  spaced: on('leaves', ({ xml, random }, span) =>
    setValue(xml, span, random.pick([' ', '\n', '\t']) + contentOf(xml, span)),
  ),
  copied: on('leaves', ({ xml, leaves, random }, span) => setValue(xml, span, contentOf(xml, random.pick(leaves)))),
  unknown: on('inner', ({ xml }, span) => splice(xml, span.start, span.start, '<Unknown>1</Unknown>')),
  foreign: on('inner', ({ xml }, span) => splice(xml, span.end, span.end, '<x:Y xmlns:x="urn:x"/>')),
  attribute: on('all', ({ xml, random }, span) => addAttribute(xml, span, random.pick(ATTRIBUTES))),
  text: on('blocks', ({ xml }, span) => splice(xml, span.contentStart, span.contentStart, 'text')),
  child: on('leaves', ({ xml }, span) => splice(xml, span.contentStart, span.contentStart, '<INSS>77101500172</INSS>')),
  markup: on('inner', ({ xml, random }, span) =>
    splice(xml, span.contentStart, span.contentStart, random.pick(MARKUP)),
  ),
  namespaced: on('all', ({ xml }, span) => addAttribute(xml, span, 'xmlns="urn:other"')),
  cut: on('inner', ({ xml }, span) => xml.slice(0, span.contentStart)),
  unclosed: on('inner', ({ xml }, span) => splice(xml, span.contentEnd, span.end, '')),
  illegal: on('leaves', ({ xml, random }, span) =>
    setValue(xml, span, random.pick(['\u0001', '&', '<', '&#0;', '\uFFFF', ']]>'])),
  ),
  trailing: on('all', ({ xml, random }, span) =>
    span.depth === 0 ? xml : xml + random.pick(['x', '<a/>', '<!-- -->']),
  ),
  badByte: on('leaves', badByte),
  latin1: on('leaves', latin1),
  utf16: on('all', ({ xml }) => Buffer.from(`\uFEFF${declared(xml, 'UTF-16')}`, 'utf16le')),
  byteOrderMark: on('all', ({ xml }) => `\uFEFF${xml}`),
  unknownEncoding: on('all', ({ xml }) => declared(xml, 'KLINGON-8')),
  duplicateInss: on('leaves', duplicateInss),
  netOwedOff: on('leaves', netOwedOff),
} as const satisfies Record<string, Mutate>;

/** What can be done to a document. `duplicateInss` and `netOwedOff` leave its validity to a schema as it was. */
export type MutationKind = keyof typeof CHANGES;

/** Every kind, in the order `mutationsOf` uses them. */
export const MUTATION_KINDS = Object.keys(CHANGES) as readonly MutationKind[];

/** Changes a plain well-formed document `count` times, each time once; the kinds take turns, the seed chooses the places. */
export function mutationsOf(xml: string, seed: number, count: number, kinds = MUTATION_KINDS): Mutation[] {
  const random = seededRandom(seed);
  const all = spansOf(xml);
  const inner = all.filter((span) => span.depth > 0);
  const source = {
    xml,
    all,
    inner,
    leaves: all.filter(({ leaf }) => leaf),
    blocks: all.filter(({ leaf }) => !leaf),
    random,
  };
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'removed';
    const { at, text } = CHANGES[kind](source);
    return { name: `${index} ${kind}: ${at}`, kind, bytes: Buffer.from(text) };
  });
}

function on(
  where: 'all' | 'inner' | 'leaves' | 'blocks',
  change: (source: Source, span: Span) => string | Buffer,
): Mutate {
  return (source) => {
    const span = source.random.pick(source[where]);
    return { at: span.name, text: change(source, span) };
  };
}

function contentOf(xml: string, span: Span): string {
  return xml.slice(span.contentStart, span.contentEnd);
}

function setValue(xml: string, span: Span, value: string): string {
  return splice(xml, span.start, span.end, `<${span.name}>${value}</${span.name}>`);
}

function rename(xml: string, span: Span, name: string): string {
  return splice(xml, span.start, span.end, `<${name}>${contentOf(xml, span)}</${name}>`);
}

function addAttribute(xml: string, span: Span, attribute: string): string {
  const at = span.start + 1 + span.name.length;
  return splice(xml, at, at, ` ${attribute}`);
}

function shifted(value: string, by: bigint): string {
  if (!/^\d+$/.test(value)) return `${value}${by}`;
  return String(BigInt(value) + by).padStart(value.length, '0');
}

function moved({ xml, inner, random }: Source, span: Span): string {
  const outside = inner.filter(({ start }) => start < span.start || start >= span.end);
  const target = random.pick(outside.length > 0 ? outside : [span]).start;
  const element = xml.slice(span.start, span.end);
  if (target <= span.start) return splice(splice(xml, span.start, span.end, ''), target, target, element);
  return splice(splice(xml, target, target, element), span.start, span.end, '');
}

function swapped({ xml, inner }: Source, span: Span): string {
  const next = inner.find(({ start, depth }) => start >= span.end && depth === span.depth);
  if (!next) return xml;
  const between = xml.slice(span.end, next.start);
  return splice(xml, span.start, next.end, xml.slice(next.start, next.end) + between + xml.slice(span.start, span.end));
}

function declared(xml: string, encoding: string): string {
  return `<?xml version="1.0" encoding="${encoding}"?>${xml.replace(/^<\?xml[^>]*\?>/, '')}`;
}

function badByte({ xml }: Source, span: Span): Buffer {
  const [before, after] = [xml.slice(0, span.contentStart), xml.slice(span.contentStart)];
  return Buffer.concat([Buffer.from(before), Buffer.from([0xe9]), Buffer.from(after)]);
}

function latin1({ xml }: Source, span: Span): Buffer {
  return Buffer.from(declared(setValue(xml, span, 'Andr\u00E9'), 'ISO-8859-1'), 'latin1');
}

function duplicateInss({ xml, leaves, random }: Source): string {
  const numbers = leaves.filter(({ name }) => name === 'INSS');
  if (numbers.length < 2) return xml;
  const from = random.below(numbers.length);
  const to = (from + 1 + random.below(numbers.length - 1)) % numbers.length;
  const [source, target] = [numbers[from], numbers[to]];
  return source && target ? setValue(xml, target, contentOf(xml, source)) : xml;
}

function netOwedOff({ xml, leaves, random }: Source): string {
  const amounts = leaves.filter(({ name }) => name === 'NetOwedAmount');
  if (amounts.length === 0) return xml;
  const amount = random.pick(amounts);
  return setValue(xml, amount, shifted(contentOf(xml, amount), random.pick([1n, -1n])));
}
