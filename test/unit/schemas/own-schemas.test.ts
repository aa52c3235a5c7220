import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { aDeclaration } from '../../support/declarations.ts';
import { xmllint } from '../../support/xmllint.ts';
import { everyPath, instanceOf } from '../../support/xsd-instances.ts';
import { readXsd } from '../../support/xsd-model.ts';

const OWN = [
  { name: 'DmfAOriginal_20231.xsd', root: 'DmfAOriginal', elements: 240 },
  { name: 'DmfAOriginal_20223.xsd', root: 'DmfAOriginal', elements: 222 },
  { name: 'ACRF_20231.xsd', root: 'ACRF', elements: 14 },
  { name: 'NOTIFICATION_20223.xsd', root: 'NOTIFICATION', elements: 215 },
] as const;

// declared, but no longer part of any block
const WITHDRAWN = [
  ...[
    'DefinitiveNominationDate',
    'Nationality',
    'SIS',
    'WorkerBirthdate',
    'WorkerBirthplace',
    'WorkerBirthplaceCountry',
  ],
  ...[
    'WorkerCity',
    'WorkerCountry',
    'WorkerFirstName',
    'WorkerHouseNbr',
    'WorkerInitial',
    'WorkerName',
    'WorkerPostBox',
  ],
  ...['WorkerSex', 'WorkerStreet', 'WorkerZIPCode'],
];

// an INSS with an apostrophe that is also a number: the interface's schema accepts no value there
const IMPOSSIBLE = ['INSSUser'];

for (const { name, root, elements } of OWN) {
  describe(`our ${name}`, () => {
    const path = fileURLToPath(new URL(`../../../../schemas/xsd/${name}`, import.meta.url));

    it('declares every element of the interface', () => {
      expect(readXsd(path).size).to.equal(elements);
    });

    it('stands alone', () => {
      expect(readFileSync(path, 'utf8')).to.not.match(/<xs:(include|import|redefine)|schemaLocation/);
    });

    it('accepts a document around each of its elements', async () => {
      const model = readXsd(path);
      const paths = everyPath(model, root).filter((names) => !IMPOSSIBLE.some((field) => names.includes(field)));
      const results = await xmllint(
        path,
        paths.map((names) => instanceOf(model, root, { path: names })),
      );
      expect(results.filter(({ valid }) => !valid)).to.deep.equal([]);
    });

    it('has no element outside its root but the withdrawn ones', () => {
      const model = readXsd(path);
      const reached = new Set([root, ...everyPath(model, root).flat()]);
      const outside = [...model.keys()].filter((element) => !reached.has(element)).sort();
      expect(outside).to.deep.equal(root === 'DmfAOriginal' ? WITHDRAWN : []);
    });
  });
}

describe('our DmfA schemas', () => {
  for (const schema of ['DmfAOriginal_20231.xsd', 'DmfAOriginal_20223.xsd']) {
    it(`accept a made declaration of ${schema}`, async () => {
      const path = fileURLToPath(new URL(`../../../../schemas/xsd/${schema}`, import.meta.url));
      const documents = [
        aDeclaration({ schema, forms: [{ persons: 40 }, { persons: 1 }] }),
        aDeclaration({ schema, lineEnds: '\r\n', indent: '' }),
      ];
      expect(await xmllint(path, documents)).to.deep.equal([
        { valid: true, said: '' },
        { valid: true, said: '' },
      ]);
    });
  }
});
