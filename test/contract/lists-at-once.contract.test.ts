import { expect } from 'chai';
import { createListDelivery } from '../../app/deliveries.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { JobContext } from '../../engine/jobs/job.ts';
import type { CompileDeps } from '../../engine/lists/compile.ts';
import type { ListDefinitions } from '../../engine/lists/definition.ts';
import { listJobs } from '../../engine/lists/schedule-lists.ts';
import { addRecords } from '../../engine/records/records.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { aPayment, shippedList } from '../support/lists.ts';
import { aMessageType, INSTITUTION, typesOf } from '../support/mailboxes.ts';
import { openTestContent, type TestContent } from '../support/test-content.ts';

const AUTHORITIES = Array.from({ length: 30 }, (_, index) => String(200_000_000 + index).padStart(10, '0'));
const SLOT = new Date('2026-04-05T04:00:00Z');
const LISTS = 8;
const POOL = 4;
const RULES = {
  ...{ provider: 'test', organisation: INSTITUTION },
  types: typesOf(aMessageType({ id: 'list-statement' })),
};

for (const kind of STORES) contract(kind);

/** Lists that are due at the same time. */
function contract(store: StoreKind): void {
  describe(`lists that are due together: ${store}`, function () {
    this.timeout(60_000);
    let content: TestContent;
    let db: Db;

    beforeEach(async () => {
      content = await openTestContent(store);
      db = openStore({ url: content.url, poolSize: POOL, answerWithinMs: 3_000 });
    });
    afterEach(async () => {
      await db.destroy();
      await content.close();
    });

    const deps = (): CompileDeps => ({
      ...{ db, blobs: content.blobs, clock: () => SLOT, log: silentLogger(), telemetry: noTelemetry },
      ...{ delivery: createListDelivery(RULES), wake: () => undefined },
    });
    const context = (): JobContext => ({
      ...{ runKey: SLOT.toISOString(), slot: SLOT, now: SLOT, clock: () => SLOT, db, log: silentLogger() },
      ...{ signal: new AbortController().signal, proceed: () => undefined },
    });

    it('are all made, however many, with few connections', async () => {
      const one = await shippedList('statement-leefloon', { formats: ['csv'], out: undefined });
      const names = Array.from({ length: LISTS }, (_, index) => `list-${index}`);
      const lists: ListDefinitions = Object.fromEntries(names.map((name) => [name, { ...one, name }]));
      const records = AUTHORITIES.map((authority, line) => ({
        ...{ source: 'payments', authority, kind: '1', day: '2026-03-01', position: String(line), fields: aPayment() },
        ...{ ticket: 'TICKET0000001', formIndex: 1, line },
      }));
      await inTransaction(db, (tx) => addRecords(tx, records, new Date('2026-03-20T10:00:00Z')));
      const ended = await Promise.allSettled(
        listJobs(lists, { ...deps(), goalOf: () => undefined }).map((job) => job.run(context())),
      );
      const said = ended.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason)));
      expect(said).to.deep.equal(names.map(() => '2026-03: made, 30 documents with 30 lines, 0 of them corrections'));
    });
  });
}
