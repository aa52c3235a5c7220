import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry, type Telemetry } from '../../engine/core/telemetry.ts';
import type { Job } from '../../engine/jobs/job.ts';
import { beginRun, endRun, findRun, latestRun } from '../../engine/jobs/job-runs.ts';
import { acquireLease, leaseOf, releaseLease, renewLease } from '../../engine/jobs/lease.ts';
import { runByHand } from '../../engine/jobs/run-by-hand.ts';
import { createScheduler, SCHEDULER_LEASE, type SchedulerDeps } from '../../engine/jobs/scheduler.ts';
import { every, runKeyOf } from '../../engine/jobs/timetable.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { openTestStore, STORES } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createGate } from '../support/gate.ts';
import { layCable } from '../support/rabbitmq.ts';
import type { Said } from '../support/scheduler-process.ts';

const AT = new Date('2026-11-22T11:40:00.000Z');
const later = (ms: number) => new Date(AT.getTime() + ms);

for (const kind of STORES) {
  describe(`a lease: ${kind}`, () => {
    let db: Db;
    let other: Db;
    let close: () => Promise<void>;
    before(async () => {
      const store = await openTestStore(kind);
      ({ db, close } = store);
      other = openStore({ url: store.url, poolSize: 5 });
    });
    afterEach(() => db('leases').delete());
    after(async () => {
      await other.destroy();
      await close();
    });

    const claim = (holder: string, ms: number) => ({ name: 'x', holder, now: later(ms), until: later(ms + 1_000) });

    it('goes to one of twenty who want it at once', async () => {
      const wanting = Array.from({ length: 20 }, (_, i) => acquireLease(i % 2 ? db : other, claim(`p${i}`, 0)));
      const got = (await Promise.all(wanting)).filter((one) => one !== undefined);
      expect(got).to.deep.equal([{ from: '' }]);
    });

    it('stays with its holder until it has run out, and goes to one of many then, which counts as a takeover', async () => {
      await acquireLease(db, claim('a', 0));
      expect(await acquireLease(other, claim('b', 999))).to.equal(undefined);
      const got = await Promise.all(['b', 'c', 'd'].map((holder) => acquireLease(other, claim(holder, 1_000))));
      expect(got.filter((one) => one !== undefined)).to.deep.equal([{ from: 'a' }]);
      expect((await leaseOf(db, 'x'))?.takeovers).to.equal(1);
    });

    it('that was lost is not renewed', async () => {
      await acquireLease(db, claim('a', 0));
      expect(await renewLease(db, { name: 'x', holder: 'a', until: later(5_000) })).to.equal(true);
      expect(await acquireLease(other, claim('b', 4_000))).to.equal(undefined);
      await acquireLease(other, claim('b', 5_000));
      expect(await renewLease(db, { name: 'x', holder: 'a', until: later(9_000) })).to.equal(false);
      expect((await leaseOf(db, 'x'))?.holder).to.equal('b');
    });

    it('that is given back is free at once, and not a takeover', async () => {
      await acquireLease(db, claim('a', 0));
      await releaseLease(db, 'x', 'b', later(1));
      expect(await acquireLease(other, claim('b', 1))).to.equal(undefined);
      await releaseLease(db, 'x', 'a', later(1));
      expect(await acquireLease(other, claim('b', 1))).to.deep.equal({ from: '' });
      expect((await leaseOf(db, 'x'))?.takeovers).to.equal(0);
    });

    it('of a crashed process is taken at once by a process that is alone', async () => {
      await acquireLease(db, claim('a', 0));
      expect(await acquireLease(other, { ...claim('b', 1), force: true })).to.deep.equal({ from: 'a' });
    });
  });

  describe(`the scheduler: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;
    let now: Date;
    const stops: (() => Promise<void>)[] = [];

    before(async () => {
      ({ db, url, close } = await openTestStore(kind));
    });
    beforeEach(() => {
      now = AT;
    });
    afterEach(async () => {
      for (const stop of stops.splice(0).reverse()) await stop();
      for (const table of ['leases', 'job_runs', 'audit']) await db(table).delete();
    });
    after(() => close());

    function scheduler(name: string, jobs: readonly Job[], more: Partial<SchedulerDeps> = {}) {
      const own = openStore({ url, poolSize: 3 });
      const made = createScheduler({
        db: own,
        clock: () => now,
        log: silentLogger(),
        telemetry: noTelemetry,
        holder: name,
        jobs,
        leaseMs: 600_000,
        tickMs: 5,
        firstPauseMs: 1,
        ...more,
      });
      stops.push(async () => {
        await made.stop();
        await own.destroy();
      });
      return made;
    }

    /** A job that tells of its runs. */
    function aJob(name: string, ran: string[], with_: Partial<Job> = {}): Job {
      const run: Job['run'] = async ({ runKey }) => {
        ran.push(runKey);
        return 'did it';
      };
      return { name, due: every(60_000), run, ...with_ };
    }
    const keys = (count: number) => Array.from({ length: count }, (_, i) => runKeyOf(later(i * 60_000)));
    const done = async (job: string) =>
      (await db('job_runs').where({ job, state: 'done' }).orderBy('run_key')).map(({ run_key }) => run_key);

    it('runs each job once for each of 50 slots, with two of them at work', async () => {
      const [a, b]: [string[], string[]] = [[], []];
      const jobs = () => [aJob('a', a), aJob('b', b)];
      await Promise.all([scheduler('one', jobs()).start(), scheduler('two', jobs()).start()]);
      for (const [slot, key] of keys(50).entries()) {
        now = later(slot * 60_000);
        await eventually(async () => expect(await done('b')).to.include(key));
        await eventually(async () => expect(await done('a')).to.include(key));
      }
      expect(a).to.deep.equal(keys(50));
      expect(b).to.deep.equal(keys(50));
      expect((await db('job_runs').max('attempts as most').first())?.['most']).to.equal(1);
    });

    it('runs an old missed slot once after an outage, and each of them of a job that needs every slot', async () => {
      const [some, all]: [string[], string[]] = [[], []];
      const jobs = [aJob('some', some), aJob('all', all, { everySlot: true })];
      const first = scheduler('one', jobs);
      await first.start();
      await eventually(async () => expect([await done('some'), await done('all')]).to.deep.equal([keys(1), keys(1)]));
      await first.stop();
      now = later(5 * 60_000);
      await scheduler('two', jobs).start();
      await eventually(async () => expect(await done('all')).to.deep.equal(keys(6)));
      expect(all).to.deep.equal(keys(6));
      expect(some).to.deep.equal([keys(1)[0], keys(6)[5]]);
    });

    it('runs again under the same key what a process left unfinished, and never what has succeeded', async () => {
      const [left, succeeded]: [string[], string[]] = [[], []];
      const [key = ''] = keys(1);
      await acquireLease(db, { name: SCHEDULER_LEASE, holder: 'dead', now, until: now });
      for (const job of ['left', 'succeeded']) {
        expect(await beginRun(db, SCHEDULER_LEASE, { job, runKey: key, holder: 'dead', now })).to.equal(true);
      }
      await endRun(db, { job: 'succeeded', runKey: key, holder: 'dead', now, state: 'done', detail: '' });
      await scheduler('one', [aJob('left', left), aJob('succeeded', succeeded)]).start();
      await eventually(async () => expect(await done('left')).to.deep.equal([key]));
      expect([left, succeeded]).to.deep.equal([[key], []]);
      expect(await findRun(db, 'left', key)).to.include({ attempts: 2, failures: 0, holder: 'one' });
    });

    it('retries a failing job, and lets no job wait for another', async () => {
      const gate = createGate<void>();
      let tries = 0;
      const failing = aJob('failing', [], {
        async run() {
          tries += 1;
          if (tries < 4) throw new Error(`no ${tries}`);
          return '';
        },
      });
      const hanging = aJob('hanging', [], { run: () => gate.opened.then(() => '') });
      const good: string[] = [];
      await scheduler('one', [failing, hanging, aJob('good', good)], { clock: () => new Date() }).start();
      await eventually(async () => expect(await done('failing')).to.have.length(1));
      expect(good.length).to.be.at.least(1);
      const run = await latestRun(db, 'failing');
      expect(run).to.include({ attempts: 4, failures: 3, state: 'done' });
      expect(await latestRun(db, 'hanging')).to.include({ state: 'running' });
      gate.open();
    });

    it('pauses longer after each failure, also over a change of leader', async () => {
      let tries = 0;
      const failing = aJob('failing', [], {
        async run() {
          tries += 1;
          throw new Error('no');
        },
      });
      const pauses = { firstPauseMs: 1_000, maxPauseMs: 3_000 };
      const one = scheduler('one', [failing], pauses);
      await one.start();
      const triesAt = async (ms: number, expected: number) => {
        now = later(ms);
        await eventually(async () => expect((await latestRun(db, 'failing'))?.failures).to.equal(expected));
        expect(tries).to.equal(expected);
      };
      await triesAt(0, 1);
      await triesAt(1_000, 2);
      now = later(2_999);
      await one.stop();
      await scheduler('two', [failing], pauses).start();
      await eventually(async () => expect((await leaseOf(db, SCHEDULER_LEASE))?.holder).to.equal('two'));
      await triesAt(3_000, 3);
      await triesAt(6_000, 4);
    });

    it('keeps the last 100 runs of a frequent job and all of a rare one', async () => {
      const ran: string[] = [];
      for (const [job, step] of [
        ['frequent', 60_000],
        ['rare', 3_600_000],
      ] as const) {
        const row = { job, state: 'done', holder: 'x', attempts: 1, failures: 0, started_at: AT.toISOString() };
        const rows = Array.from({ length: 150 }, (_, i) => ({ ...row, run_key: runKeyOf(later(-(i + 1) * step)) }));
        await db.batchInsert('job_runs', rows, 50);
      }
      await scheduler('one', [aJob('frequent', ran), aJob('rare', ran, { due: every(3_600_000) })]).start();
      await eventually(async () => expect(await done('rare')).to.have.length(151));
      await eventually(async () => expect(await done('frequent')).to.have.length(100));
      expect((await done('frequent')).at(-1)).to.equal(keys(1)[0]);
    });

    it('breaks off its jobs when it is stopped, and gives the lease back', async () => {
      const gate = createGate<void>();
      const reasons: unknown[] = [];
      const long = aJob('long', [], {
        async run({ signal }) {
          gate.open();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          reasons.push(signal.reason);
          return 'half of it';
        },
      });
      const one = scheduler('one', [long]);
      await one.start();
      await gate.opened;
      expect(one.leads()).to.equal(true);
      await one.stop();
      expect(one.leads()).to.equal(false);
      expect(reasons).to.have.length(1);
      expect(await latestRun(db, 'long')).to.include({ state: 'stopped', failures: 0 });
      expect((await leaseOf(db, SCHEDULER_LEASE))?.holder).to.equal('');
      await scheduler('two', [aJob('long', [])]).start();
      await eventually(async () => expect(await latestRun(db, 'long')).to.include({ state: 'done', attempts: 2 }));
    });

    it('counts a takeover where it happens', async () => {
      const counted: string[] = [];
      const telemetry: Telemetry = {
        ...noTelemetry,
        count: (name, labels) => void counted.push(`${name} ${JSON.stringify(labels)}`),
      };
      await acquireLease(db, { name: SCHEDULER_LEASE, holder: 'dead', now, until: now });
      await scheduler('one', [], { telemetry }).start();
      await eventually(() => expect(counted).to.deep.equal(['bode_lease_takeovers_total {"lease":"scheduler"}']));
    });

    if (kind === 'postgres') {
      it('stops leading before others may, while the store is away, and says so once at the start and once at the end', async () => {
        const cable = await layCable(url);
        const lines: string[] = [];
        const keep = (_: object, text: string) => void lines.push(text);
        const log = Object.assign(Object.create(silentLogger()), { info: keep, warn: keep, error: keep });
        const own = openStore({ url: cable.url, poolSize: 3 });
        const begun: string[] = [];
        const job = aJob('frequent', begun, { due: every(50) });
        const clock = () => new Date();
        stops.push(async () => {
          await own.destroy();
          await cable.remove();
        });
        const one = scheduler('one', [job], { db: own, clock, log, leaseMs: 600, tickMs: 20 });
        await one.start();
        await eventually(() => expect(begun.length).to.be.greaterThan(2));
        const { until } = (await leaseOf(db, SCHEDULER_LEASE)) ?? { until: AT };
        cable.cut();
        await eventually(() => expect(one.leads()).to.equal(false));
        expect(Date.now()).to.be.lessThan(until.getTime() + 700); // it may have renewed once more
        const count = begun.length;
        const two: string[] = [];
        await scheduler('two', [aJob('frequent', two, { due: every(50) })], { clock, leaseMs: 600 }).start();
        await eventually(() => expect(two.length).to.be.greaterThan(10));
        expect(begun).to.have.length(count);
        cable.mend();
        await eventually(() => expect(lines.filter((line) => line.endsWith(': back'))).to.have.length(1));
        expect(lines.filter((line) => line.endsWith(': away'))).to.have.length(1);
        expect(begun.filter((key) => two.includes(key))).to.deep.equal([]);
      });
    }

    it('is left alone by a run by hand, and leaves that alone', async () => {
      const gate = createGate<void>();
      const [key = ''] = keys(1);
      const byHand: string[] = [];
      const held = aJob('held', byHand, {
        async run() {
          byHand.push('begun');
          await gate.opened;
          return 'by hand';
        },
      });
      const deps = { db, clock: () => now, log: silentLogger(), telemetry: noTelemetry };
      const hand = { job: held, runKey: key, who: 'operator', signal: new AbortController().signal };
      const running = runByHand(deps, { ...hand, holder: 'h' });
      await eventually(() => expect(byHand).to.deep.equal(['begun']));

      const scheduled: string[] = [];
      const witness: string[] = [];
      await scheduler('one', [aJob('held', scheduled), aJob('witness', witness)], { firstPauseMs: 0 }).start();
      await eventually(() => expect(witness).to.deep.equal([key]));
      const refused = await runByHand(deps, { ...hand, holder: 'h2' }).catch((error: unknown) => error);
      expect(refused).to.include({ code: 'access_denied' });
      gate.open();
      expect(await running).to.deep.equal({ state: 'done', detail: 'by hand' });
      expect(await runByHand(deps, { ...hand, holder: 'h3' })).to.equal('already done');
      now = later(60_000);
      await eventually(() => expect(scheduled).to.deep.equal([keys(2)[1]]));
      expect(await db('audit').select('who', 'what', 'subject', 'outcome')).to.deep.equal([
        { who: 'operator', what: 'job run', subject: `held ${key}`, outcome: 'done' },
      ]);
      for (const wrong of ['2026-11-22T11:40:01Z', 'x', '2026-11-22T11:42:00Z', '2026-11-22T11:40:00.000Z']) {
        const error = await runByHand(deps, { ...hand, runKey: wrong, holder: 'h' }).catch((thrown: unknown) => thrown);
        expect(error).to.include({ code: 'usage_wrong' });
      }
    });
  });

  describe(`schedulers in processes of their own: ${kind}`, function () {
    this.timeout(90_000);
    let db: Db;
    let url: string;
    let close: () => Promise<void>;
    const children: ChildProcess[] = [];
    let said: Said[] = [];

    beforeEach(async () => {
      ({ db, url, close } = await openTestStore(kind));
      said = [];
    });
    afterEach(async () => {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await close();
    });

    /** Starts one; resolves when it takes part. */
    async function begin(): Promise<ChildProcess> {
      const child = fork(join(packageRoot(), 'dist/test/support/scheduler-process.js'), [url]);
      child.on('message', (line) => said.push(line as Said));
      children.push(child);
      await eventually(
        () => expect(said.some(({ pid, what }) => pid === child.pid && what === 'ready')).to.equal(true),
        25_000,
      );
      return child;
    }
    const slowOf = (child: ChildProcess) => said.filter(({ pid, job }) => pid === child.pid && job === 'slow');

    /** Two, of which the first leads. */
    async function two(): Promise<[ChildProcess, ChildProcess]> {
      const first = await begin();
      await eventually(() => expect(slowOf(first)).not.to.deep.equal([]));
      const second = await begin();
      await eventually(() => expect(slowOf(first).length).to.be.greaterThan(5));
      return [first, second];
    }
    const takesOver = (child: ChildProcess) => eventually(() => expect(slowOf(child)).not.to.deep.equal([]));

    it('replace one that is killed, and run again what it left', async () => {
      const [first, second] = await two();
      first.kill('SIGKILL');
      const at = Date.now();
      await takesOver(second);
      expect(Date.now() - at).to.be.lessThan(9_000);
      expect((await leaseOf(db, SCHEDULER_LEASE))?.takeovers).to.equal(1);
      expect((await latestRun(db, 'slow'))?.attempts).to.equal(2);
    });

    it('replace one that is paused; when it wakes it does nothing more', async () => {
      const [first, second] = await two();
      first.kill('SIGSTOP');
      await takesOver(second);
      const woken = Date.now();
      first.kill('SIGCONT');
      await eventually(() => expect(slowOf(second).at(-1)?.at).to.be.greaterThan(woken + 500));
      expect(said.filter(({ pid, at }) => pid === first.pid && at >= woken)).to.deep.equal([]);
      expect((await leaseOf(db, SCHEDULER_LEASE))?.holder).to.equal(`process ${second.pid}`);
    });

    it('replace at once one that is told to stop', async () => {
      const [first, second] = await two();
      first.kill('SIGTERM');
      const [status] = await once(first, 'exit');
      const at = Date.now();
      await takesOver(second);
      expect(status).to.equal(0);
      expect(Date.now() - at).to.be.lessThan(2_500);
      expect((await leaseOf(db, SCHEDULER_LEASE))?.takeovers).to.equal(0);
    });

    it('run no slot twice, whatever happens to them', async () => {
      const [first, second] = await two();
      first.kill('SIGKILL');
      await takesOver(second);
      const third = await begin();
      second.kill('SIGTERM');
      await takesOver(third);
      const quick = () => said.filter(({ job }) => job === 'quick').map(({ runKey }) => runKey);
      await eventually(() => expect(quick().length).to.be.greaterThan(10));
      const runs = quick();
      expect(new Set(runs).size).to.equal(runs.length);
    });
  });
}
