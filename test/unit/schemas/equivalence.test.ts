import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { aDeclaration } from '../../support/declarations.ts';
import { MUTATION_KINDS, mutationsOf } from '../../support/mutations.ts';
import { xmllint } from '../../support/xmllint.ts';
import { everyPath, instanceOf } from '../../support/xsd-instances.ts';
import { readXsd, type XsdModel } from '../../support/xsd-model.ts';
import { edgeValues, oddValues } from '../../support/xsd-values.ts';

const SCHEMAS = [
  { name: 'DmfAOriginal_20231.xsd', root: 'DmfAOriginal' },
  { name: 'DmfAOriginal_20223.xsd', root: 'DmfAOriginal' },
  { name: 'ACRF_20231.xsd', root: 'ACRF' },
  { name: 'NOTIFICATION_20223.xsd', root: 'NOTIFICATION' },
] as const;

const reference = process.env['BODE_REFERENCE'];
if (reference) {
  for (const { name, root } of SCHEMAS) {
    describe(`our ${name} beside the authority's`, function () {
      this.timeout(120_000);
      const ours = fileURLToPath(new URL(`../../../../schemas/xsd/${name}`, import.meta.url));
      const theirs = join(reference, name);

      it('has the same elements, contents and facets', () => {
        expect(plain(readXsd(ours))).to.deep.equal(plain(readXsd(theirs)));
      });

      it('agrees on a document around each element', async () => {
        const model = readXsd(theirs);
        const documents = everyPath(model, root).map((path) => instanceOf(model, root, { path }));
        await expectAgreement(ours, theirs, documents);
      });

      it('agrees on every element as a root', async () => {
        const model = readXsd(theirs);
        await expectAgreement(
          ours,
          theirs,
          [...model.keys()].map((element) => instanceOf(model, element)),
        );
      });

      it('agrees at both sides of every limit of every field', async () => {
        const counts = await expectAgreement(ours, theirs, edgeDocuments(readXsd(theirs), root));
        expect(counts.valid, 'accepted').to.be.at.least(100);
        expect(counts.invalid, 'refused').to.be.at.least(100);
      });

      it('agrees on mutations of full documents', async () => {
        const model = readXsd(theirs);
        const full = [0, 1, 2, 3, 4, 5].map((everything) => instanceOf(model, root, { everything }));
        const documents = full.flatMap((document, seed) => [document, ...changed(document, seed, 6)]);
        await expectAgreement(ours, theirs, documents);
      });
    });
  }

  describe("our DmfA schemas beside the authority's, on declarations", function () {
    this.timeout(120_000);
    for (const schema of ['DmfAOriginal_20231.xsd', 'DmfAOriginal_20223.xsd']) {
      const ours = fileURLToPath(new URL(`../../../../schemas/xsd/${schema}`, import.meta.url));

      it(`agree with ${schema} on the sample declaration and its mutations`, async () => {
        const sample = readFileSync(join(reference, 'DmfAOriginal_20223_1_Corrected.xml'), 'utf8');
        const documents = [sample, ...changed(sample, 1, 20)];
        const counts = await expectAgreement(ours, join(reference, schema), documents);
        expect(counts.valid, 'accepted').to.be.at.least(50);
        expect(counts.invalid, 'refused').to.be.at.least(200);
      });

      it(`agree with ${schema} on a made declaration and its mutations`, async () => {
        const made = aDeclaration({ schema, forms: [{ persons: 20 }, { persons: 2 }], lineEnds: '\r\n' });
        await expectAgreement(ours, join(reference, schema), [made, ...changed(made, 2, 10)]);
      });
    }
  });
}

function changed(document: string, seed: number, rounds: number): Buffer[] {
  return mutationsOf(document, seed, rounds * MUTATION_KINDS.length).map(({ bytes }) => bytes);
}

/** Each field at the limits of its type; odd values once for each type. */
function edgeDocuments(model: XsdModel, root: string): string[] {
  const [fields, types] = [new Set<string>(), new Set<string>()];
  return everyPath(model, root).flatMap((path) => {
    const field = path.at(-1) ?? '';
    const content = model.get(field);
    if (!content || !('value' in content) || isSeen(fields, field)) return [];
    const odd = isSeen(types, JSON.stringify(content.value)) ? [] : oddValues(content.value);
    return [...edgeValues(content.value), ...odd].map((value) => instanceOf(model, root, { path, value }));
  });
}

function isSeen(seen: Set<string>, item: string): boolean {
  const known = seen.has(item);
  seen.add(item);
  return known;
}

/** Facets are sorted by `readXsd`; the order in which the elements are declared means nothing. */
function plain(model: XsdModel): unknown {
  return Object.fromEntries([...model].sort(([a], [b]) => a.localeCompare(b)));
}

async function expectAgreement(ours: string, theirs: string, documents: readonly (string | Buffer)[]) {
  const [own, other] = await Promise.all([xmllint(ours, documents), xmllint(theirs, documents)]);
  const differing = own.flatMap(({ valid, said }, index) =>
    valid === other[index]?.valid
      ? []
      : [{ document: String(documents[index]).slice(0, 2000), ours: said, theirs: other[index]?.said }],
  );
  expect(differing).to.deep.equal([]);
  const valid = own.filter((result) => result.valid).length;
  return { valid, invalid: own.length - valid };
}
