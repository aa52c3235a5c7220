import { deflateSync } from 'node:zlib';

const MB = 1 << 20;
const ROOT = '<</Type/Catalog/AcroForm 2 0 R>>';
const FORM = '<</Fields[3 0 R]>>';
const FIELD = '<</FT/Tx/T(authority)/V(0206731645)>>';

/** A PDF of these objects, from number 1 on; the first is the catalogue, and there is no table of where they are. */
export function pdfOf(...objects: readonly (string | Buffer)[]): Buffer {
  const parts = objects.flatMap((object, at) => [`${at + 1} 0 obj\n`, object, '\nendobj\n']);
  const whole = ['%PDF-1.7\n', ...parts, 'trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n'];
  return Buffer.concat(whole.map((part) => Buffer.from(part)));
}

/** A PDF with a field, and with these texts of fields beside it: by their names. */
export function pdfWith(texts: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries(texts).map(([name, text]) => `<</FT/Tx/T(${name})/V<feff${utf16(text)}>>>`);
  return pdfOf(ROOT, `<</Fields[${numbers(3, fields.length)}]>>`, ...fields);
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le').swap16().toString('hex');
const numbers = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => `${first + at} 0 R`).join(' ');

function stream(dictionary: string, content: Buffer): Buffer {
  const head = `<<${dictionary}/Length ${content.length}>>\nstream\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\nendstream')]);
}

const packed = (bytes: number, what = ' ') => deflateSync(Buffer.alloc(bytes, what), { level: 1 });
const beside = (...objects: (string | Buffer)[]) => pdfOf(ROOT, FORM, FIELD, ...objects);
const objects = (filter: string, content: Buffer) =>
  beside(stream(`/Type/ObjStm/N 1/First 5/Filter${filter}`, content));
const repeated = (what: string, bytes = 7 * MB) =>
  Buffer.concat([Buffer.from('%PDF-1.7\n1 0 obj '), Buffer.alloc(bytes, what)]);

/** PDFs that are made to do harm, each with what is said of it; what has no harm in it is read. */
export const HOSTILE_PDFS: Readonly<Record<string, readonly [said: RegExp, make: () => Buffer]>> = {
  'objects that unpack to 300 MB': [/memory/, () => objects('/FlateDecode', packed(300 * MB))],
  'objects that unpack twice': [/memory/, () => objects('[/FlateDecode/FlateDecode]', deflateSync(packed(300 * MB)))],
  'objects in runs of one letter': [
    /memory/,
    () => objects('[/FlateDecode/RunLengthDecode]', deflateSync(Buffer.alloc(5 * MB, Buffer.from([129, 32])))),
  ],
  'many things that unpack to a little': [
    /memory|time/,
    () =>
      beside(
        ...Array.from({ length: 100 }, () => stream('/Type/ObjStm/N 1/First 5/Filter/FlateDecode', packed(4 * MB))),
      ),
  ],
  'millions of objects': [
    /memory|time/,
    () => objects('/FlateDecode', deflateSync(Buffer.concat([Buffer.from('9 0  ['), Buffer.alloc(50 * MB, '1 ')]))),
  ],
  'a table of a billion objects': [
    /memory|time/,
    () => beside(stream('/Type/XRef/W[0 0 0]/Size 1000000000/Index[0 1000000000]/Root 1 0 R', Buffer.from('abc'))),
  ],
  'a text that fills memory': [
    /memory|time/,
    () => pdfOf(ROOT, FORM, `<</FT/Tx/T(authority)/V(${'x'.repeat(7 * MB)})>>`),
  ],
  'a text of a megabyte': [/a text of more than 20000 bytes/, () => pdfWith({ Remark_1: 'x'.repeat(MB) })],
  'one text in thousands of fields': [
    /too much text/,
    () => {
      const own = `<</FT/Tx/T(Code_1)/V(${'x'.repeat(10_000)})/Kids[${numbers(4, 1_000)}]>>`;
      return pdfOf(ROOT, FORM, own, ...Array.from({ length: 1_000 }, (_, at) => `<</T(${at})>>`));
    },
  ],
  'fields one within the other': [
    /too much text/,
    () => pdfOf(ROOT, FORM, ...Array.from({ length: 20_000 }, (_, at) => `<</T(abcdefgh)/Kids[${at + 4} 0 R]>>`)),
  ],
  '100,000 fields': [
    /more than 50000 fields/,
    () => {
      const fields = Array.from({ length: 100_000 }, (_, at) => `<</FT/Tx/T(Code_${at})/V(01)>>`);
      return pdfOf(ROOT, `<</Fields[${numbers(3, fields.length)}]>>`, ...fields);
    },
  ],
  'fields that are their own': [
    /^read: a a.b$/,
    () => pdfOf(ROOT, FORM, '<</T(a)/Kids[4 0 R 3 0 R]>>', '<</T(b)/Kids[3 0 R 2 0 R]>>'),
  ],
  'a catalogue that is itself': [/no form/, () => pdfOf('1 0 R')],
  'brackets that nobody closes': [/^read: authority$/, () => beside('['.repeat(4 * MB))],
  'a trailer that nobody closes': [
    /time|damaged/,
    () => Buffer.concat([Buffer.from('%PDF-1.7\ntrailer\n'), Buffer.alloc(7 * MB, '<</A')]),
  ],
  'a number without end': [/memory|time/, () => repeated('1')],
  'names without end': [/time/, () => repeated('/')],
  'objects that never end': [/time/, () => repeated('1 0 obj ')],
  'nothing behind its beginning': [/damaged/, () => Buffer.from('%PDF-')],
  'noise behind its beginning': [
    /no form|damaged/,
    () =>
      Buffer.concat([
        Buffer.from('%PDF-1.7\n'),
        Buffer.from(Array.from({ length: MB }, (_, at) => (at * 7_919 + (at >> 8) * 31) & 255)),
      ]),
  ],
  'a form of XFA only': [/no form/, () => pdfOf('<</Type/Catalog/AcroForm<</XFA(<xdp/>)/Fields[]>>>>')],
  'a text in a stream': [
    /apart/,
    () => pdfOf(ROOT, FORM, '<</FT/Tx/T(authority)/V 4 0 R>>', stream('', Buffer.from('0206731645'))),
  ],
  encryption: [
    /encrypted/,
    () => Buffer.concat([beside(), Buffer.from('trailer\n<</Root 1 0 R/Encrypt<</Filter/Standard/V 1/R 2>>>>\n')]),
  ],
  JavaScript: [
    /^read: authority$/,
    () => {
      const script = '<</S/JavaScript/JS(process.exit\\(9\\))>>';
      return pdfOf(
        `<</Type/Catalog/AcroForm 2 0 R/OpenAction${script}>>`,
        FORM,
        `<</FT/Tx/T(authority)/V(1)/AA<</F${script}/C${script}>>>>`,
      );
    },
  ],
};
