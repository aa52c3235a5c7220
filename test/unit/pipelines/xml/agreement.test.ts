import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { aDeclaration } from '../../../support/declarations.ts';
import { type Mutation, mutationsOf } from '../../../support/mutations.ts';
import { type XmllintResult, xmllint } from '../../../support/xmllint.ts';
import { type Inspecting, inspecting } from './inspecting.ts';

const MUTATIONS = 408;

function agreeing(title: string, source: () => string, dir: string, schema: string): void {
  describe(title, function () {
    this.timeout(180_000);
    const xml = source();
    const mutations = mutationsOf(xml, 20261122, MUTATIONS);
    let whole: Inspecting;
    let windowed: Inspecting;
    before(() => {
      whole = inspecting({ schemaDirs: [dir] });
      windowed = inspecting({ schemaDirs: [dir], windowBytes: 2048 });
    });
    after(async () => {
      await whole.inspector.stop();
      await windowed.inspector.stop();
    });

    it(`agrees with xmllint on ${MUTATIONS} mutations, in one window and in windows of 2 kB`, async () => {
      const verdicts = await xmllint(
        join(dir, schema),
        mutations.map(({ bytes }) => bytes),
      );
      const differing: string[] = [];
      for (const [index, mutation] of mutations.entries()) {
        const said = verdicts[index];
        if (!(await agrees(whole, mutation, said))) differing.push(`${mutation.name}, whole; ${said?.said}`);
        if (!(await agrees(windowed, mutation, said))) differing.push(`${mutation.name}, windowed; ${said?.said}`);
      }
      expect(differing).to.deep.equal([]);
    });

    it('finds the same codes in one window and in windows of 2 kB', async () => {
      for (const { name, bytes } of mutations) {
        expect(classes(await windowed.codes(bytes)), name).to.deep.equal(classes(await whole.codes(bytes)));
      }
    });
  });
}

/** Whether a missing element comes later (091) or not at all (090) may lie beyond the window. */
function classes(codes: readonly string[]): string[] {
  return codes.map((code) => (code === '091' ? '090' : code));
}

async function agrees({ codes }: Inspecting, mutation: Mutation, said?: XmllintResult): Promise<boolean> {
  const found = await codes(mutation.bytes);
  return (found.length === 0) === said?.valid || (found.includes('138') && isByRule(mutation));
}

/** Encodings that the protocol's channel does not take, whatever a validator thinks of them. */
function isByRule({ kind }: Mutation): boolean {
  return kind === 'utf16' || kind === 'unknownEncoding' || kind === 'badByte';
}

describe('agreement with xmllint --schema', () => {
  const plan = { forms: [{ persons: 5 }, { persons: 4 }], now: new Date('2026-11-22T09:00:00Z') };
  agreeing('on a made-up declaration', () => aDeclaration(plan), 'schemas/xsd', 'DmfAOriginal_20231.xsd');
  const reference = process.env['BODE_REFERENCE'];
  if (reference === undefined) return;
  const sample = () => readFileSync(join(reference, 'DmfAOriginal_20223_1_Corrected.xml'), 'utf8');
  agreeing("on the authority's sample and its schema", sample, reference, 'DmfAOriginal_20223.xsd');
  agreeing("on the authority's sample and our schema", sample, 'schemas/xsd', 'DmfAOriginal_20223.xsd');
});
