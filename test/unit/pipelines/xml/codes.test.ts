import { expect } from 'chai';
import type { InspectGoal } from '../../../../engine/pipelines/xml/inspection.ts';
import { aDeclaration } from '../../../support/declarations.ts';
import { type Inspecting, inspecting } from './inspecting.ts';

type Change = (xml: string) => string | Buffer;

interface Case {
  readonly code: string;
  readonly what: string;
  readonly change: Change;
  readonly goal?: Partial<InspectGoal>;
}

const replace = (from: string | RegExp, to: string) => (xml: string) => xml.replace(from, to);
const latin1 = (xml: string) => Buffer.from(xml, 'latin1');

const CASES: readonly Case[] = [
  { code: '138', what: 'UTF-16', change: (xml) => Buffer.from(`\uFEFF${xml}`, 'utf16le') },
  { code: '138', what: 'an unknown encoding name', change: replace('UTF-8', 'KLINGON-8') },
  { code: '138', what: 'UTF-16 declared in a file of bytes', change: replace('UTF-8', 'UTF-16') },
  { code: '138', what: 'a byte that is not UTF-8', change: (xml) => latin1(xml.replace('BODE-1', 'BODE-\u00e9')) },
  {
    code: '138',
    what: 'a byte that is not US-ASCII',
    change: (xml) => Buffer.from(xml.replace('UTF-8', 'US-ASCII').replace('BODE-1', 'é')),
  },
  { code: '138', what: 'a file that ends within a character', change: (xml) => latin1(`${xml}\u00e9`) },
  { code: '102', what: 'a DOCTYPE', change: replace('<DmfAOriginal', '<!DOCTYPE DmfAOriginal><DmfAOriginal') },
  { code: '102', what: 'an empty file', change: () => '' },
  { code: '102', what: 'no XML', change: () => 'a declaration' },
  { code: '102', what: 'white space', change: () => ' \r\n ' },
  { code: '102', what: 'a truncated file', change: (xml) => xml.slice(0, 5000) },
  { code: '102', what: 'a file cut in a tag', change: (xml) => xml.slice(0, xml.indexOf('<Quarter>') + 4) },
  { code: '102', what: 'a NUL byte', change: replace('BODE-1', 'BODE\0') },
  { code: '102', what: 'a control character', change: replace('BODE-1', 'BODE\u0001') },
  { code: '102', what: 'a wrong end tag', change: replace('</Quarter>', '</Quatrer>') },
  { code: '102', what: 'a missing end tag', change: replace('</NaturalPerson>', '') },
  { code: '102', what: 'a second root', change: (xml) => `${xml}<a/>` },
  { code: '102', what: 'text after the root', change: (xml) => `${xml}text` },
  { code: '102', what: 'an unknown entity', change: replace('BODE-1', '&nbsp;') },
  { code: '102', what: 'an unquoted attribute', change: replace('<Quarter>', '<Quarter a=1>') },
  { code: '102', what: 'an attribute twice', change: replace('<Quarter>', '<Quarter a="1" a="2">') },
  { code: '102', what: 'a "<" in an attribute', change: replace('<Quarter>', '<Quarter a="<">') },
  { code: '102', what: 'an unbound prefix', change: replace('<Quarter>', '<Quarter x:a="1">') },
  { code: '102', what: 'a comment with two dashes', change: replace('<Quarter>', '<!-- a -- b --><Quarter>') },
  { code: '102', what: 'a declaration of an entity', change: replace('<Form>', '<!ENTITY a "b"><Form>') },
  { code: '136', what: 'no schema named', change: replace(/ xsi:noNamespaceSchemaLocation="[^"]*"/, '') },
  { code: '136', what: 'no attributes at the root', change: replace(/<DmfAOriginal[^>]*>/, '<DmfAOriginal>') },
  {
    code: '137',
    what: 'xsi:schemaLocation',
    change: replace(/xsi:noNamespaceSchemaLocation="/, 'xsi:schemaLocation="urn:a '),
  },
  {
    code: '137',
    what: 'an old draft of the standard',
    change: replace('2001/XMLSchema-instance', '1999/XMLSchema-instance'),
  },
  { code: '139', what: 'a default namespace', change: replace('<DmfAOriginal', '<DmfAOriginal xmlns="urn:a"') },
  { code: '088', what: 'a schema of no goal', change: replace('DmfAOriginal_20231.xsd', 'Dimona_20231.xsd') },
  {
    code: '088',
    what: 'a schema that is not here',
    change: replace('DmfAOriginal_20231.xsd', 'DmfAOriginal_20994.xsd'),
  },
  { code: '088', what: 'a path for a name', change: replace('DmfAOriginal_20231.xsd', '../../etc/passwd') },
  { code: '089', what: 'another root', change: (xml) => xml.replaceAll(/(<\/?)DmfAOriginal(?=[ >])/g, '$1DmfA') },
  {
    code: '089',
    what: 'a root that the schema does not declare',
    change: (xml) => xml.replaceAll(/(<\/?)DmfAOriginal(?=[ >])/g, '$1DmfA'),
    goal: { roots: ['*'] },
  },
  { code: '157', what: 'no form', change: replace(/<Form>[\s\S]*<\/Form>/, '') },
  { code: '205', what: 'a block that is no form', change: replace('</Form>', '</Form><Block/>') },
  { code: '205', what: 'a known block that is no form', change: replace('<Form>', '<Reference/><Form>') },
  { code: '090', what: 'a missing element', change: replace(/<Quarter>.*<\/Quarter>/, '') },
  { code: '090', what: 'a missing last element', change: replace(/<ReferenceNbr>.*<\/ReferenceNbr>/, '') },
  { code: '090', what: 'a missing block', change: replace(/<EmployerDeclaration>[\s\S]*<\/EmployerDeclaration>/, '') },
  { code: '090', what: 'one element too many', change: replace(/(<Quarter>.*<\/Quarter>)/, '$1$1') },
  { code: '090', what: 'one block too many', change: replace(/(<Reference>[\s\S]*<\/Reference>)/, '$1$1') },
  {
    code: '091',
    what: 'two elements in the wrong order',
    change: replace(/(<Quarter>.*<\/Quarter>)(\s*)(<NOSS.*<\/NOSS.*>)/, '$3$2$1'),
  },
  {
    code: '091',
    what: 'an element in another block',
    change: replace('<EmployerDeclaration>', '<INSS>50010100156</INSS>$&'),
  },
  { code: '091', what: 'an element in a value', change: replace('<Trusteeship>0', '<Trusteeship><Border>0</Border>') },
  { code: '092', what: 'an unknown element', change: replace('<Quarter>', '<Colour>red</Colour>$&') },
  { code: '092', what: 'a misspelt element', change: (xml) => xml.replaceAll(/(<\/?)Trusteeship>/g, '$1Trusteship>') },
  { code: '092', what: 'an element of another namespace', change: replace('<Quarter>', '<x:Y xmlns:x="urn:x"/>$&') },
  { code: '093', what: 'a text that is too long', change: replace('BODE-1', 'B'.repeat(60)) },
  { code: '093', what: 'too many digits', change: replace(/<INSS>\d+/, '<INSS>500101001560') },
  { code: '255', what: 'a value that is no number', change: replace(/<Trusteeship>0/, '<Trusteeship>no') },
  { code: '255', what: 'a value out of range', change: replace(/<Trusteeship>0/, '<Trusteeship>7') },
  { code: '255', what: 'a value of another pattern', change: replace(/<INSS>\d+/, '<INSS>5001010015') },
  { code: '255', what: 'an attribute', change: replace('<Quarter>', '<Quarter a="1">') },
  { code: '255', what: 'text between elements', change: replace('<Quarter>', 'text<Quarter>') },
  { code: '135', what: 'a form of another type', change: replace('>DMFA<', '>DMFAUPD<') },
  { code: '158', what: "a form that is not the goal's", change: (xml) => xml, goal: { identifications: ['DMFAUPD'] } },
  { code: '172', what: 'too many forms', change: (xml) => xml, goal: { maxForms: 0 } },
];

for (const windowBytes of [256 * 1024, 2048]) {
  describe(`codes of findings, in windows of ${windowBytes} bytes`, () => {
    let engine: Inspecting;
    before(() => {
      engine = inspecting({ windowBytes });
    });
    after(() => engine.inspector.stop());
    const xml = aDeclaration({ forms: [{ persons: 3 }] });

    it('has no findings in a right declaration', async () => {
      expect(await engine.codes(xml)).to.deep.equal([]);
    });
    for (const { code, what, change, goal = {} } of CASES) {
      it(`${code}: ${what}`, async () => {
        const { findings, forms } = await engine.inspect(change(xml), goal);
        expect(JSON.stringify(findings.map((finding) => finding.code))).to.equal(JSON.stringify([code]));
        expect(findings[0]?.detail).to.match(/\S/);
        expect(forms).to.deep.equal([]);
      });
    }
  });
}
