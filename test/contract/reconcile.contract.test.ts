import { expect } from 'chai';
import type { Base } from '../../app/base.ts';
import { createListDelivery } from '../../app/deliveries.ts';
import { createListJobs } from '../../app/lists.ts';
import { loadConfig } from '../../config/load.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { JobContext } from '../../engine/jobs/job.ts';
import { compileList } from '../../engine/lists/compile.ts';
import type { ListDefinition, ListDefinitions } from '../../engine/lists/definition.ts';
import { listUnbalanced, reconcileLists } from '../../engine/lists/reconcile.ts';
import { addRecords } from '../../engine/records/records.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { aPayment, shippedList } from '../support/lists.ts';
import { aMessageType, INSTITUTION, typesOf } from '../support/mailboxes.ts';
import { openTestContent, type TestContent } from '../support/test-content.ts';

const AUTHORITY = '0206731645';
const PERIOD = { name: '2026-03', from: '2026-03-01', until: '2026-04-01' };
const SLOT = new Date('2026-04-05T04:00:00Z');
const DAY = 24 * 3_600_000;
const RULES = {
  ...{ provider: 'test', organisation: INSTITUTION },
  types: typesOf(aMessageType({ id: 'list-statement' })),
};

for (const kind of STORES) contract(kind);

/** What becomes of lists that do not agree with their records. */
function contract(store: StoreKind): void {
  describe(`reconciliation contract: ${store}`, function () {
    this.timeout(30_000);
    let content: TestContent;
    let list: ListDefinition;
    let lists: ListDefinitions;
    const { signal } = new AbortController();

    beforeEach(async () => {
      content = await openTestContent(store);
      list = await shippedList('statement-leefloon', { formats: ['csv'], out: undefined });
      lists = { [list.name]: list };
      const place = { ticket: 'TICKET0000001', formIndex: 1, line: 1 };
      const record = {
        source: 'payments',
        authority: AUTHORITY,
        kind: '1',
        day: '2026-03-01',
        position: '1',
        ...place,
      };
      const arrived = new Date('2026-03-20T10:00:00Z');
      await inTransaction(content.db, (tx) => addRecords(tx, [{ ...record, fields: aPayment() }], arrived));
      const { db, blobs } = content;
      const deps = { db, blobs, clock: () => SLOT, log: silentLogger(), telemetry: noTelemetry };
      const rest = { delivery: createListDelivery(RULES), wake: () => undefined };
      const request = { definition: list, period: PERIOD, slot: SLOT, signal, proceed: () => undefined };
      await compileList({ ...deps, ...rest }, request);
    });
    afterEach(() => content.close());

    /** What the job says that ran in the night of a day. */
    async function night(days: number, proceed = () => undefined): Promise<string> {
      const { db, blobs } = content;
      const config = { ...(await loadConfig(undefined, {})), lists };
      const slot = new Date(SLOT.getTime() + days * DAY);
      const given = { db, clock: () => slot, log: silentLogger() };
      const jobs = createListJobs(
        { ...given, config, blobs, telemetry: noTelemetry } as unknown as Base,
        () => undefined,
      );
      const context: JobContext = { ...given, runKey: slot.toISOString(), slot, now: slot, signal, proceed };
      return jobs.find(({ name }) => name === 'reconcile-lists')?.run(context) ?? 'no such job';
    }
    const linesAre = (records: number) => content.db('list_documents').update({ records });
    const alerts = async (of = lists) =>
      (await listUnbalanced(of).find(content.db, SLOT)).map(({ subject }) => subject);

    it('that finds something wrong is done, and an alert until it finds nothing', async () => {
      expect([await night(0), await alerts()]).to.deep.equal(['1 lists balanced', []]);
      await linesAre(5);
      expect([await night(1), await alerts()]).to.deep.equal([`not balanced: ${list.name}`, [list.name]]);
      expect(await alerts({}), 'a list that was taken away').to.deep.equal([]);
      await linesAre(1);
      expect([await night(2), await alerts()]).to.deep.equal(['1 lists balanced', []]);
    });

    it('keeps what it found for 400 days', async () => {
      for (const days of [0, 1, 400, 401]) await night(days);
      const kept = await content.db('list_reconciliations').orderBy('id').pluck('at');
      expect(kept).to.deep.equal([1, 400, 401].map((days) => new Date(SLOT.getTime() + days * DAY).toISOString()));
    });

    it('does not go on where it may not', async () => {
      const over = () => {
        throw new Error('not the leader any more');
      };
      expect(await night(0, over).catch(({ message }: Error) => message)).to.equal('not the leader any more');
      expect(await content.db('list_reconciliations')).to.deep.equal([]);
    });

    if (store === 'postgres') {
      it('counts for longer than a statement otherwise may take', async () => {
        const impatient = openStore({ url: content.url, poolSize: 2, answerWithinMs: 500 });
        const [locked, waitedLong] = [createGate<void>(), createGate<void>()];
        const holder = inTransaction(content.db, async (tx) => {
          await tx.raw('lock table records in access exclusive mode');
          locked.open();
          await waitedLong.opened;
        });
        await locked.opened;
        const found = reconcileLists({ db: impatient, clock: () => SLOT, log: silentLogger() }, lists);
        const said = found.then(
          ([one]) => one?.balanced,
          ({ code }) => code,
        );
        const waits = eventually(async () => expect(Number(await longestWait(impatient))).to.be.above(1_000));
        await Promise.race([said, waits]);
        waitedLong.open();
        await Promise.all([holder, said]);
        await impatient.destroy();
        expect(await said).to.equal(true);
      });
    }
  });
}

/** How many milliseconds a statement in this database has waited for a lock. */
async function longestWait(db: Db): Promise<number> {
  const sql = `select coalesce(max(extract(epoch from clock_timestamp() - query_start)), 0) * 1000 as ms from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return (await rowsOf<{ ms: number }>(db, sql))[0]?.ms ?? 0;
}
