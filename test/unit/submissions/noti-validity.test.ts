import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { buildNoti, type NotiRequest } from '../../../engine/submissions/noti.ts';
import { NASTY_TEXTS } from '../../support/nasty-texts.ts';
import { aForm, aNoti, anAnomaly, FACTS } from '../../support/notifications.ts';
import { xmllint } from '../../support/xmllint.ts';

const OURS = fileURLToPath(new URL('../../../../schemas/xsd/NOTIFICATION_20223.xsd', import.meta.url));

describe('a notification', () => {
  it('is valid whatever the forms hold, by our schema', () => expectValid(OURS)).timeout(60_000);

  const reference = process.env['BODE_REFERENCE'];
  if (reference) {
    it("is valid whatever the forms hold, by the authority's schema", () =>
      expectValid(join(reference, 'NOTIFICATION_20223.xsd'))).timeout(60_000);
  }
});

/** Every field with every nasty text, one at a time. */
function nastyRequests(): NotiRequest[] {
  return NASTY_TEXTS.flatMap((text) => [
    aNoti([aForm()], { fileName: text }),
    ...Object.keys(FACTS)
      .filter((field) => field !== 'reference')
      .map((field) => aNoti([aForm({ facts: { ...FACTS, [field]: text }, anomalies: [anAnomaly()] })])),
    ...['type', 'origin', 'number'].map((field) =>
      aNoti([aForm({ facts: { ...FACTS, reference: { type: '1', origin: '1', number: '1', [field]: text } } })]),
    ),
    ...['errorId', 'tagName', 'value', 'class', 'label', 'location', 'inss', 'naturalPersonSequenceNbr'].map((field) =>
      aNoti([aForm({ anomalies: [anAnomaly({ [field]: text })] })]),
    ),
  ]);
}

/** Numbers and dates around what the schema allows. */
function edgeRequests(): NotiRequest[] {
  const numbers = [
    '0',
    '1',
    '8',
    '9',
    '10',
    '-1',
    '00',
    '199999934',
    '199999935',
    '0199999934',
    '1999999943',
    '1999999944',
  ];
  const others = [
    '5000000120',
    '5999999990',
    '99999926',
    '99999927',
    '00000000000',
    '20031',
    '20030',
    '20035',
    '0000000',
  ];
  const dates = [
    '2024-02-29',
    '2023-02-29',
    '0000-01-01',
    '2022-13-01',
    '24:00:00.000',
    '23:59:59.999',
    '08:45:00x000',
  ];
  const places = [0, -1, 1.5, Number.NaN, Infinity, 999_999_999_999_999, 1e15, 2 ** 53].map((place) =>
    aNoti([aForm({ anomalies: [anAnomaly({ line: place, column: place })] })]),
  );
  const fields = Object.keys(FACTS).filter((field) => field !== 'reference');
  const values = [...numbers, ...others, ...dates].flatMap((value) => [
    ...[...fields, 'localAuthorityNumber'].map((field) => aNoti([aForm({ facts: { ...FACTS, [field]: value } })])),
    aNoti([aForm({ anomalies: [anAnomaly({ inss: value, naturalPersonSequenceNbr: value })] })]),
    aNoti([aForm({ facts: { ...FACTS, reference: { type: value, origin: value, number: value } } })]),
  ]);
  return [...places, ...values];
}

async function expectValid(schema: string): Promise<void> {
  const documents = [...nastyRequests(), ...edgeRequests()].map(buildNoti);
  const refused = (await xmllint(schema, documents)).filter(({ valid }) => !valid);
  expect(refused).to.deep.equal([]);
}
