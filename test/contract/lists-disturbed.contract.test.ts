import { expect } from 'chai';
import { createListDelivery } from '../../app/deliveries.ts';
import { addToOutbox } from '../../engine/broker/outbox.ts';
import { type Logger, silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { JobContext } from '../../engine/jobs/job.ts';
import type { CompileDeps } from '../../engine/lists/compile.ts';
import type { ListDefinition } from '../../engine/lists/definition.ts';
import { reconcileLists } from '../../engine/lists/reconcile.ts';
import { listJobs } from '../../engine/lists/schedule-lists.ts';
import { addRecords } from '../../engine/records/records.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { addSubmission } from '../../engine/submissions/submissions.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { aPayment, shippedList } from '../support/lists.ts';
import { aMessageType, INSTITUTION, typesOf } from '../support/mailboxes.ts';
import { openTestContent, type TestContent } from '../support/test-content.ts';

const AUTHORITIES = ['0206731645', '0403019261', '0428759497'];
const RULES = { provider: 'test', organisation: INSTITUTION, types: typesOf(aMessageType({ id: 'list-statement' })) };
const SLOTS = ['2028-02-06T05:00:00Z', '2028-03-05T05:00:00Z', '2028-04-02T04:00:00Z', '2028-05-07T04:00:00Z'];
/** Month, day of arrival, sign, cents: January, its correction late in February, and the correction of that in March. */
const PAYMENTS = [
  ['2028-01', '2028-01-20', '+', 1_000],
  ['2028-02', '2028-02-10', '+', 2_000],
  ['2028-01', '2028-02-29', '-', 1_000],
  ['2028-03', '2028-03-26', '+', 3_000],
  ['2028-01', '2028-03-27', '+', 900],
  ['2028-02', '2028-04-03', '+', 10],
] as const;

for (const kind of STORES) contract(kind);

/** What happens to the engine around its slots changes nothing of the lists, on both stores. */
function contract(store: StoreKind): void {
  describe(`lists, disturbed: ${store}`, function () {
    this.timeout(60_000);
    let list: ListDefinition;
    const deps = ({ db, blobs }: TestContent): CompileDeps => ({
      ...{ db, blobs, clock: () => new Date('2028-05-08T00:00:00Z'), log: silentLogger(), telemetry: noTelemetry },
      ...{ delivery: createListDelivery(RULES), wake: () => undefined, atATime: 1 },
    });
    async function pay(content: TestContent, from: string, before: string): Promise<void> {
      for (const [line, [month, day, Sign, cents]] of PAYMENTS.entries()) {
        const arrivedAt = `${day}T10:00:00Z`;
        if (arrivedAt < from || arrivedAt >= before) continue;
        const fields = aPayment({ YearMonth: month.replace('-', ''), Sign, Amount: String(cents).padStart(8, '0') });
        const records = AUTHORITIES.map((authority, index) => ({
          ...{ source: 'payments', authority, kind: '1', day: `${month}-01`, position: String(line), fields },
          ...{ ticket: 'TICKET0000001', formIndex: index + 1, line: line + 1 },
        }));
        await inTransaction(content.db, (tx) => addRecords(tx, records, new Date(arrivedAt)));
      }
    }
    async function runSlot(content: TestContent, slot: string, proceed = () => undefined, log = silentLogger()) {
      const [job] = listJobs({ [list.name]: list }, { ...deps(content), goalOf: () => 'PAYM', lookEveryMs: 20 });
      const { clock, db } = deps(content);
      const context: JobContext = {
        ...{ runKey: slot, slot: new Date(slot), now: clock(), clock, db, log },
        ...{ signal: new AbortController().signal, proceed },
      };
      await job?.run(context);
    }
    /** Every file of every list, by name and content. */
    async function listsOf({ db }: TestContent): Promise<unknown> {
      const found = await reconcileLists({ db, clock: () => new Date(), log: silentLogger() }, { [list.name]: list });
      expect(found.map(({ balanced }) => balanced)).to.deep.equal([true]);
      const files = await db('list_files').orderBy(['period', 'authority', 'version', 'format']);
      const messages = await db('mailbox_messages').count({ n: '*' });
      const columns = ['period', 'authority', 'version', 'format', 'name', 'sha256'];
      return [Number(messages[0]?.['n']), files.map((file) => columns.map((column) => file[column]).join(' '))];
    }
    async function listsAfter(disturb: (content: TestContent) => Promise<void>): Promise<unknown> {
      const content = await openTestContent(store);
      try {
        await disturb(content);
        return await listsOf(content);
      } finally {
        await content.close();
      }
    }
    async function eachInTurn(content: TestContent, run: (slot: string) => Promise<void>): Promise<void> {
      let from = '';
      for (const slot of SLOTS) {
        await pay(content, from, slot);
        await run(slot);
        from = slot;
      }
    }

    let undisturbed: unknown;
    before(async () => {
      list = await shippedList('statement-leefloon');
      undisturbed = await listsAfter((content) => eachInTurn(content, (slot) => runSlot(content, slot)));
      expect((undisturbed as [number])[0]).to.equal(SLOTS.length * AUTHORITIES.length);
    });

    it('off over every slot, and caught up with afterwards', async () => {
      const caughtUp = await listsAfter(async (content) => {
        await pay(content, '', '9999');
        for (const slot of SLOTS) await runSlot(content, slot);
      });
      expect(caughtUp).to.deep.equal(undisturbed);
    });

    it('stopped in the middle of each run, with data that comes before it is begun again', async () => {
      const stopped = await listsAfter(async (content) => {
        await eachInTurn(content, async (slot) => {
          let steps = 0;
          const stopping = () => {
            steps += 1;
            if (steps === 2) throw new Error('stopped');
            return undefined;
          };
          const said = await runSlot(content, slot, stopping).catch(({ message }: Error) => message);
          expect(said).to.equal('stopped');
          await pay(content, slot, SLOTS[SLOTS.indexOf(slot) + 1] ?? '9999');
          await runSlot(content, slot);
        });
      });
      expect(stopped).to.deep.equal(undisturbed);
    });

    it('made while what was received before each slot is still being judged, or its records taken in', async () => {
      const received = { sender: '123456', contentHash: 'c'.repeat(64), goal: 'PAYM', channel: 'sftp', errors: [] };
      const late = await listsAfter(async (content) => {
        let from = '';
        for (const [index, slot] of SLOTS.entries()) {
          const ticket = `TICKETSLOT00${index}`;
          const receivedAt = new Date(new Date(slot).getTime() - 60_000);
          const about = { ticket, stem: ticket, environment: 'R', state: 'received', receivedAt } as const;
          await addSubmission(content.db, { ...received, ...about });
          let run: Promise<void> | undefined;
          await new Promise<void>((waits) => {
            const log = Object.assign(silentLogger(), { info: () => waits() }) as Logger;
            run = runSlot(content, slot, undefined, log);
          });
          const ready = { kind: 'records.ready', id: `${ticket}:1`, ticket, formIndexes: [1] } as const;
          await inTransaction(content.db, async (tx) => {
            await tx('submissions').where({ ticket }).update({ state: 'handled' });
            await addToOutbox(tx, ready, { now: receivedAt, sender: '123456' });
          });
          await pay(content, from, slot);
          await content.db('outbox').where({ queue: 'records' }).delete();
          await run;
          from = slot;
        }
      });
      expect(late).to.deep.equal(undisturbed);
    });

    it('made by two schedulers at once, one of them late with the slot before', async () => {
      const twice = await listsAfter((content) =>
        eachInTurn(content, async (slot) => {
          const before = SLOTS[SLOTS.indexOf(slot) - 1] ?? slot;
          await Promise.all([runSlot(content, slot), runSlot(content, slot), runSlot(content, before)]);
        }),
      );
      expect(twice).to.deep.equal(undisturbed);
    });
  });
}
