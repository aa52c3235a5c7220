import { expect } from 'chai';
import { loadConfig } from '../../config/load.ts';
import type { ListDefinition } from '../../engine/lists/definition.ts';
import { timetableOf } from '../../engine/lists/schedule.ts';
import { periodDue } from '../../engine/lists/schedule-lists.ts';
import { addRecords } from '../../engine/records/records.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createTrappedEngine, type TrappedEngine } from '../support/crash-point.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

const AUTHORITIES = 12;
const AT_A_TIME = 3;

describe('a list half-way: the engine killed in the middle of a run', function () {
  this.timeout(120_000);
  let engine: PreparedEngine;
  let running: TrappedEngine;

  beforeEach(async () => {
    engine = await prepareEngine({});
    running = createTrappedEngine(engine);
  });

  afterEach(async () => {
    await running?.stop();
    await engine?.remove();
  });

  for (const { at, made } of [
    { at: 'before', made: [0] },
    { at: 'after', made: Array.from({ length: AT_A_TIME }, (_, index) => index + 1) },
  ] as const) {
    it(`makes every document once though it dies ${at} the first is committed`, async () => {
      const { lists } = await loadConfig(undefined, {});
      const list = lists['statement-leefloon'] as ListDefinition;
      const period = await payLastPeriod(engine, list);
      running.startArmed({ at, what: 'commit', matching: 'insert into list_documents ' });
      await running.died();
      expect(await documents(engine)).to.have.length.within(made[0] ?? 0, made.at(-1) ?? 0);
      const [run] = await engine.db('job_runs').where({ job: `list-${list.name}` });
      expect(run.state).to.equal('running');
      await running.start();
      await eventually(async () => {
        const runs = await engine.db('job_runs').where({ job: run.job, run_key: run.run_key });
        expect(runs.map(({ state, attempts }) => [state, attempts])).to.deep.equal([['done', run.attempts + 1]]);
      }, 30_000);
      const all = await documents(engine);
      expect(all.map(({ period: of, version, records }) => [of, version, records])).to.deep.equal(
        Array.from({ length: AUTHORITIES }, () => [period, 1, 1]),
      );
      expect(new Set(all.map(({ authority }) => authority)).size).to.equal(AUTHORITIES);
      const placed = await engine.db('mailbox_messages').orderBy('message_id').pluck('message_id');
      expect(placed).to.deep.equal(all.map(({ message_id: id }) => id).toSorted());
    });
  }
});

/** One payment to each authority in the period that is due, as if they had come before its list was. */
async function payLastPeriod({ db }: PreparedEngine, list: ListDefinition): Promise<string> {
  const slot = timetableOf(list.schedule).latest(new Date());
  const { name, from: day } = periodDue(list, slot);
  const records = Array.from({ length: AUTHORITIES }, (_, index) => ({
    ...{ source: list.source, kind: list.kinds[0] ?? '', day, position: '1', fields: { Amount: '00001000' } },
    ...{ authority: String(200_000_000 + index * 97).padStart(10, '0'), ticket: 'TICKET0000001' },
    ...{ formIndex: 1, line: index + 1 },
  }));
  await inTransaction(db, (tx) => addRecords(tx, records, new Date(slot.getTime() - 86_400_000)));
  return name;
}

function documents({ db }: PreparedEngine) {
  return db('list_documents').orderBy('authority');
}
