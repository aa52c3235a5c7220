import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Role } from '../../app.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { runKeyOf } from '../../engine/jobs/timetable.ts';
import { reconcileLists } from '../../engine/lists/reconcile.ts';
import { timetableOf } from '../../engine/lists/schedule.ts';
import { periodDue } from '../../engine/lists/schedule-lists.ts';
import { addRecords } from '../../engine/records/records.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { spawnBode } from '../support/command-line.ts';
import { CRASH_VARIABLE, type CrashPlan, type CrashStep } from '../support/crash-point.ts';
import { createTestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { aPayment, shippedList } from '../support/lists.ts';
import { AUTHORITIES, INSTITUTION } from '../support/made-up-year.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';

const LIST = 'statement-leefloon';
const SCHEDULE = 'day 1 of the month at 06:00';
const PAID = [INSTITUTION, ...AUTHORITIES.slice(0, 7)]; // the first is a sender, too
const PATIENCE = 90_000;
const TRAP = new URL('../support/crash-trap.js', import.meta.url).href;

const step = (at: CrashStep['at'], what: CrashStep['what'], matching: string): CrashStep => ({ at, what, matching });
const documented = step('after', 'commit', 'insert into list_documents');

/** Where one scheduler after the other dies; each time another that stood by goes on. */
const DEATHS: readonly (readonly CrashStep[])[] = [
  [step('after', 'commit', 'insert into list_runs')], // begun, no document yet
  [documented, documented, documented], // some documents are out
  [step('before', 'commit', 'insert into list_documents')], // one is made, and not kept
  [step('before', 'commit', 'update list_runs')], // all are out, the run is not ended
  [step('after', 'commit', 'update list_runs')], // it is, the job is not
  [documented, documented, documented, documented, documented],
];
const PLACING = [step('before', 'commit', 'insert into document_deliveries')];

/** The last four slots, oldest first, after one more that was done in time. */
function lastSlots(): Date[] {
  const { latest } = timetableOf(SCHEDULE);
  const slots = [latest(new Date())];
  while (slots.length < 5) slots.unshift(latest(new Date((slots[0] as Date).getTime() - 1)));
  return slots;
}

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown>;
  /** Written when it dies at its point; '' when it has none. */
  readonly file: string;
}

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) {
  /** Processes of the engine that were off over four slots and catch up with them. */
  describe('lists made by processes that are killed', function () {
    this.timeout(240_000);
    const slots = lastSlots();
    let undisturbed: unknown;

    before(async () => {
      undisturbed = await listsAfter(async (start) => void start('all'));
    });

    it('are, byte for byte, those of an engine that nothing happened to', async () => {
      const made = await listsAfter(async (start) => {
        const worker = start('worker', PLACING);
        const deaths = DEATHS.values();
        let schedulers = [0, 1].map(() => start('scheduler', deaths.next().value));
        for (const _ of DEATHS) {
          const dead = await Promise.race(schedulers.map((one) => one.exit.then(() => one)));
          await expectDied(dead);
          schedulers = [...schedulers.filter((one) => one !== dead), start('scheduler', deaths.next().value)];
        }
        await worker.exit;
        await expectDied(worker);
        start('worker');
      });
      expect(made).to.deep.equal(undisturbed);
    });

    /** What an engine of any number of processes makes of the same data. */
    async function listsAfter(
      run: (start: (role: Role, death?: readonly CrashStep[]) => Running) => Promise<void>,
    ): Promise<unknown> {
      const database = await createTestDatabase('postgres');
      const engine = await prepareEngine({ brokerUrl: rabbit ?? '', config: await configOf(database.url) });
      const processes: Running[] = [];
      try {
        await seed(engine);
        await run((role, death) => {
          processes.push(launch(engine, role, processes.length, death));
          return processes.at(-1) as Running;
        });
        await eventually(() => expectDone(engine), PATIENCE);
        return await listsOf(engine);
      } finally {
        for (const { child } of processes) child.kill('SIGKILL');
        await Promise.all(processes.map(({ exit }) => exit));
        await engine.remove();
        await database.remove();
      }
    }

    async function configOf(url: string): Promise<Record<string, unknown>> {
      const list = await shippedList(LIST);
      return {
        store: { url },
        scheduler: { lease: '1s' },
        lists: { [list.name]: { schedule: SCHEDULE, out: { quality: 'employer' } } },
      };
    }

    /** Four months of payments, each with a correction of the month before it and a correction of that one. */
    async function seed({ db }: PreparedEngine): Promise<void> {
      const [before, ...due] = slots as [Date, ...Date[]];
      const at = before.toISOString();
      const run = { job: `list-${LIST}`, run_key: runKeyOf(before), holder: 'a test', state: 'done', detail: '' };
      await db('job_runs').insert({ ...run, started_at: at, finished_at: at, attempts: 1, failures: 0 });
      const list = await shippedList(LIST);
      for (const [month, slot] of due.entries()) {
        const [own, earlier] = [slot, due[month - 1] ?? before].map((one) => periodDue(list, one).from);
        const paid = [own, own, own, earlier, earlier].map((day = '', line) => ({ day, line }));
        await inTransaction(db, (tx) =>
          addRecords(
            tx,
            PAID.flatMap((authority, form) =>
              paid.map(({ day, line }) => paymentOf(authority, day, { month, form, line })),
            ),
            new Date(slot.getTime() - 3_600_000),
          ),
        );
      }
    }
  });
}

function paymentOf(authority: string, day: string, { month, form, line }: Record<'month' | 'form' | 'line', number>) {
  const [Sign, Amount] = [line === 3 ? '-' : '+', String(1_000 * form + 10 * line + month).padStart(8, '0')];
  const fields = aPayment({ YearMonth: day.slice(0, 7).replace('-', ''), Sign, Amount });
  return {
    ...{ source: 'payments', authority, kind: '1', day, position: String(line), fields },
    ...{ ticket: `TICKET000000${month}`, formIndex: form + 1, line: line + 1 },
  };
}

function launch(engine: PreparedEngine, role: Role, number: number, death: readonly CrashStep[] = []): Running {
  const file = death.length === 0 ? '' : join(engine.dir, `died-${number}`);
  const plan: CrashPlan = { steps: death, file };
  const env = { NODE_OPTIONS: `--import ${TRAP}`, [CRASH_VARIABLE]: JSON.stringify(plan) };
  const child = spawnBode(['start', '--role', role], engine.dir, file === '' ? {} : env);
  for (const stream of [child.stdout, child.stderr]) stream?.resume();
  return { child, exit: once(child, 'exit'), file };
}

async function expectDied({ child, file }: Running): Promise<void> {
  const reached = await readFile(file, 'utf8').catch(() => 'nothing');
  expect(`${child.signalCode} after it reached ${reached}`).to.match(/^SIGKILL after it reached (before|after) /);
}

async function expectDone({ db }: PreparedEngine): Promise<void> {
  expect(await db('list_runs').where({ list: LIST }).pluck('state')).to.deep.equal(['done', 'done', 'done', 'done']);
  expect(await db('outbox').pluck('message')).to.deep.equal([]);
  expect((await db('job_runs').where({ job: `list-${LIST}`, state: 'done' })).length).to.equal(5);
}

/** Every document and file of the list, what is in the mailboxes, and what is in OUT. */
async function listsOf({ db, config }: PreparedEngine): Promise<unknown> {
  const deps = { db, clock: systemClock, log: silentLogger() };
  const found = await reconcileLists(deps, { [LIST]: config.lists[LIST]! });
  const documents = await db('list_documents').where({ list: LIST }).orderBy(['period', 'authority', 'version']);
  const files = await db('list_files').where({ list: LIST }).orderBy(['period', 'authority', 'version', 'format']);
  const messages = await db('mailbox_messages as m')
    .join('mailboxes as b', 'b.id', 'm.mailbox')
    .whereIn(
      'm.message_id',
      documents.map(({ message_id }) => message_id),
    )
    .select('b.ebox_id', 'm.message_id');
  const out = await db('folder_files').where({ folder: 'OUT' }).whereLike('name', 'FO.MSTA.%').pluck('sha256');
  expect(found.map(({ balanced, records }) => [balanced, records])).to.deep.equal([[true, 20 * PAID.length]]);
  expect([documents.length, messages.length, out.length]).to.deep.equal([4 * PAID.length, 4 * PAID.length, 4]);
  return {
    documents: documents.map(({ published_at: _, ...document }) => document),
    files: files.map(({ period, authority, version, format, sha256 }) => [period, authority, version, format, sha256]),
    messages: messages.map(({ ebox_id, message_id }) => `${ebox_id} ${message_id}`).toSorted(),
    out: out.toSorted(),
  };
}
