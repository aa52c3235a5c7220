import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { addToOutbox } from '../../engine/broker/outbox.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { listMessages } from '../../engine/mailboxes/list.ts';
import { provision } from '../../engine/registry/provision.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { storyOf } from '../../engine/submissions/story.ts';
import { createTestDatabase, type StoreKind, type TestDatabase } from '../support/database.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { aGoalFile, goalSender } from '../support/institution.ts';
import { opensslVerifies } from '../support/pki.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../support/provisioning.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { xmllint } from '../support/xmllint.ts';

const INSTITUTION = '0884303369';
const EMPLOYERS = ['0206731645', '0403019261'] as const;
const SCHEMA = join(packageRoot(), 'schemas', 'xsd', 'DmfAUpdateNotification_1.xsd');

type Send = ReturnType<typeof goalSender>;

function suite(broker: string, brokerUrl: string, store: StoreKind = 'sqlite'): void {
  describe(`corrections by an institution, over SFTP (${broker}, ${store})`, function () {
    this.timeout(120_000);
    let database: TestDatabase;
    let engine: TestEngine;
    let client: TestClient;
    let send: Send;
    let correct: Send;
    let ticket = '';

    before(async () => {
      database = await createTestDatabase(store);
      const sources = { corrections: { corrects: { by: { [INSTITUTION]: ['DMFA'] } } } };
      const config = { store: { url: database.url }, sources };
      engine = await startEngine({ brokerUrl, config, senders: [{ goals: ['DMFA', 'DMCO'] }] });
      await addInstitution();
      client = await openClient(engine);
      send = goalSender(client);
      correct = goalSender(await openClient(engine, 'instelling'), '654321', engine.pki.otherSender);
      const forms = EMPLOYERS.map((companyId) => ({ companyId }));
      ({ ticket } = await send({ goal: 'DMFA', content: aDeclaration({ forms }) }));
      await outcomes(ticket, 2);
    });
    after(async () => {
      await engine?.stop();
      await database?.remove();
    });

    async function addInstitution(): Promise<void> {
      const sender = aPlannedSender({
        ...{ number: '654321', login: 'instelling', sshKeys: ['login.pub'], goals: ['DMCO'] },
        certificates: ['pki/other-sender.pem'],
      });
      const organisation = aPlannedOrganisation({ enterpriseNumber: INSTITUTION }, [sender]);
      const plan = await writePlan(engine.dir, [organisation], 'institution.yaml');
      await provision(engine.db, plan, new Date(), { goals: Object.keys(engine.config.goals) });
    }

    const correction = (form: Record<string, string>, ...changes: Record<string, string>[]) => ({
      form: { CompanyID: EMPLOYERS[0], Ticket: ticket, FormNumber: '1', Reason: 'Loon nagekeken', ...form },
      records: changes.length > 0 ? changes : [{ Field: 'NetOwedAmount', OldValue: '1', NewValue: '2' }],
    });
    const corrections = (...forms: ReturnType<typeof correction>[]) =>
      aGoalFile('DMCO', ['Corrections', 'Change'], forms);
    /** The outcome of each form, and the findings that it has. */
    const outcomes = (of: string, forms: number) =>
      eventually(async () => {
        const found = (await storyOf(engine.db, of))?.forms ?? [];
        expect(found.length).to.equal(forms);
        return found.map(({ outcome, anomalies }) => [outcome, ...anomalies.map(({ errorId }) => errorId)]);
      });
    async function placed(prefix: string) {
      const { dir, names } = await client.fetched();
      return names.filter((name) => name.startsWith(prefix)).map((name) => join(dir, name));
    }
    const messagesOf = async (eboxId: string) =>
      (await listMessages(engine.db, eboxId, { limit: 50 })).filter(
        ({ message }) => message.messageType === 'declaration-correction',
      );
    const settled = () => eventually(async () => expect(await engine.db('outbox').select()).to.deep.equal([]), 30_000);

    it('go to the sender as a signed notification, and to the employer with old and new values, once', async () => {
      const changes = [
        { Field: 'NetOwedAmount', OldValue: '123456', NewValue: '123400' },
        { Field: 'Person[1]/WorkerName', NewValue: 'Jans&amp;sens' },
      ];
      const { ticket: of, errors } = await correct(corrections(correction({}, ...changes)));
      expect([errors, await outcomes(of, 1)]).to.deep.equal([[], [['accepted']]]);
      const [fo = ''] = await eventually(async () => {
        const found = await placed('GO.DMNO.');
        expect(found).to.have.length(1);
        return placed('FO.DMNO.');
      });
      const content = await readFile(fo);
      const [valid] = await xmllint(SCHEMA, [content]);
      expect(valid?.valid, valid?.said).to.equal(true);
      expect(String(content))
        .to.contain(`<ReferenceNbr>${ticket}</ReferenceNbr>`)
        .and.contain('<OldValue>123456</OldValue>');
      expect(String(content))
        .to.contain('<NewValue>Jans&amp;sens</NewValue>')
        .and.contain(`<Institution>${INSTITUTION}<`);
      const signature = Buffer.from(String(await readFile(fo.replace('FO.DMNO', 'FS.DMNO'))), 'base64');
      const own = join(engine.config.dataDir, 'pki', 'engine.pem');
      expect(await opensslVerifies(signature, fo, own)).to.equal(true);
      const [found, ...others] = await eventually(async () => {
        const messages = await messagesOf(EMPLOYERS[0]);
        expect(messages).to.have.length(1);
        return messages;
      });
      expect(others).to.deep.equal([]);
      expect(await messagesOf(EMPLOYERS[1]), 'another employer').to.deep.equal([]);
      const blobs = createBlobStore({ dir: join(engine.config.dataDir, 'blobs'), log: silentLogger() });
      const [text = '', xml = ''] = await Promise.all(
        (found?.message.attachments ?? []).map(async ({ sha256 }) =>
          String(await buffer(await blobs.read(engine.db, sha256))),
        ),
      );
      expect(xml).to.equal(String(content));
      expect(text.split('\n')).to.include.members([
        ...[`Wijziging van aangifte DMFA ${ticket}-1`, `Gewijzigd door: ${INSTITUTION}`, 'Reden: Loon nagekeken'],
        ...['NetOwedAmount', '  oude waarde: 123456', '  nieuwe waarde: 123400'],
        ...['Person[1]/WorkerName', '  oude waarde: (geen)', '  nieuwe waarde: Jans&sens'],
      ]);
      expect((await storyOf(engine.db, ticket))?.events.map(({ what }) => what)).to.include('form corrected');

      // the same message of the broker once more
      const again = { kind: 'records.ready', id: `${of}:1`, ticket: of, formIndexes: [1] } as const;
      await addToOutbox(engine.db, again, { now: new Date(), sender: '654321' });
      await settled();
      expect([(await messagesOf(EMPLOYERS[0])).length, (await placed('FO.DMNO.')).length]).to.deep.equal([1, 1]);
    });

    it('are refused, each with its finding, when they name no accepted form or another employer', async () => {
      const { ticket: of } = await correct(
        corrections(
          correction({ Ticket: 'AAAAAAAAAAAAA' }),
          correction({ FormNumber: '9' }),
          correction({ FormNumber: '2' }),
          correction({ FormNumber: '2', CompanyID: EMPLOYERS[1] }),
        ),
      );
      expect(await outcomes(of, 4)).to.deep.equal([
        ...[['refused', '90801-001'], ['refused', '90801-001'], ['refused', '90801-003'], ['accepted']],
      ]);
      await eventually(async () => expect(await messagesOf(EMPLOYERS[1])).to.have.length(1));
      await settled();
      expect([(await messagesOf(EMPLOYERS[0])).length, (await placed('FO.DMNO.')).length]).to.deep.equal([1, 2]);
    });

    it('are refused of whoever may not make them, and tell nothing of what there is', async () => {
      const { ticket: of } = await send(corrections(correction({}), correction({ Ticket: 'AAAAAAAAAAAAA' })));
      expect(await outcomes(of, 2)).to.deep.equal([
        ['refused', '90801-002'],
        ['refused', '90801-002'],
      ]);
      await settled();
      expect(await messagesOf(EMPLOYERS[0])).to.have.length(1);
    });
  });
}

suite('embedded', 'embedded');
const amqp = serviceUrl('TEST_AMQP_URL');
if (amqp !== undefined || servicesRequired()) suite('RabbitMQ', amqp ?? '', 'postgres');
