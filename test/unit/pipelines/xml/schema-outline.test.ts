import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readOutline, type SchemaOutline } from '../../../../engine/pipelines/xml/schema-outline.ts';
import { aDeclaration } from '../../../support/declarations.ts';
import { inspecting } from './inspecting.ts';

function outline(content: string): SchemaOutline {
  const read = readOutline(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${content}</xs:schema>`);
  if (!read) throw new Error('not a schema');
  return read;
}

const parent = (model: string) => `<xs:element name="P"><xs:complexType>${model}</xs:complexType></xs:element>`;
const rule = (model: string, more = '') =>
  outline(parent(model) + more)
    .children.get('P')
    ?.get('C');
const C = '<xs:element name="C" type="xs:string" maxOccurs="unbounded"/>';

describe('outline of a schema', () => {
  it('knows which children of a DmfA repeat without limit', () => {
    const read = readOutline(readFileSync('schemas/xsd/DmfAOriginal_20231.xsd', 'utf8'));
    const repeats = (of: string, child: string) => read?.children.get(of)?.get(child)?.repeats;
    expect(repeats('DmfAOriginal', 'Form')).to.equal(true);
    expect(repeats('EmployerDeclaration', 'NaturalPerson')).to.equal(true);
    expect(repeats('EmployerDeclaration', 'ContributionUnrelatedToNP')).to.equal(true);
    expect(repeats('WorkerRecord', 'WorkerDeduction')).to.equal(true);
    expect(repeats('WorkerRecord', 'WorkerContribution'), 'one branch allows one only').to.equal(false);
    expect(repeats('OccupationPublicServiceData', 'ScaleSalary')).to.equal(false);
    expect(repeats('Form', 'Reference')).to.equal(false);
    expect(read?.splittable).to.equal(true);
  });

  it('counts how often a child may come', () => {
    const two = '<xs:element name="C" type="xs:string" maxOccurs="2"/>';
    expect(rule(`<xs:sequence>${two}</xs:sequence>`)).to.deep.equal({ position: 0, max: 2, repeats: false });
    expect(rule(`<xs:sequence maxOccurs="3">${two}</xs:sequence>`)?.max).to.equal(6);
    expect(rule(`<xs:sequence><xs:element name="B" type="xs:string"/>${two}</xs:sequence>`)?.position).to.equal(1);
  });

  it('takes a run for a repetition only when its length says nothing', () => {
    expect(rule(`<xs:sequence>${C}</xs:sequence>`)?.repeats).to.equal(true);
    expect(rule(`<xs:sequence>${C.replace('max', 'minOccurs="0" max')}</xs:sequence>`)?.repeats).to.equal(true);
    expect(rule(`<xs:sequence>${C.replace('max', 'minOccurs="2" max')}</xs:sequence>`)?.repeats).to.equal(false);
    expect(rule(`<xs:sequence maxOccurs="2">${C}</xs:sequence>`)?.repeats).to.equal(false);
    expect(rule(`<xs:sequence><xs:element name="C" type="xs:string"/>${C}</xs:sequence>`)?.repeats).to.equal(false);
    expect(rule(`<xs:sequence>${C}<xs:any/></xs:sequence>`)?.repeats).to.equal(false);
  });

  it('follows named types, extensions and groups', () => {
    const type = `<xs:complexType name="T"><xs:sequence>${C}</xs:sequence></xs:complexType>`;
    const group = `<xs:group name="G"><xs:sequence>${C}</xs:sequence></xs:group>`;
    const extended = '<xs:complexContent><xs:extension base="T"><xs:sequence/></xs:extension></xs:complexContent>';
    expect(rule(extended, type)?.repeats).to.equal(true);
    expect(rule('<xs:sequence><xs:group ref="G"/></xs:sequence>', group)?.repeats).to.equal(true);
    expect(outline(`<xs:element name="P" type="T"/>${type}`).children.get('P')?.get('C')?.repeats).to.equal(true);
  });

  it('lets nothing be left out where distant places are compared', () => {
    expect(outline(parent(`<xs:sequence>${C}</xs:sequence>`)).splittable).to.equal(true);
    const unique = '<xs:unique name="u"><xs:selector xpath="C"/><xs:field xpath="."/></xs:unique>';
    expect(outline(`<xs:element name="P">${unique}</xs:element>`).splittable).to.equal(false);
    expect(outline('<xs:element name="C" type="xs:ID"/>').splittable).to.equal(false);
  });

  it('is nothing when the text is no schema', () => {
    for (const text of ['', 'schema', '<a/>', '<!-- <xs:schema/> -->']) expect(readOutline(text)).to.equal(undefined);
  });
});

describe('a limit in the schema', () => {
  it('holds over the ends of windows', async () => {
    const engine = inspecting({ windowBytes: 2048 });
    const detail = '<DeductionDetail><DeductionDetailSequenceNbr>0001</DeductionDetailSequenceNbr></DeductionDetail>';
    const deduction = (details: number) =>
      `<WorkerDeduction><DeductionCode>3000</DeductionCode><DeductionAmount>0</DeductionAmount>${detail.repeat(details)}</WorkerDeduction>`;
    const xml = (details: number) =>
      aDeclaration({ forms: [{ persons: 1 }] })
        .replace(/<WorkerDeduction>[\s\S]*<\/WorkerDeduction>/, '')
        .replace('</WorkerRecord>', `${deduction(details)}</WorkerRecord>`);
    try {
      expect(await engine.codes(xml(99))).to.deep.equal([]);
      expect(await engine.codes(xml(100))).to.deep.equal(['090']);
    } finally {
      await engine.inspector.stop();
    }
  });
});
