import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CheckResult } from '../../engine/core/health.ts';
import { createLogger, type Logger, silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { tellTransitions } from '../../engine/jobs/alert-program.ts';
import { listAlerts, tellNobody } from '../../engine/jobs/alert-rows.ts';
import { judgeAlerts } from '../../engine/jobs/alerts.ts';
import { alertsJob } from '../../engine/jobs/alerts-job.ts';
import {
  auditUnlinked,
  type Condition,
  deadLettersWait,
  type Finding,
  failingCheck,
  jobFails,
  senderPaused,
} from '../../engine/jobs/conditions.ts';
import { beginRun, endRun } from '../../engine/jobs/job-runs.ts';
import { acquireLease } from '../../engine/jobs/lease.ts';
import { createScheduler, SCHEDULER_LEASE } from '../../engine/jobs/scheduler.ts';
import { audit } from '../../engine/store/audit.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { openTestStore, STORES } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDir } from '../support/pki.ts';

const AT = new Date('2026-11-22T11:40:00.000Z');
const TABLES = ['alerts', 'audit', 'dead_letters', 'breakers', 'job_runs', 'leases'];

for (const kind of STORES) {
  describe(`alerts: ${kind}`, () => {
    let db: Db;
    let other: Db;
    let close: () => Promise<void>;
    let now: Date;
    let lines: string[];

    before(async () => {
      const store = await openTestStore(kind);
      ({ db, close } = store);
      other = openStore({ url: store.url, poolSize: 5 });
    });
    beforeEach(() => {
      now = AT;
      lines = [];
    });
    afterEach(async () => {
      for (const table of TABLES) await db(table).delete();
    });
    after(async () => {
      await other.destroy();
      await close();
    });

    /** Keeps what is logged, as `level text: alert subject`. */
    function logger(): Logger {
      const log = silentLogger();
      const keep = (level: string) => (fields: Record<string, unknown>, text: string) => {
        lines.push([level, `${text}:`, fields['alert'], fields['subject']].filter(Boolean).join(' '));
      };
      return Object.assign(Object.create(log), { error: keep('error'), warn: keep('warn') });
    }
    const judge = (conditions: readonly Condition[], on = db) =>
      judgeAlerts({ db: on, clock: () => now, log: logger() }, conditions);
    const at = (seconds: number) => {
      now = new Date(AT.getTime() + seconds * 1_000);
    };
    const audited = () => db('audit').orderBy('id').select('what', 'subject', 'who');

    /** A condition whose findings the test sets. */
    function aCondition(findings: Finding[]): Condition {
      return { name: 'trouble', level: 'error', find: async () => findings };
    }
    const letters = (count: number, queue: string) =>
      db.batchInsert(
        'dead_letters',
        Array.from({ length: count }, (_, i) => ({
          queue,
          message_id: `m${i}`,
          message: '{}',
          attempt: 8,
          reason: 'r',
          buried_at: AT.toISOString(),
        })),
        100,
      );

    it('tell of a burst of 1,000 dead letters once when it begins and once when it is over', async () => {
      await letters(1, 'forms');
      expect(await judge([deadLettersWait])).to.equal(1);
      await db('dead_letters').delete();
      await letters(1_000, 'forms');
      at(15);
      expect(await judge([deadLettersWait])).to.equal(0);
      expect((await listAlerts(db, { all: false, limit: 9 }))[0]).to.include({
        name: 'dead letters',
        subject: 'forms',
        detail: '1000 given up: see `bode dead`',
      });
      await db('dead_letters').delete();
      for (const second of [30, 45, 60, 75]) {
        at(second);
        expect(await judge([deadLettersWait])).to.equal(0);
      }
      at(90);
      expect(await judge([deadLettersWait])).to.equal(1);
      at(105);
      expect(await judge([deadLettersWait])).to.equal(0);
      expect(lines).to.deep.equal(['error alert raised: dead letters forms', 'warn alert cleared: dead letters forms']);
      expect(await audited()).to.deep.equal([
        { what: 'alert raised', subject: 'dead letters: forms', who: 'engine' },
        { what: 'alert cleared', subject: 'dead letters: forms', who: 'engine' },
      ]);
      expect(await listAlerts(db, { all: false, limit: 9 })).to.deep.equal([]);
      expect(await listAlerts(db, { all: true, limit: 9 })).to.have.length(1);
    });

    it('stay the same alert when their cause goes and comes back within a minute', async () => {
      const findings: Finding[] = [{ subject: '', detail: 'first' }];
      for (let second = 0; second < 600; second += 15) {
        at(second);
        await judge([aCondition(second % 60 < 30 ? findings : [])]);
      }
      expect(lines).to.deep.equal(['error alert raised: trouble']);
      at(615);
      await judge([aCondition([])]);
      at(675);
      await judge([aCondition([])]);
      at(700);
      await judge([aCondition(findings)]);
      expect(lines).to.deep.equal([
        'error alert raised: trouble',
        'warn alert cleared: trouble',
        'error alert raised: trouble',
      ]);
    });

    it('are raised once and cleared once by many processes that judge at the same time', async () => {
      const findings = ['a', 'b', 'c'].map((subject) => ({ subject, detail: 'd' }));
      const together = async (condition: Condition) => {
        const changes = Array.from({ length: 8 }, (_, i) => judge([condition], i % 2 === 0 ? db : other));
        return (await Promise.all(changes)).reduce((sum, one) => sum + one, 0);
      };
      expect(await together(aCondition(findings))).to.equal(3);
      at(15);
      expect(await together(aCondition([]))).to.equal(0);
      at(75);
      expect(await together(aCondition([]))).to.equal(3);
      expect(lines).to.have.length(6);
      expect(await audited()).to.have.length(6);
    });

    it('stay as they are while their condition cannot be seen, and hold up no other', async () => {
      await judge([aCondition([{ subject: '', detail: 'd' }])]);
      const blind: Condition = { name: 'trouble', level: 'error', find: () => Promise.reject(new Error('away')) };
      const seen: Condition = { ...aCondition([{ subject: 'x', detail: 'd' }]), name: 'seen' };
      for (const second of [100, 200]) {
        at(second);
        await judge([blind, seen]);
      }
      const standing = await listAlerts(db, { all: false, limit: 9 });
      expect(standing.map(({ name, goneSince }) => [name, goneSince])).to.deep.equal([
        ['seen', null],
        ['trouble', null],
      ]);
    });

    it('know a paused sender, a job that failed three times, an audit that is not linked, a check that is not UP', async () => {
      const at = AT.toISOString();
      const breaker = { failures: 5, trips: 1, reason: 'r', failed_at: at, changed_at: at };
      await db('breakers').insert({ ...breaker, sender: '123456', state: 'open' });
      await db('breakers').insert({ ...breaker, sender: '222222', state: 'closed' });
      await acquireLease(db, { name: SCHEDULER_LEASE, holder: 'h', now, until: now });
      const fail = async (job: string, runKey: string) => {
        const run = { job, runKey, holder: 'h', now };
        await beginRun(db, SCHEDULER_LEASE, run);
        await endRun(db, { ...run, state: 'failed', detail: 'no' });
      };
      for (const runKey of ['1', '1', '2']) await fail('thrice', runKey);
      for (const runKey of ['1', '2']) await fail('twice', runKey);
      await audit(db, { at: AT, who: 'engine', what: 'job run', subject: 's', outcome: 'done' });
      const check = (status: CheckResult['status']) => async () => ({ name: 'disk', status, reason: 'full' });

      const found = async (condition: Condition) => {
        const findings = await condition.find(db, new Date(AT.getTime() + 300_001));
        return findings.map(({ subject }) => subject);
      };
      expect(await found(senderPaused)).to.deep.equal(['123456']);
      expect(await found(jobFails([{ name: 'thrice' }, { name: 'twice' }]))).to.deep.equal(['thrice']);
      expect(await found(auditUnlinked())).to.deep.equal(['']);
      expect(await auditUnlinked().find(db, new Date(AT.getTime() + 300_000))).to.deep.equal([]);
      expect(await failingCheck('disk', 'error', check('DEGRADED')).find(db, now)).to.deep.equal([
        { subject: '', detail: 'full' },
      ]);
      expect(await failingCheck('disk', 'error', check('UP')).find(db, now)).to.deep.equal([]);
    });

    describe('told to a program', () => {
      let dir: string;
      let remove: () => Promise<void>;
      beforeEach(async () => {
        ({ dir, remove } = await temporaryDir());
      });
      afterEach(() => remove());

      const told = async () => {
        const text = await readFile(join(dir, 'told'), 'utf8').catch(() => '');
        return text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
      };
      /** A shell script that keeps what it reads, and then goes on as the test says. */
      async function program(then = ''): Promise<string[]> {
        const path = join(dir, 'program');
        await writeFile(path, `#!/bin/sh\ncat >> "$1"\n${then}\n`);
        await chmod(path, 0o700);
        return [path, join(dir, 'told')];
      }
      const tell = (command: readonly string[], withinMs = 10_000) =>
        tellTransitions({ command, db, log: logger(), proceed: () => undefined, withinMs });

      it('are told once each, in order, also when they were raised before a restart', async () => {
        const command = await program();
        const findings = [{ subject: 'it\'s "$(x)"', detail: 'd' }];
        await judge([aCondition(findings)]);
        await tell(command);
        await tell(command);
        for (const second of [15, 75]) {
          at(second);
          await judge([aCondition([])]);
        }
        await tell(command);
        await tell(command);
        expect(
          (await told()).map(({ transition, name, subject, detail }) => [transition, name, subject, detail]),
        ).to.deep.equal(['raised', 'cleared'].map((transition) => [transition, 'trouble', 'it\'s "$(x)"', 'd']));
        expect(await told()).to.have.nested.property('[1].clearedAt', now.toISOString());
      });

      it('are tried three times when it fails, and then given up; each failure is logged', async () => {
        const command = await program('exit 3');
        await judge([aCondition([{ subject: '', detail: 'd' }])]);
        lines = [];
        for (let i = 0; i < 5; i += 1) await tell(command);
        expect(await told()).to.have.length(3);
        expect(lines).to.deep.equal(Array(3).fill('error alert program failed: trouble'));
      });

      it('do not wait for one that hangs, or that is not there', async () => {
        await judge([aCondition([{ subject: '', detail: 'd' }])]);
        const began = Date.now();
        await tell(await program('exec sleep 60'), 300);
        expect(Date.now() - began).to.be.lessThan(5_000);
        await tell([join(dir, 'nothing')]);
        expect(lines.filter((line) => line.startsWith('error alert program failed'))).to.have.length(2);
      });

      it('of a time without a program are not told later', async () => {
        await judge([aCondition([{ subject: '', detail: 'd' }])]);
        await tellNobody(db);
        await tell(await program());
        expect(await told()).to.deep.equal([]);
      });

      it('are told by the job, and by one scheduler of two', async () => {
        const findings: Finding[] = [{ subject: '', detail: 'd' }];
        const command = await program();
        const conditions = [aCondition(findings)];
        const schedulers = ['one', 'two'].map((holder) =>
          createScheduler({
            db: holder === 'one' ? db : other,
            clock: () => now,
            log: createLogger({ level: 'silent', fd: 2 }),
            telemetry: noTelemetry,
            holder,
            jobs: [alertsJob({ conditions, command })],
            tickMs: 5,
            leaseMs: 600_000,
          }),
        );
        for (const scheduler of schedulers) await scheduler.start();
        await eventually(async () => expect(await told()).to.have.length(1));
        findings.length = 0;
        at(15);
        await eventually(async () => expect(await db('alerts').whereNotNull('gone_since')).to.have.length(1));
        at(90);
        await eventually(async () => expect(await told()).to.have.length(2));
        for (const scheduler of schedulers) await scheduler.stop();
      });
    });
  });
}
