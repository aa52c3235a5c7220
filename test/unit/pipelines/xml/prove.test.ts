import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkWindow } from '../../../../engine/pipelines/xml/check-window.ts';
import { type CompiledSchema, compileSchema, discardSchema } from '../../../../engine/pipelines/xml/compiled-schema.ts';
import { scanFile } from '../../../../engine/pipelines/xml/scan-file.ts';
import type { Parcel } from '../../../../engine/pipelines/xml/scan-job.ts';
import { readOutline } from '../../../../engine/pipelines/xml/schema-outline.ts';
import { aDeclaration } from '../../../support/declarations.ts';
import { mutationsOf } from '../../../support/mutations.ts';
import { type Random, seededRandom } from '../../../support/random.ts';
import { spansOf } from '../../../support/xml-spans.ts';
import { everyPath, instanceOf } from '../../../support/xsd-instances.ts';
import { readXsd } from '../../../support/xsd-model.ts';
import { edgeValues, oddValues } from '../../../support/xsd-values.ts';
import { DMFA, NOW } from './inspecting.ts';

const ROUNDS = Number(process.env['BODE_FUZZ_ROUNDS'] ?? 1200);
const OWN = 'schemas/xsd';
const ROOT = 'DmfAOriginal';
const PIECES = [
  '<',
  '>',
  '</',
  '/>',
  '&',
  ';',
  '"',
  "'",
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '\r',
  '\n',
  ' ',
  '0',
  '9',
  '-',
];

function compiled(path: string): CompiledSchema {
  const schema = compileSchema(readFileSync(path));
  if (!('validator' in schema)) throw new Error(schema.fault);
  return schema;
}

function withoutDeclaration(xml: string | Buffer): Buffer {
  const bytes = Buffer.from(xml);
  return bytes.toString('latin1', 0, 5) === '<?xml' ? bytes.subarray(bytes.indexOf('<', 2)) : bytes;
}

function isProven({ prove }: CompiledSchema, bytes: Uint8Array): boolean {
  return prove?.({ bytes, own: 0, unclosed: [] }) ?? false;
}

function isValid(schema: CompiledSchema, bytes: Buffer): boolean {
  const buffer = Uint8Array.from(bytes).buffer;
  const own = { at: 0, file: 0, line: 1, column: 1 };
  const whole = { own, ancestors: [], unclosed: [], plain: false, encoding: 'utf-8' as const, broken: undefined };
  const parcel = { buffer, length: bytes.length, ...whole, schemaPath: 'any' };
  const { syntax, findings } = checkWindow(parcel, { ...schema, prove: undefined });
  return syntax === undefined && findings.length === 0;
}

/** Proves each document and lets libxml2 judge what was proven; gives how many were. */
function countProven(schema: CompiledSchema, documents: Iterable<{ name: string; bytes: Buffer }>): number {
  let proven = 0;
  for (const { name, bytes } of documents) {
    if (!isProven(schema, bytes)) continue;
    proven++;
    if (!isValid(schema, bytes)) throw new Error(`proven but wrong, ${name}: ${bytes.toString('utf8')}`);
  }
  return proven;
}

/** One to three small damages; the bytes that matter are also digits and letters. */
function damaged(original: Buffer, random: Random): Buffer {
  let bytes = original;
  for (let times = 1 + random.below(3); times > 0; times--) bytes = damagedOnce(bytes, random);
  return bytes;
}

function damagedOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const length = random.below(random.below(4) === 0 ? 200 : 4);
  const piece = Buffer.from(random.pick(PIECES));
  const from = random.below(bytes.length);
  const changes = [
    () => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
    () => Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from([random.below(256)]), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from([48 + random.below(10)]), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + length), bytes.subarray(at)]),
  ];
  return random.pick(changes)();
}

function* damages(original: Buffer, seed: number, count: number) {
  const random = seededRandom(seed);
  for (let round = 0; round < count; round++) yield { name: `round ${round}`, bytes: damaged(original, random) };
}

function proving(title: string, dir: string): void {
  describe(title, function () {
    this.timeout(600_000);
    const path = join(dir, 'DmfAOriginal_20231.xsd');
    const model = readXsd(path);
    // one has a pattern that is left to libxml2, the other a type that accepts nothing
    const everything = [0, 1, 2, 4].map((branch) =>
      instanceOf(model, ROOT, { everything: branch }).replace(/<(VATNbr|INSSUser)>[^<]*<\/\1>/g, ''),
    );
    const declaration = aDeclaration({ forms: [{ persons: 2 }], now: new Date(0) });
    let schema: CompiledSchema;
    before(() => {
      schema = compiled(path);
    });
    after(() => discardSchema(schema));

    it('proves a document with almost every element at once', () => {
      for (const source of everything) expect(isProven(schema, withoutDeclaration(source))).to.equal(true);
    });

    it('proves a usual declaration, however it is indented', () => {
      for (const plan of [{}, { indent: '' }, { lineEnds: '\r\n' as const }]) {
        const bytes = withoutDeclaration(aDeclaration({ forms: [{ persons: 9 }, {}], ...plan }));
        expect(isProven(schema, bytes), bytes.toString('latin1', 0, 300)).to.equal(true);
      }
    });

    it('proves a document around almost every element, and nothing that libxml2 refuses', () => {
      const paths = everyPath(model, ROOT);
      const documents = paths.map((names) => {
        return { name: names.join('/'), bytes: withoutDeclaration(instanceOf(model, ROOT, { path: names })) };
      });
      expect(countProven(schema, documents)).to.be.greaterThan(documents.length * 0.95);
    });

    it('never proves a value beyond a limit of its type', () => {
      const documents = everyPath(model, ROOT).flatMap((names) => {
        const content = model.get(names.at(-1) ?? '');
        if (!content || !('value' in content)) return [];
        const values = [...edgeValues(content.value), ...oddValues(content.value)];
        return values.map((value) => {
          const bytes = withoutDeclaration(instanceOf(model, ROOT, { path: names, value }));
          return { name: `${names.join('/')} ${JSON.stringify(value)}`, bytes };
        });
      });
      expect(documents.length).to.be.greaterThan(5000);
      expect(countProven(schema, documents)).to.be.greaterThan(documents.length * 0.15);
    });

    it('never proves an element repeated more often than it may be', () => {
      const documents = everything.flatMap((source) => {
        const xml = withoutDeclaration(source).toString('utf8');
        return spansOf(xml)
          .filter(({ depth }) => depth > 1)
          .flatMap(({ name, start, end }) =>
            [2, 3, 4, 99, 100].map((times) => {
              const bytes = Buffer.from(xml.slice(0, start) + xml.slice(start, end).repeat(times) + xml.slice(end));
              return { name: `${name} ${times} times`, bytes };
            }),
          );
      });
      expect(countProven(schema, documents)).to.be.greaterThan(100);
    });

    it(`never proves what libxml2 refuses, in ${ROUNDS} damages of bytes`, () => {
      let proven = 0;
      for (const [seed, source] of [declaration, ...everything].entries()) {
        proven += countProven(schema, damages(withoutDeclaration(source), seed, ROUNDS / 5));
      }
      expect(proven).to.be.greaterThan(ROUNDS * 0.02);
    });

    it(`never proves what libxml2 refuses, in ${ROUNDS} mutations of every kind`, () => {
      let proven = 0;
      for (const [seed, source] of [declaration, ...everything].entries()) {
        const plain = withoutDeclaration(source).toString('utf8');
        proven += countProven(schema, mutationsOf(plain, seed, Math.ceil(ROUNDS / 5)));
      }
      expect(proven).to.be.greaterThan(ROUNDS * 0.05);
    });

    it('proves of the windows of a file only those in which the parser finds nothing', async () => {
      const source = aDeclaration({ forms: [{ persons: 5 }, { persons: 4 }], now: new Date(0) });
      const count = Math.ceil(ROUNDS / 8);
      const documents = [...mutationsOf(source, 5, count), ...damages(Buffer.from(source), 6, count)];
      let proven = 0;
      for (const { name, bytes } of documents) {
        const windows = [...(await windowsOf(bytes, 1024, dir)), ...(await windowsOf(bytes, 4096, dir))];
        proven += windows.filter((parcel) => isWindowProven(schema, parcel, name)).length;
      }
      expect(proven).to.be.greaterThan(documents.length);
    });
  });
}

/** Whether the window is proven; it throws when the parser finds something in it. */
function isWindowProven(schema: CompiledSchema, parcel: Parcel, name: string): boolean {
  const view = new Uint8Array(parcel.buffer, 0, parcel.length);
  const { own, unclosed, broken, schemaPath } = parcel;
  if (broken || !schemaPath || !schema.prove?.({ bytes: view, own: own.at, unclosed })) return false;
  const { syntax, findings } = checkWindow(parcel, { ...schema, prove: undefined });
  if (!syntax && findings.length === 0) return true;
  throw new Error(`proven but wrong, ${name}: ${JSON.stringify({ syntax, findings })} ${Buffer.from(view).toString()}`);
}

async function windowsOf(bytes: Buffer, windowBytes: number, dir: string): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  const port = {
    send: async (parcel: Parcel) => {
      parcels.push(parcel);
      return undefined;
    },
    syntaxOnly: () => false,
    stopped: () => false,
  };
  const limits = { findings: 100, anomaliesPerForm: 100, depth: 256 };
  const what = { goal: DMFA, fileDate: '20261122', now: NOW, schemaDirs: [dir], windowBytes, limits };
  await scanFile({ source: { kind: 'bytes', bytes }, ...what }, port, async (path) =>
    readOutline(readFileSync(path, 'utf8')),
  );
  return parcels;
}

describe('the proof of a window', () => {
  proving('with our schema', OWN);
  const reference = process.env['BODE_REFERENCE'];
  if (reference !== undefined) proving("with the authority's schema", reference);
});
