import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileDate, protocolTime } from '../../engine/core/calendar.ts';
import { listMessages } from '../../engine/mailboxes/list.ts';
import { storyOf } from '../../engine/submissions/story.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type Receipt, type TestClient } from '../support/sender.ts';

const today = fileDate(new Date());
const { date, time } = protocolTime(new Date());

const HEADER = (identification: string) => `
    <Identification>${identification}</Identification>
    <FormCreationDate>${date}</FormCreationDate>
    <FormCreationHour>${time}</FormCreationHour>
    <AttestationStatus>0</AttestationStatus>
    <TypeForm>SU</TypeForm>`;

const text = (name: string) => `<xs:element name="${name}" type="xs:string"/>`;
const FIELDS = [
  'Identification',
  'FormCreationDate',
  'FormCreationHour',
  'AttestationStatus',
  'TypeForm',
  'CompanyID',
  'INSS',
];

/** A schema such as an operator would drop in for a goal that is shipped without one. */
const RISK_SCHEMA = `<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="RiskDeclaration"><xs:complexType><xs:sequence>
    <xs:element name="Form" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      ${FIELDS.map(text).join('\n      ')}
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`;

const risk = (inss: string) => `<?xml version="1.0" encoding="UTF-8"?>
<RiskDeclaration xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="RiskDeclaration_20261.xsd">
  <Form>${HEADER('RISK')}
    <CompanyID>0206731645</CompanyID>
    <INSS>${inss}</INSS>
  </Form>
</RiskDeclaration>`;

async function send(client: TestClient, fi: string, go: string, content: string): Promise<Receipt> {
  await client.write(fi, content);
  await client.sign(fi);
  await client.write(go, '');
  await client.sftp(`put ${fi} IN/\nput ${fi.replace('FI', 'FS')} IN/\nput ${go} IN/\n`);
  return eventually(async () => {
    const receipt = (await client.receipts()).get(go);
    if (!receipt) throw new Error(`no receipt for ${go} yet`);
    return receipt;
  });
}

describe('goals that are shipped without a schema', () => {
  const dropped = mkdtempSync(join(tmpdir(), 'bode-schemas-'));
  let engine: TestEngine;
  let client: TestClient;

  before(async () => {
    await writeFile(join(dropped, 'RiskDeclaration_20261.xsd'), RISK_SCHEMA);
    const goals = ['DMFA', 'DMWA', 'DIMN', 'WECH', 'ZIMA', 'AOAT'];
    engine = await startEngine({ config: { schemas: { dirs: [dropped] } }, senders: [{ goals }] });
    client = await openClient(engine);
  });
  after(async () => {
    await engine?.stop();
    await rm(dropped, { recursive: true, force: true });
  });

  for (const goal of ['WECH', 'ZIMA', 'AOAT']) {
    it(`${goal}: works under the legacy name once a schema is there, with the generic checks`, async () => {
      const stem = `${goal}.123456.${today}.00001.R`;
      const good = await send(client, `FI.${stem}`, `GO.${stem}`, risk('85073003328'));
      expect(good.errors).to.deep.equal([]);
      await eventually(async () => {
        const tickets = (await listMessages(engine.db, '0206731645', { limit: 50 })).map(
          ({ message }) => message.ticket,
        );
        expect(tickets).to.include(good.ticket);
      });
      const second = `${goal}.123456.${today}.00002.R`;
      const wrong = await send(client, `FI.${second}.1.1`, `GO.${second}.1`, risk('85073003329'));
      const story = await eventually(async () => {
        const found = await storyOf(engine.db, wrong.ticket);
        expect(found?.forms).to.have.length(1);
        return found;
      });
      expect(story?.forms[0]).to.include({ outcome: 'refused' });
    });
  }

  it('DMWA and DIMN: without their schema the receipt says so', async () => {
    const declaration = risk('85073003328')
      .replaceAll('RiskDeclaration_20261', 'Dimona_20991')
      .replaceAll('RiskDeclaration', 'Dimona');
    for (const goal of ['DMWA', 'DIMN']) {
      const stem = `${goal}.123456.${today}.00001.R`;
      expect((await send(client, `FI.${stem}.1.1`, `GO.${stem}.1`, declaration)).errors).to.deep.equal(['088']);
    }
  });
});
