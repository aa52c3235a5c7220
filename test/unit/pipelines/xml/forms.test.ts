import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { aDeclaration, enterpriseNumberOf, nssoNumberOf } from '../../../support/declarations.ts';
import { type Inspecting, inspecting } from './inspecting.ts';

const SCHEMA = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Request"><xs:complexType><xs:sequence>
    <xs:element name="Form" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="Identification" type="xs:string"/>
      <xs:element name="FormCreationDate" type="xs:date"/>
      <xs:element name="Employer" minOccurs="0"><xs:complexType><xs:sequence>
        <xs:element name="NOSSLPARegistrationNbr" type="xs:integer"/>
        <xs:element name="CompanyID" type="xs:integer"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="List" minOccurs="0"><xs:complexType><xs:choice minOccurs="0" maxOccurs="unbounded">
        <xs:element name="A" type="xs:string"/><xs:element name="B" type="xs:string"/>
      </xs:choice></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`;

const aRequest = (forms: string): string =>
  `<Request xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="R_20231.xsd">${forms}</Request>`;
const header = '<Identification>REQ</Identification><FormCreationDate>2026-11-01</FormCreationDate>';

for (const windowBytes of [256 * 1024, 2048]) {
  describe(`forms of a declaration, in windows of ${windowBytes} bytes`, () => {
    let engine: Inspecting;
    before(() => {
      engine = inspecting({ windowBytes });
    });
    after(() => engine.inspector.stop());

    it('are told with their header, employer and bytes', async () => {
      const now = new Date('2026-11-20T10:00:00.5Z');
      const xml = aDeclaration({ now, forms: [{ persons: 3 }, { persons: 6 }, { persons: 1 }] });
      const { forms, root, schema, prologue, epilogue } = await engine.inspect(xml);
      expect([root, schema]).to.deep.equal(['DmfAOriginal', 'DmfAOriginal_20231.xsd']);
      expect(forms).to.have.length(3);
      const bytes = Buffer.from(xml);
      for (const [at, form] of forms.entries()) {
        const text = bytes.subarray(form.start, form.end).toString();
        expect(text.startsWith('<Form>') && text.endsWith('</Form>') && text.includes(`BODE-${at + 1}<`)).to.equal(
          true,
        );
        expect(form.line).to.equal(xml.slice(0, form.start).split('\n').length);
        expect(form).to.deep.include({
          ...{ index: at + 1, identification: 'DMFA', typeForm: 'SU', attestationStatus: '0', quarter: '20231' },
          ...{ creationDate: '2026-11-20', creationHour: '11:00:00.500', nssoNumber: nssoNumberOf(at) },
          ...{ companyId: enterpriseNumberOf(at), anomalies: [], anomaliesTotal: 0, blocking: false },
          reference: { type: '1', origin: '1', number: `BODE-${at + 1}` },
        });
      }
      expect(prologue).to.deep.equal({ start: 0, end: forms[0]?.start });
      expect(epilogue).to.deep.equal({ start: forms[2]?.end, end: bytes.length });
    });

    it('are told in bytes of the file also after a byte order mark and in ISO-8859-1', async () => {
      const xml = aDeclaration({ forms: [{ reference: 'André &amp; Zoë' }, {}] });
      const marked = Buffer.from(`\uFEFF${xml}`);
      const latin = Buffer.from(xml.replace('UTF-8', 'iso-8859-1'), 'latin1');
      for (const bytes of [marked, latin]) {
        const { forms } = await engine.inspect(bytes);
        expect(forms[0]?.reference?.number).to.equal('André & Zoë');
        expect(forms.map(({ start }) => bytes.toString('latin1', start, start + 6))).to.deep.equal([
          '<Form>',
          '<Form>',
        ]);
        expect(forms.map(({ end }) => bytes.toString('latin1', end - 7, end))).to.deep.equal(['</Form>', '</Form>']);
      }
    });

    it('have values as a schema reads them: references, CDATA and comments resolved, white space taken off', async () => {
      const xml = aDeclaration({ forms: [{ companyId: '0206731645' }] })
        .replace('<CompanyID>0206731645', '<CompanyID>\n 02067<!-- no -->31<![CDATA[64]]>&#53; ')
        .replace('BODE-1', 'a<?b c?>&lt;&#x62;');
      const { forms } = await engine.inspect(xml);
      expect(forms[0]?.companyId).to.equal('0206731645');
      expect(forms[0]?.reference?.number).to.equal('a<b');
    });

    it('have no company when its number is 0, and its zero when it has nine digits', async () => {
      const { forms } = await engine.inspect(aDeclaration({ forms: [{ companyId: '0' }, { companyId: '206731645' }] }));
      expect(forms.map(({ companyId }) => companyId)).to.deep.equal([undefined, '0206731645']);
    });
  });
}

describe('forms of another goal', () => {
  let engine: Inspecting;
  let folder: string;
  const goal = { code: 'REQS', roots: ['*'], schemas: ['*_{quarter}.xsd'], identifications: ['*'] };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bode-forms-'));
    await writeFile(join(folder, 'R_20231.xsd'), SCHEMA);
    engine = inspecting({ schemaDirs: ['schemas/xsd', folder], windowBytes: 4096 });
  });
  after(async () => {
    await engine.inspector.stop();
    await rm(folder, { recursive: true });
  });

  it('take the employer where its numbers first stand', async () => {
    const numbers = '<NOSSLPARegistrationNbr>2130057</NOSSLPARegistrationNbr><CompanyID>206731645</CompanyID>';
    const { forms, findings } = await engine.inspect(
      aRequest(`<Form>${header}<Employer>${numbers}</Employer></Form><Form>${header}</Form>`),
      goal,
    );
    expect(findings).to.deep.equal([]);
    expect(forms[0]).to.deep.include({
      identification: 'REQ',
      localAuthorityNumber: '2130057',
      companyId: '0206731645',
    });
    expect(forms[1]).not.to.have.any.keys('localAuthorityNumber', 'companyId', 'nssoNumber', 'quarter', 'reference');
  });

  it('keep no more than 1,000 characters of a value', async () => {
    const long = header.replace('>REQ<', `>${'R'.repeat(50_000)}<`);
    const { forms, findings } = await engine.inspect(aRequest(`<Form>${long}</Form>`), goal);
    expect(findings).to.deep.equal([]);
    expect(forms[0]?.identification).to.equal('R'.repeat(1000));
  });

  it('may come by thousands', async () => {
    const many = `<Form>${header}</Form>\n`.repeat(5000);
    const { forms, findings } = await engine.inspect(aRequest(many), { ...goal, maxForms: 5000 });
    expect(findings).to.deep.equal([]);
    expect(forms).to.have.length(5000);
    expect(await engine.codes(aRequest(many), { ...goal, maxForms: 4999 })).to.deep.equal(['172']);
  });

  it('cannot be processed when a unit that cannot be split is too large', async () => {
    const list = '<A>0123456789</A><B>0123456789</B>'.repeat(300_000);
    const request = aRequest(`<Form>${header}</Form><Form>${header}<List>${list}</List></Form>`);
    const { findings } = await engine.inspect(request, goal);
    expect(findings.map(({ code, element, line }) => [code, element, line])).to.deep.equal([['163', 'Form', 1]]);
    expect(await engine.codes(request.replace(/<\/Request>$/, '<Request>'), goal)).to.deep.equal(['102']);
    expect(await engine.codes(request.replace('2026-11-01', '2026-11-31'), goal)).to.deep.equal(['255']);
  }).timeout(60_000);
});
