import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { aDeclaration, writeDeclaration } from '../../../support/declarations.ts';
import { DMFA, type Inspecting, inspecting, NOW } from './inspecting.ts';

const MiB = 1024 * 1024;

describe('hostile declarations', () => {
  let engine: Inspecting;
  let small: Inspecting;
  const xml = aDeclaration({ forms: [{ persons: 8 }] });
  before(() => {
    engine = inspecting();
    small = inspecting({ windowBytes: 2048 });
  });
  after(async () => {
    await engine.inspector.stop();
    await small.inspector.stop();
  });

  async function bothFind(document: string | Buffer, codes: readonly string[]): Promise<void> {
    expect(await engine.codes(document)).to.deep.equal(codes);
    expect(await small.codes(document)).to.deep.equal(codes);
  }

  it('with an entity bomb are refused before a parser sees them', async () => {
    const bomb = ['<!ENTITY a "aaaaaaaaaa">', '<!ENTITY b "&a;&a;&a;&a;&a;&a;">', '<!ENTITY c "&b;&b;&b;&b;&b;">'];
    const doctype = `<!DOCTYPE DmfAOriginal [${bomb.join('')}]>`;
    const { findings } = await engine.inspect(xml.replace('<DmfAOriginal', `${doctype}<DmfAOriginal`));
    expect(findings.map(({ code, line, column }) => [code, line, column])).to.deep.equal([['102', 2, 1]]);
    expect(findings[0]?.detail).to.include('DOCTYPE');
  });

  it('with an external entity are refused, in any place and spelling', async () => {
    await bothFind(xml.replace('<DmfAOriginal', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><DmfAOriginal'), ['102']);
    await bothFind(xml.replace('<Form>', '<!DOCTYPE a><Form>'), ['102']);
    await bothFind(xml.replace('<DmfAOriginal', '<!doctype a><DmfAOriginal'), ['102']);
    await bothFind(`<!-- a --><?b c?><!DOCTYPE a>${xml.slice(xml.indexOf('<DmfA'))}`, ['102']);
  });

  it('take the words of a DOCTYPE in a comment or CDATA for what they are', async () => {
    await bothFind(xml.replace('<Form>', '<!-- <!DOCTYPE a> --><Form>'), []);
    await bothFind(xml.replace('BODE-1', '<![CDATA[<!DOCTYPE a>]]>'), []);
  });

  it('100,000 levels deep are refused at the limit', async () => {
    const deep = xml.replace('<Reference>', `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}<Reference>`);
    await bothFind(deep, ['102']);
    const { findings } = await engine.inspect(deep);
    expect(findings[0]?.detail).to.include('256');
  });

  it('end where they end: every truncation is a fault of syntax', async () => {
    const end = xml.lastIndexOf('>');
    for (let length = 0; length <= end; length += 97) {
      expect(await small.codes(xml.slice(0, length)), `${length} bytes`).to.deep.equal(['102']);
    }
  });

  it('hide no tags in comments, CDATA, instructions and attributes', async () => {
    for (const hidden of ['<!-- </NaturalPerson> -->', '<?x </NaturalPerson> ?>', '<!-- <NaturalPerson a="> -->']) {
      await bothFind(xml.replaceAll('<WorkerRecord>', `${hidden}<WorkerRecord>`), []);
      await bothFind(xml.replaceAll('</NaturalPerson>', `</NaturalPerson >${hidden}\n`), []);
    }
    await bothFind(xml.replace('BODE-1', '<![CDATA[</Form>]]>&lt;/Form>'), []);
    await bothFind(xml.replace('<Form>', '<Form a="/>">'), ['255']);
  });

  it('give other names to the same namespaces in vain', async () => {
    await bothFind(xml.replaceAll('xmlns:xsi', 'xmlns:i').replaceAll('xsi:no', 'i:no'), []);
    await bothFind(
      xml.replaceAll(/(<\/?)NaturalPerson>/g, '$1x:NaturalPerson>').replace('<Form>', '<Form xmlns:x="urn:x">'),
      ['092'],
    );
    await bothFind(xml.replace('<NaturalPerson>', '<NaturalPerson xmlns="">'), []);
    await bothFind(xml.replace('<EmployerDeclaration>', '<EmployerDeclaration xmlns="urn:x">'), ['092']);
  });

  it('may be written on one line, with empty elements, odd spaces and empty comments', async () => {
    await bothFind(xml.replaceAll(/\n\s*/g, ''), []);
    await bothFind(xml.replaceAll('</Quarter>', '</Quarter\n\t>').replaceAll('<INSS>', '<INSS >'), []);
    await bothFind(xml.replaceAll(/<INSS>(\d{5})/g, '<INSS>$1<!----><?a?>'), []);
    await bothFind(`${xml}\n<!-- end -->\n<?end?>\n\n`, []);
  });

  it('with a huge text or a huge comment are refused in bounded memory', async () => {
    await bothFind(xml.replace('BODE-1', 'B'.repeat(12 * MiB)), ['102']);
    await bothFind(xml.replace('BODE-1', 'B'.repeat(MiB)), ['093']);
    await bothFind(xml.replace('<Form>', `<!--${'-+'.repeat(6 * MiB)}--><Form>`), ['102']);
    await bothFind(`${' '.repeat(12 * MiB)}${xml}`, ['102']);
  });

  it('with a unit too large to be checked are refused as not processable', async () => {
    const many = '<DeductionDetail><DeductionDetailSequenceNbr>0001</DeductionDetailSequenceNbr></DeductionDetail>';
    const at = xml.indexOf('<Reference>');
    const codes = await engine.codes(`${xml.slice(0, at)}<x>${many.repeat(100_000)}</x>${xml.slice(at)}`);
    expect(codes).to.deep.equal(['092']);
  });

  it('with more faults than are kept give those and their number', async () => {
    const few = inspecting({ findings: 5, windowBytes: 4096 });
    const wrong = aDeclaration({ forms: [{ persons: 60 }] }).replaceAll(/<INSS>\d/g, '<INSS>X');
    const { findings, findingsTotal } = await few.inspect(wrong);
    expect(findings.map(({ code }) => code)).to.deep.equal(['255', '255', '255', '255', '255']);
    expect(findingsTotal).to.be.at.least(5);
    expect(await few.codes(`${wrong}<`)).to.deep.equal(['102']);
    await few.inspector.stop();
  });

  it('show no INSS number in a finding', async () => {
    const { findings } = await engine.inspect(xml.replace(/<WorkerCode>\d+/, '<WorkerCode>50010100156'));
    expect(findings).to.have.length(1);
    expect(JSON.stringify(findings)).not.to.match(/\d{11}/);
    const short = await engine.inspect(xml.replace(/<INSS>\d+/, '<INSS>5001010015'));
    expect(JSON.stringify(short.findings)).not.to.match(/\d{6}/);
  });

  it('do not stop the next one', async () => {
    const bad = [Buffer.from([0xff, 0xfe]), '', '<', 'x'.repeat(100_000), xml.slice(0, 3000)];
    const answers = await Promise.all([...bad, xml, ...bad, xml].map((document) => small.codes(document)));
    expect(answers[5]).to.deep.equal([]);
    expect(answers[11]).to.deep.equal([]);
  });

  it('can be given up half-way, and the next one is inspected', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bode-xml-'));
    try {
      const path = join(folder, 'large.xml');
      const { bytes: size } = await writeDeclaration(path, { bytes: 20 * MiB });
      const abort = new AbortController();
      const source = { kind: 'file', path, size } as const;
      const request = { source, goal: DMFA, fileDate: '20261122', now: NOW, signal: abort.signal };
      const running = engine.inspector.inspect(request);
      setTimeout(() => abort.abort(new Error('given up')), 50);
      const outcome = await running.then(
        () => 'finished',
        (error: Error) => error.message,
      );
      expect(outcome).to.equal('given up');
      expect(await engine.codes(xml)).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('that are not there reject as a missing blob', async () => {
    const source = { kind: 'file', path: join(tmpdir(), 'bode-no-such-file'), size: 1 } as const;
    const signal = new AbortController().signal;
    const request = { source, goal: DMFA, fileDate: '20261122', now: NOW, signal };
    const outcome = await engine.inspector.inspect(request).catch((error: { code: string }) => error.code);
    expect(outcome).to.equal('blob_missing');
  });
});

describe('a schema that cannot be used', () => {
  for (const [what, text] of Object.entries({
    'is no XML': 'a schema',
    'is no schema': '<a/>',
    'does not compile':
      '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="DmfAOriginal" type="Nowhere"/></xs:schema>',
    'is empty': '',
  })) {
    it(`is a finding 255 when it ${what}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bode-xsd-'));
      const engine = inspecting({ schemaDirs: [folder] });
      try {
        await writeFile(join(folder, 'DmfAOriginal_20231.xsd'), text);
        expect(await engine.codes(aDeclaration())).to.deep.equal(['255']);
      } finally {
        await engine.inspector.stop();
        await rm(folder, { recursive: true });
      }
    });
  }
});
