import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import { type AcrfRequest, buildAcrf } from '../../../engine/submissions/acrf.ts';
import { NASTY_TEXTS } from '../../support/nasty-texts.ts';
import { xmllint } from '../../support/xmllint.ts';

const OURS = fileURLToPath(new URL('../../../../schemas/xsd/ACRF_20231.xsd', import.meta.url));

function anAcrf(changes: Partial<AcrfRequest> = {}): AcrfRequest {
  return {
    now: new Date('2026-03-01T21:04:05.067Z'),
    fileName: 'GO.DMFA.123456.20260301.00001.R.1',
    ticket: '03804UDVFMW3Z',
    resultCode: 1,
    errors: [],
    typeForm: 'FA',
    ...changes,
  };
}

function read(document: Buffer) {
  const parser = new XMLParser({
    ignoreAttributes: false,
    parseTagValue: false,
    isArray: (name) => name === 'ErrorID',
  });
  return parser.parse(document.toString('utf8')).ACRF;
}

describe('a receipt', () => {
  it('says what was received, when, and under which ticket', () => {
    const form = read(buildAcrf(anAcrf())).Form;
    expect(form).to.deep.equal({
      Identification: 'ACRF001',
      FormCreationDate: '2026-03-01',
      FormCreationHour: '22:04:05.067',
      AttestationStatus: '0',
      TypeForm: 'FA',
      FileReference: {
        FileName: 'GO.DMFA.123456.20260301.00001.R.1',
        ReferenceOrigin: '2',
        ReferenceNbr: '03804UDVFMW3Z',
      },
      ReceptionResult: { ResultCode: '1' },
    });
  });

  it('names every error of a refusal, in order', () => {
    const form = read(buildAcrf(anAcrf({ resultCode: 0, errors: ['088', '172'], typeForm: 'PA' }))).Form;
    expect(form.ReceptionResult).to.deep.equal({ ResultCode: '0', ErrorID: ['ACRF-088', 'ACRF-172'] });
    expect(form.TypeForm).to.equal('PA');
  });

  it('is UTF-8 that names its schema', () => {
    const text = buildAcrf(anAcrf({ fileName: 'FI.é' })).toString('utf8');
    expect(text).to.match(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<ACRF /);
    expect(text).to.contain('xsi:noNamespaceSchemaLocation="ACRF_20231.xsd"');
    expect(text).to.contain('<FileName>FI.é</FileName>');
  });

  it('keeps a hostile file name in one element, on one line', () => {
    const form = read(buildAcrf(anAcrf({ fileName: '</FileName><x a="1">&\r\n\0]]>' }))).Form;
    expect(form.FileReference.FileName).to.equal('</FileName><x a="1">&???]]>');
  });

  it('has a file name even when none came', () => {
    expect(read(buildAcrf(anAcrf({ fileName: '' }))).Form.FileReference.FileName).to.equal('?');
  });

  it('is valid whatever the file name holds, by our schema', () => expectValid(OURS));

  const reference = process.env['BODE_REFERENCE'];
  if (reference) {
    it("is valid whatever the file name holds, by the authority's schema", () =>
      expectValid(join(reference, 'ACRF_20231.xsd')));
  }
});

async function expectValid(schema: string): Promise<void> {
  const documents = NASTY_TEXTS.flatMap((fileName) => [
    buildAcrf(anAcrf({ fileName })),
    buildAcrf(anAcrf({ fileName, resultCode: 0, errors: ['107', '125', '153'], typeForm: 'PA' })),
  ]);
  const refused = (await xmllint(schema, documents)).filter(({ valid }) => !valid);
  expect(refused).to.deep.equal([]);
}
