import { expect } from 'chai';
import { RECEIPT_CODES } from '../../engine/submissions/receipt-codes.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type Receipt } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { prepareRefusal, REFUSALS, type Refusal, zipRefusals } from './refusals.ts';

const likeDmfa = {
  roots: ['DmfAOriginal'],
  schemas: ['DmfAOriginal_{quarter}.xsd'],
  identifications: ['DMFA'],
};

const GOALS = {
  NUMR: { ...likeDmfa, sequence: 'numeric' },
  FEWP: { ...likeDmfa, maxParts: 2 },
  NOSG: { ...likeDmfa, signature: { R: 'forbidden' } },
  NOTS: { ...likeDmfa, channels: ['webservice'] },
  TINY: { ...likeDmfa, maxFileBytes: '1KiB' },
  SLIM: { ...likeDmfa, maxSetBytes: '5KiB' },
  OTHR: { ...likeDmfa, identifications: ['DMFX'] },
  ONEF: { ...likeDmfa, maxForms: 1 },
};

const goals = ['DMFA', ...Object.keys(GOALS)];
const SENDERS = [
  { goals },
  { number: '200001', login: 'suspended', state: 'suspended' },
  { number: '200002', login: 'mandated', mandates: [{ employer: '0206731645' }] },
  { number: '200003', login: 'ended', mandates: [{ employer: '0403019261', until: '2020-12-31' }] },
  { number: '200004', login: 'uncertified', certificates: ['pki/other-sender.pem'] },
];

/** Sends every refusal, a session for each sender, and waits for all receipts. */
async function sendAll(engine: TestEngine, refusals: readonly Refusal[]): Promise<Map<string, Receipt>> {
  const receipts = new Map<string, Receipt>();
  const logins = [...new Set(refusals.map(({ login }) => login ?? 'voorbeeld'))];
  for (const login of logins) {
    const client = await openClient(engine, login);
    const own = refusals.filter((refusal) => (refusal.login ?? 'voorbeeld') === login);
    const batch: string[] = [];
    for (const refusal of own) batch.push(await prepareRefusal(client, refusal));
    await client.sftp(`${batch.join('\n')}\n`);
    await eventually(async () => {
      for (const folder of ['OUT', 'OUTTEST']) {
        for (const [name, receipt] of await client.receipts(folder)) receipts.set(name, receipt);
      }
      for (const { go, what } of own) expect(receipts.has(go), `${what}: a receipt for ${go}`).to.equal(true);
    }, 60_000);
  }
  return receipts;
}

function suite(broker: string, brokerUrl: string): void {
  describe(`every receipt code, one submission each, over SFTP (${broker})`, () => {
    let engine: TestEngine;
    let refusals: readonly Refusal[];
    let receipts: Map<string, Receipt>;

    before(async function () {
      this.timeout(180_000);
      engine = await startEngine({ brokerUrl, config: { goals: GOALS }, senders: SENDERS });
      refusals = [...REFUSALS, ...(await zipRefusals())];
      receipts = await sendAll(engine, refusals);
    });
    after(() => engine?.stop());

    for (const { code, what, go } of [...REFUSALS, { code: '281', what: 'a ZIP with two files', go: '' }]) {
      it(`${code}: ${what}`, () => {
        const name = go || (refusals.find((refusal) => refusal.code === '281')?.go ?? '');
        expect(receipts.get(name)).to.include({ resultCode: '0' });
        expect(receipts.get(name)?.errors).to.deep.equal([code]);
      });
    }

    it('277: a set that is cancelled before its GO, and its files are gone from IN', async () => {
      const client = await openClient(engine);
      const stem = `DMFA.123456.${REFUSALS[0]?.go.split('.')[3]}.00001.R`;
      await client.write(`FI.${stem}.1.1`, aDeclaration());
      await client.write(`TD.${stem}.1`, '');
      await client.sftp(`put FI.${stem}.1.1 IN/\nput TD.${stem}.1 IN/\n`);
      await eventually(async () => {
        const receipt = (await client.receipts()).get(`TD.${stem}.1`);
        expect(receipt?.errors).to.deep.equal(['277']);
      });
      expect(await client.sftp('ls -1 IN\n')).to.not.include(stem);
    });

    it('133: the same name with other content; the same content again has the same ticket', async () => {
      const client = await openClient(engine);
      const stem = `DMFA.123456.${REFUSALS[0]?.go.split('.')[3]}.00002.R`;
      const [fi, fs, go] = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
      const send = async (content: string) => {
        await client.write(fi, content);
        await client.sign(fi);
        await client.write(go, '');
        await client.sftp(`put ${fi} IN/\nput ${fs} IN/\nput ${go} IN/\n`);
      };
      const first = aDeclaration({ forms: [{ persons: 1 }] });
      await send(first);
      const receipt = await eventually(async () => {
        const found = (await client.receipts()).get(go);
        expect(found).to.include({ resultCode: '1' });
        return found as Receipt;
      });
      await send(aDeclaration({ forms: [{ persons: 2 }] }));
      await eventually(async () => {
        const files = (await client.fetched()).names;
        const all = await Promise.all(
          files.filter((name) => name.startsWith('FO.ACRF')).map((name) => engineErrors(engine, name)),
        );
        expect(all.filter((errors) => errors.includes('133'))).to.have.length(1);
      });
      await client.sftp('rm OUT/*\n');
      await send(first);
      await eventually(async () => {
        const again = (await (await openClient(engine)).receipts()).get(go);
        expect(again).to.deep.equal(receipt);
      });
    });

    it('covers every code of the catalogue', () => {
      // 130 needs a short patience (expired-set.test.ts), 163 a unit that is too large or work that is given up (unit tests)
      const shown = new Set([...refusals.map(({ code }) => code), '133', '277', '130', '163']);
      expect(Object.keys(RECEIPT_CODES).filter((code) => !shown.has(code))).to.deep.equal([]);
    });
  });
}

async function engineErrors(engine: TestEngine, file: string): Promise<string[]> {
  const row = await engine
    .db('deliveries')
    .where({ stem: file.slice(3) })
    .first();
  const submission = row && (await engine.db('submissions').where({ ticket: row.ticket }).first());
  return submission ? JSON.parse(submission.errors).map(({ code }: { code: string }) => code) : [];
}

suite('embedded', 'embedded');
const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) suite('RabbitMQ', rabbit ?? 'amqp://TEST_AMQP_URL-is-missing');
