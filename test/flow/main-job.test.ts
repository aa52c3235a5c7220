import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import { fileDate } from '../../engine/core/calendar.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { listMessages } from '../../engine/mailboxes/list.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { storyOf } from '../../engine/submissions/story.ts';
import { listSubmissions } from '../../engine/submissions/submissions.ts';
import { createTestDatabase, type StoreKind, type TestDatabase } from '../support/database.ts';
import { aDeclaration, inssOf } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type Receipt, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { zipOf } from './refusals.ts';

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => ['Form', 'AnomalyReport'].includes(name) });
const EMPLOYERS = ['0206731645', '0403019261', '0884303369'] as const;

let sequence = 0;
function nextStem(environment = 'R', goal = 'DMFA'): string {
  sequence += 1;
  return `${goal}.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.${environment}`;
}

interface Sending {
  readonly stem?: string;
  readonly folder?: string;
  readonly sign?: boolean;
  /** The order in which the files of the parts go. */
  readonly order?: (names: readonly string[]) => readonly string[];
}

/** Puts the parts, their signatures and the GO; gives the name of the GO. */
async function send(client: TestClient, parts: readonly (string | Buffer)[], options: Sending = {}): Promise<string> {
  const { stem = nextStem(), folder = 'IN', sign = true, order = (names) => names } = options;
  const names: string[] = [];
  for (const [index, content] of parts.entries()) {
    const rest = `${stem}.${parts.length}.${index + 1}`;
    await client.write(`FI.${rest}`, content);
    if (sign) await client.sign(`FI.${rest}`);
    names.push(`FI.${rest}`, ...(sign ? [`FS.${rest}`] : []));
  }
  const go = `GO.${stem}.${parts.length}`;
  await client.write(go, '');
  await client.sftp(`${[...order(names), go].map((name) => `put ${name} ${folder}/`).join('\n')}\n`);
  return go;
}

async function receiptOf(client: TestClient, go: string, folder = 'OUT'): Promise<Receipt> {
  return eventually(async () => {
    const receipt = (await client.receipts(folder)).get(go);
    expect(receipt, `a receipt for ${go}`).to.not.equal(undefined);
    return receipt as Receipt;
  });
}

async function notificationOf(client: TestClient, ticket: string, folder = 'OUT') {
  return eventually(async () => {
    const { dir, names } = await client.fetched(folder);
    for (const name of names.filter((candidate) => candidate.startsWith('FO.NOTI.'))) {
      const forms = parser.parse(await readFile(join(dir, name), 'utf8')).NOTIFICATION.Form;
      if (forms[0].FileReference.ReferenceNbr === ticket) return forms;
    }
    throw new Error(`no notification for ${ticket} yet`);
  });
}

function suite(broker: string, brokerUrl: string, store: StoreKind = 'sqlite'): void {
  describe(`the main job over SFTP (${broker}, ${store})`, () => {
    let database: TestDatabase;
    let engine: TestEngine;
    let client: TestClient;

    before(async () => {
      database = await createTestDatabase(store);
      engine = await startEngine({ brokerUrl, config: { store: { url: database.url } } });
      client = await openClient(engine);
    });
    after(async () => {
      await engine?.stop();
      await database?.remove();
    });

    it('answers a good declaration with a receipt and a notification, each a whole trio', async () => {
      const go = await send(client, [aDeclaration({ forms: [{ companyId: EMPLOYERS[0] }] })]);
      const receipt = await receiptOf(client, go);
      expect(receipt).to.include({ resultCode: '1' });
      expect(receipt.ticket).to.match(/^[0-9A-Z]{13}$/);
      const [form] = await notificationOf(client, receipt.ticket);
      expect(form.HandlingResult.ResultCode).to.equal('1');
      const { names } = await client.fetched();
      const stems = (prefix: string) => names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(3));
      expect(stems('FO')).to.deep.equal(stems('FS')).and.to.deep.equal(stems('GO'));
    });

    it('puts the copy of the declaration and its notification into the employer’s mailbox', async () => {
      const declaration = aDeclaration({ forms: [{ companyId: EMPLOYERS[1] }] });
      const receipt = await receiptOf(client, await send(client, [declaration]));
      const blobs = createBlobStore({ dir: join(engine.config.dataDir, 'blobs'), log: silentLogger() });
      const [message] = await eventually(async () => {
        const found = await listMessages(engine.db, EMPLOYERS[1], { limit: 10 });
        expect(found).to.have.length(1);
        return found;
      });
      expect(message?.message.ticket).to.equal(receipt.ticket);
      expect(message?.message.attachments.map(({ main }) => main)).to.deep.equal([true, false]);
      const copy = await blobs.open(engine.db, message?.message.attachments[0]?.sha256 ?? '');
      expect(copy.kind === 'bytes' && copy.bytes.toString()).to.equal(declaration);
    });

    it('refuses a form with a blocking anomaly and not its neighbours; each employer sees only its own', async () => {
      const forms = [
        { companyId: EMPLOYERS[2], persons: 1 },
        { companyId: EMPLOYERS[0], netOwed: '000000000000001' },
        { companyId: '0', nssoNumber: '199999934', persons: 2, inss: [inssOf(7), inssOf(7)] },
        { companyId: '0', nssoNumber: '187995796', persons: 1 },
      ];
      const declaration = aDeclaration({ forms });
      const receipt = await receiptOf(client, await send(client, [declaration]));
      expect(receipt.errors).to.deep.equal([]);
      const answered = await notificationOf(client, receipt.ticket);
      type Answer = { HandlingResult: { ResultCode: string } };
      expect(answered.map((form: Answer) => form.HandlingResult.ResultCode)).to.deep.equal(['1', '0', '0', '1']);
      const story = await storyOf(engine.db, receipt.ticket);
      expect(story?.forms.map(({ outcome }) => outcome)).to.deep.equal(['accepted', 'refused', 'refused', 'accepted']);
      const mail = await eventually(async () => {
        const found = await listMessages(engine.db, '187995796', { limit: 10 });
        expect(found).to.have.length(1);
        return found[0];
      });
      const blobs = createBlobStore({ dir: join(engine.config.dataDir, 'blobs'), log: silentLogger() });
      const copy = await blobs.open(engine.db, mail?.message.attachments[0]?.sha256 ?? '');
      const text = copy.kind === 'bytes' ? copy.bytes.toString() : '';
      expect(parser.parse(text).DmfAOriginal.Form).to.have.length(1);
      expect(text).to.include('187995796').and.not.include(EMPLOYERS[2]);
      expect(await listMessages(engine.db, '199999934', { limit: 10 })).to.deep.equal([]);
    });

    it('takes nine parts in any order as one submission', async () => {
      const parts = Array.from({ length: 9 }, (_, index) => {
        return aDeclaration({ forms: [{ companyId: EMPLOYERS[0], persons: 1, reference: `P${index + 1}` }] });
      });
      const shuffled = (names: readonly string[]) =>
        [...names].sort((a, b) => a.at(-1)!.localeCompare(b.at(-1)!) || a.localeCompare(b)).reverse();
      const receipt = await receiptOf(client, await send(client, parts, { order: shuffled }));
      const forms = await notificationOf(client, receipt.ticket);
      const references = forms.map((form: { Reference: { ReferenceNbr: string } }) => form.Reference.ReferenceNbr);
      expect(references).to.deep.equal(['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8', 'P9']);
    });

    it('unpacks a ZIP with one file', async () => {
      const zip = await zipOf({ 'declaration.xml': aDeclaration({ forms: [{ companyId: EMPLOYERS[0] }] }) });
      const receipt = await receiptOf(client, await send(client, [zip]));
      expect(receipt.errors).to.deep.equal([]);
      expect(await notificationOf(client, receipt.ticket)).to.have.length(1);
    });

    it('keeps tests and simulations apart, and needs no signature in S', async () => {
      const before = (await listMessages(engine.db, EMPLOYERS[0], { limit: 100 })).length;
      for (const [environment, folder, sign] of [
        ['T', 'TEST', true],
        ['S', 'TEST-S', false],
      ] as const) {
        const stem = nextStem(environment);
        const declaration = aDeclaration({ forms: [{ companyId: EMPLOYERS[0] }] });
        const go = await send(client, [declaration], { stem, folder: `IN${folder}`, sign });
        const receipt = await receiptOf(client, go, `OUT${folder}`);
        expect(receipt.resultCode, environment).to.equal('1');
        await notificationOf(client, receipt.ticket, `OUT${folder}`);
        expect(receipt.file).to.match(new RegExp(`\\.${environment}$`));
      }
      expect(await listMessages(engine.db, EMPLOYERS[0], { limit: 100 })).to.have.length(before);
    });

    it('lists what came, newest first, and pages', async () => {
      const all = await listSubmissions(engine.db, { limit: 100 });
      const first = await listSubmissions(engine.db, { limit: 2 });
      const rest = await listSubmissions(engine.db, { limit: 100, after: first[1]?.ticket ?? '' });
      expect([...first, ...rest]).to.deep.equal(all);
      expect(all.length).to.be.greaterThan(4);
    });
  });
}

suite('embedded', 'embedded');
const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) {
  suite('RabbitMQ', rabbit ?? 'amqp://TEST_AMQP_URL-is-missing');
  suite('RabbitMQ', rabbit ?? 'amqp://TEST_AMQP_URL-is-missing', 'postgres');
}
