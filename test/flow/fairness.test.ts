import { expect } from 'chai';
import { createApp } from '../../app.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { addLoad, formsWaiting, type Load } from '../../scripts/bench/fairness-load.ts';
import { createTestDatabase, STORES, type StoreKind, type TestDatabase } from '../support/database.ts';
import { aDeclaration } from '../support/declarations.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient } from '../support/sender.ts';
import { serviceUrl } from '../support/services.ts';

const SINGLE = '123456';
const BUSY = '654321';
const COMPANY = '0403019261';

const LOADS: Readonly<Record<string, Load>> = {
  '10,000 forms of a few submissions': { sender: BUSY, submissions: 4, formsEach: 2_500 },
  '10,000 submissions of one form': { sender: BUSY, submissions: 10_000, formsEach: 1 },
};

suite('embedded', 'embedded', 'sqlite');
const amqp = serviceUrl('TEST_AMQP_URL');
if (amqp !== undefined) suite('rabbitmq', amqp, STORES.at(-1));

/** That one sender's backlog does not hold up another; how long it takes is measured by `npm run bench fairness`. */
function suite(broker: string, brokerUrl: string, store: StoreKind = 'sqlite'): void {
  describe(`fairness (${broker}, ${store})`, () => {
    let database: TestDatabase;
    let engine: PreparedEngine;
    let app: Service;

    beforeEach(async () => {
      database = await createTestDatabase(store);
      const senders = [
        { number: SINGLE, login: 'voorbeeld' },
        { number: BUSY, login: 'druk' },
      ];
      engine = await prepareEngine({ brokerUrl, senders, config: { store: { url: database.url } } });
    });
    afterEach(async () => {
      await app?.stop();
      await engine?.remove();
      await database?.remove();
    });

    for (const [name, load] of Object.entries(LOADS)) {
      it(`does a single submission of one sender while most of ${name} of another wait`, async () => {
        await addLoad(engine.db, engine.config.dataDir, load);
        app = await createApp(engine.config, silentLogger(), new AbortController().signal);
        await app.start();
        await sendSingle(engine);
        await eventually(
          async () => expect(await done(engine)).to.deep.equal(['form delivered', 'receipt placed']),
          30_000,
        );
        expect(await formsWaiting(engine.db, load)).to.be.greaterThan(5_000);
      }).timeout(90_000);
    }
  });
}

async function sendSingle(engine: PreparedEngine): Promise<void> {
  const client = await openClient(engine);
  const stem = `DMFA.${SINGLE}.${fileDate(new Date())}.00001.R`;
  const [fi, fs, go] = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
  await client.write(fi, aDeclaration({ forms: [{ companyId: COMPANY }] }));
  await client.sign(fi);
  await client.write(go, '');
  await client.sftp([fi, fs, go].map((name) => `put ${name} IN/\n`).join(''));
}

/** What has been done for the single submission, of the two ends that it has. */
async function done({ db }: PreparedEngine): Promise<string[]> {
  const rows: { what: string }[] = await db('events as e')
    .join('submissions as s', 's.ticket', 'e.ticket')
    .distinct('e.what')
    .where('s.sender', SINGLE)
    .whereIn('e.what', ['receipt placed', 'form delivered'])
    .orderBy('e.what');
  return rows.map(({ what }) => what);
}
