import { expect } from 'chai';
import type { Finding } from '../../../../engine/pipelines/xml/inspection.ts';
import { aDeclaration } from '../../../support/declarations.ts';
import { type Inspecting, inspecting } from './inspecting.ts';

/** Line and column, both from 1, of an offset in a text. */
function placeIn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

function nth(text: string, what: string, count: number): number {
  let at = -1;
  for (let found = 0; found < count; found++) at = text.indexOf(what, at + 1);
  return at;
}

const onOneLine = (xml: string): string => xml.replaceAll(/\n\s*/g, '');

const WRONG = '<INSS>5001010015X</INSS>';
const place = ({ line, column }: Partial<Finding>) => ({ line, column });

for (const windowBytes of [256 * 1024, 16_384, 2048]) {
  describe(`places of findings, in windows of ${windowBytes} bytes`, () => {
    let engine: Inspecting;
    before(() => {
      engine = inspecting({ windowBytes });
    });
    after(() => engine.inspector.stop());

    async function findsWhereItIs(xml: string, encode: (xml: string) => Buffer = Buffer.from): Promise<void> {
      const { findings } = await engine.inspect(encode(xml));
      const places: { line: number; column: number }[] = [];
      for (let at = xml.indexOf(WRONG); at >= 0; at = xml.indexOf(WRONG, at + 1)) places.push(placeIn(xml, at));
      expect(findings.map(place)).to.deep.equal(places);
      expect(places).to.have.length(2);
    }

    function spoilt(xml: string): string {
      const [one, two] = [nth(xml, '<INSS>', 2), nth(xml, '<INSS>', 27)];
      const end = (at: number) => xml.indexOf('</INSS>', at) + 7;
      return xml.slice(0, one) + WRONG + xml.slice(end(one), two) + WRONG + xml.slice(end(two));
    }

    it('are those of the whole file', () => findsWhereItIs(spoilt(aDeclaration({ forms: [{ persons: 30 }] }))));

    it('count lines that end in CR LF', () =>
      findsWhereItIs(spoilt(aDeclaration({ forms: [{ persons: 20 }, { persons: 20 }], lineEnds: '\r\n' }))));

    it('are right in a file of one line', () =>
      findsWhereItIs(spoilt(onOneLine(aDeclaration({ forms: [{ persons: 30 }] })))));

    it('count characters, not bytes', () => {
      const xml = spoilt(onOneLine(aDeclaration({ forms: [{ persons: 30, reference: 'é€ü' }] })));
      return findsWhereItIs(xml.replaceAll('<WorkerRecord>', '<!-- é€ --><WorkerRecord>'));
    });

    it('are right after a byte order mark', () =>
      findsWhereItIs(spoilt(aDeclaration({ forms: [{ persons: 30 }] })), (xml) => Buffer.from(`\uFEFF${xml}`)));

    it('are right in ISO-8859-1', () => {
      const xml = spoilt(onOneLine(aDeclaration({ forms: [{ persons: 30, reference: 'André' }] })));
      const declared = xml.replace('UTF-8', 'ISO-8859-1').replaceAll('<WorkerRecord>', '<!--é-->$&');
      return findsWhereItIs(declared, (text) => Buffer.from(text, 'latin1'));
    });

    it('of a fault of syntax are where the parser stopped', async () => {
      const xml = aDeclaration({ forms: [{ persons: 30 }] });
      const at = nth(xml, '</Occupation>', 25);
      const { findings } = await engine.inspect(`${xml.slice(0, at)}</Occupatoin>${xml.slice(at + 13)}`);
      expect(findings).to.have.length(1);
      expect(findings[0]?.code).to.equal('102');
      expect(findings[0]?.line).to.equal(placeIn(xml, at).line);
    });

    it('of a byte that is not UTF-8 is exact', async () => {
      const xml = aDeclaration({ forms: [{ persons: 30 }] });
      const at = nth(xml, '<Occupation>', 25);
      const bytes = Buffer.concat([Buffer.from(xml.slice(0, at)), Buffer.from([0xff]), Buffer.from(xml.slice(at))]);
      const { findings } = await engine.inspect(bytes);
      expect(findings.map(({ code }) => code)).to.deep.equal(['138']);
      expect(place(findings[0] ?? {})).to.deep.equal(placeIn(xml, at));
    });

    it('of what follows a missing block is that of the element that is not expected', async () => {
      const xml = aDeclaration({ forms: [{ persons: 12 }, { persons: 12 }] });
      const at = nth(xml, '<CompanyID>', 2);
      const { findings } = await engine.inspect(xml.slice(0, at) + xml.slice(xml.indexOf('</CompanyID>', at) + 12));
      expect(findings.map(({ code, element, parent }) => [code, element, parent])).to.deep.equal([
        ['090', 'NetOwedAmount', 'EmployerDeclaration'],
      ]);
      expect(findings[0]?.line).to.equal(placeIn(xml, at).line + 1);
    });
  });
}
