import type { ValueType } from './xsd-model.ts';

/** A value for each pattern that the interface's schemas use. */
const SAMPLES: Readonly<Record<string, string>> = {
  '\\d{4}-\\d{2}-\\d{2}': '2022-07-01',
  '\\d{4}-\\d{2}': '2022-07',
  '\\d{2}:\\d{2}:\\d{2}.\\d{3}': '08:45:00.000',
  '0|00\\d{9}|1\\d{10}': '00206731645',
  '0|\\d{9}|\\d{10}': '0206731645',
  '[0]|\\d{11}': '77101500172',
  '\\d{11}': '77101500172',
  "'\\d{11}": '77101500172',
  '\\d{3}': '018',
  '\\d{4}(1|2|3|4)': '20223',
  '[A-Z]{2}[A-Za-z0-9]{0,28}': 'BE0206731645',
  '[\\s\\S]*\\S[\\s\\S]*': 'Gent',
  '\\d{3},\\d{2}': '100,00',
  '\\d{3}|\\d{3}\\.\\d{2}|\\d{3}\\.\\d{2}\\.\\d{2}': '100.01',
  'XXX|\\d{3}|\\d{3}(.)\\d{2}|\\d{3}(.)\\d{2}(.)\\d{2}': '100.01',
  '\\p{L}': 'A',
  '[+-]?\\d{1,15}': '-100',
  '(((0|1)\\d)|(2[0-3]))[0-5]\\d': '2359',
  '(1|2|3)(0|1|2|3|4|5)\\d{6}': '10000000',
};

const FREE: Readonly<Record<string, string>> = { 'xs:boolean': 'true', 'xs:date': '2022-07-01', 'xs:string': 'text' };

const ODD = ['', ' ', '0', '1', '-1', '1 ', ' 1', '1\n', 'x', 'é', '\u0661', '2022-07-01'];

const ODD_BY_BASE: Readonly<Record<string, readonly string[]>> = {
  'xs:integer': [
    ...[
      '00',
      '+1',
      '01',
      '1.0',
      '1.5',
      '-0',
      '1e2',
      'NaN',
      '00000000000',
      '10206731645',
      '01234567890',
      '206731645',
      '20225',
    ],
    ...['20031', '20024', '055', '2400', '2359', '0960', '20300000', '36000000', "'77101500172"],
  ],
  'xs:date': [
    '2022-02-29',
    '2024-02-29',
    '2022-07-01Z',
    '2022-07-01+01:00',
    '22-07-01',
    '12022-07-01',
    '-2022-07-01',
    '2022-7-1',
  ],
  'xs:gYearMonth': ['2022-13', '2022-7', '2022-07Z', '-2022-07', '0000-01'],
  'xs:time': [
    '24:00:00.000',
    '23:59:59.999',
    '25:00:00.000',
    '08:45:00x000',
    '08:45:00.0001',
    '08:45:00.000Z',
    '8:45:00.000',
  ],
  'xs:string': [
    'AB',
    'B1',
    'BE',
    'XXX',
    '123,45',
    '12,345',
    '200.1',
    '200.10.01',
    '200x10',
    '200x10y01',
    '+123',
    '2022-02-30',
  ],
  'xs:boolean': ['true', 'false', 'TRUE', '01'],
};

/** A value the type accepts (a type that accepts nothing gets one that comes near). */
export function goodValue({ base, facets }: ValueType): string {
  const facet = (name: string) => facets.find(([key]) => key === name)?.[1];
  const pattern = facet('pattern');
  const enumerated = facet('enumeration');
  if (enumerated !== undefined) return enumerated;
  if (pattern !== undefined) return sample(pattern);
  if (base === 'xs:integer') return facet('minInclusive') ?? '1';
  const free = (FREE[base] ?? 'text').padEnd(Number(facet('minLength') ?? '0'), '-');
  return free.slice(0, Number(facet('length') ?? facet('maxLength') ?? '99'));
}

function sample(pattern: string): string {
  const value = SAMPLES[pattern];
  if (value === undefined) throw new Error(`no sample for the pattern ${pattern}`);
  return value;
}

/** Values at both sides of every limit of the type; some are accepted and some are not. */
export function edgeValues(type: ValueType): string[] {
  return [...new Set([goodValue(type), ...type.facets.flatMap(([name, value]) => edges(name, value))])];
}

/** Values that programs are known to disagree about, for the kind of type it is. */
export function oddValues({ base }: ValueType): string[] {
  return [...ODD, ...(ODD_BY_BASE[base] ?? [])];
}

function edges(facet: string, value: string): string[] {
  switch (facet) {
    case 'enumeration':
      return [value, ` ${value}`, `0${value}`, value.toLowerCase(), `${value}0`];
    case 'pattern':
      return [sample(value), `${sample(value)}0`, sample(value).slice(1)];
    case 'totalDigits':
      return [Number(value) - 1, Number(value), Number(value) + 1].flatMap((digits) =>
        ['9', '1', '0', '-9'].map((d) => d.repeat(Math.max(digits, 1))),
      );
    case 'minInclusive':
    case 'maxInclusive':
      return around(value);
    default:
      return [-1, 0, 1].map((more) => 'é'.repeat(Math.max(0, Number(value) + more)));
  }
}

function around(value: string): string[] {
  if (!/^\d+$/.test(value))
    return [-1, 0, 1].map((days) => new Date(Date.parse(value) + days * 86_400_000).toISOString().slice(0, 10));
  return [-1n, 0n, 1n].flatMap((more) => {
    const near = String(BigInt(value) + more);
    return [near, near.padStart(value.length, '0'), `0${near}`, `+${near}`];
  });
}
