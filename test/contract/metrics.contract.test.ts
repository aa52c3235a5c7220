import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { createMetrics, type MetricsDeps } from '../../channels/observe/metrics.ts';
import { packageRoot } from '../../config/package-root.ts';
import { brokerCheck, outboxCheck } from '../../engine/broker/health.ts';
import { addToOutbox } from '../../engine/broker/outbox.ts';
import { claimDue } from '../../engine/broker/outbox-claims.ts';
import { releaseLeases } from '../../engine/broker/outbox-leases.ts';
import { healthOf } from '../../engine/core/health.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { acquireLease } from '../../engine/jobs/lease.ts';
import { audit } from '../../engine/store/audit.ts';
import type { Db } from '../../engine/store/database.ts';
import { storeCheck } from '../../engine/store/health.ts';
import type { Message } from '../../schemas/messages.ts';
import { openTestStore, STORES } from '../support/database.ts';

const NOW = new Date('2026-11-22T09:00:00.000Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);

const aMessage = (id: string): Message => ({ kind: 'submission.received', id, ticket: '1234567890123' });

async function addSubmission(db: Db, ticket: string, with_: { state: string; code: 0 | 1 | null; receivedAt: Date }) {
  await db('submissions').insert({
    ticket,
    sender: '123456',
    stem: `stem-${ticket}`,
    content_hash: ticket,
    goal: 'DMFA',
    environment: 'R',
    channel: 'sftp',
    state: with_.state,
    result_code: with_.code,
    errors: '[]',
    received_at: with_.receivedAt.toISOString(),
  });
}

function metricsOf(db: Db, more: Partial<MetricsDeps> = {}) {
  const health = () => healthOf([storeCheck(db)]);
  const deps = { db, clock: () => NOW, log: silentLogger(), health, freeBytes: async () => 700, minFreeBytes: 512 };
  return createMetrics({ ...deps, ...more });
}

for (const kind of STORES) {
  describe(`metrics: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    it('show what waits by queue, and for how long the longest due has', async () => {
      await addToOutbox(db, aMessage('a'), { now: ago(30), sender: '123456' });
      await addToOutbox(db, aMessage('b'), { now: ago(90), sender: '123456' });
      await addToOutbox(db, aMessage('c'), { now: NOW, sender: '123456', dueAt: ago(-60) });
      const text = await metricsOf(db)();
      expect(text).to.include('bode_outbox_rows{queue="submissions"} 3\n');
      expect(text).to.include('bode_outbox_oldest_due_age_seconds{queue="submissions"} 90\n');
      expect(text).to.include('bode_outbox_rows{queue="answers"} 0\n');
      expect(text).to.include('bode_outbox_oldest_due_age_seconds{queue="forms"} 0\n');
    });

    it('tell what is in hand and what waits for another attempt', async () => {
      for (const id of ['a', 'b']) await addToOutbox(db, aMessage(id), { now: ago(30), sender: '123456' });
      await addToOutbox(db, aMessage('c'), { now: NOW, sender: '123456', dueAt: ago(-60) });
      await db('outbox')
        .where({ message_id: 'a' })
        .update({ leased_until: ago(-5).toISOString() });
      await db('outbox')
        .where({ message_id: 'b' })
        .update({ leased_until: ago(5).toISOString() });
      const text = await metricsOf(db)();
      expect(text).to.include('bode_outbox_in_hand_rows{queue="submissions"} 1\n');
      expect(text).to.include('bode_outbox_postponed_rows{queue="submissions"} 1\n');
    });

    it('show alerts, paused senders, jobs, the audit and who leads', async () => {
      const alert = { name: 'dead letters', detail: 'd', raised_at: ago(5).toISOString(), told: 0, refused: 0 };
      await db('alerts').insert({ ...alert, subject: 'forms' });
      await db('alerts').insert({ ...alert, subject: 'answers' });
      await db('alerts').insert({ ...alert, subject: 'submissions', cleared_at: NOW.toISOString() });
      const at = NOW.toISOString();
      const breaker = { failures: 5, trips: 1, reason: 'r', failed_at: at, changed_at: at };
      for (const [sender, state] of Object.entries({ 123456: 'open', 222222: 'resumed', 333333: 'closed' })) {
        await db('breakers').insert({ sender, state, ...breaker });
      }
      const run = { job: 'sweep', holder: 'h', attempts: 1, failures: 0, started_at: ago(100).toISOString() };
      await db('job_runs').insert({ ...run, run_key: '1', state: 'done', finished_at: ago(90).toISOString() });
      await db('job_runs').insert({ ...run, run_key: '2', state: 'failed', finished_at: ago(10).toISOString() });
      await acquireLease(db, { name: 'scheduler', holder: 'a', now: ago(60), until: ago(50) });
      await acquireLease(db, { name: 'scheduler', holder: 'b', now: ago(40), until: ago(30) });
      const line = { who: 'engine', what: 'job run', subject: 's', outcome: 'done' } as const;
      for (const at of [ago(70), ago(20)]) await audit(db, { ...line, at });

      const text = await metricsOf(db, { jobs: ['sweep', 'recover'], leads: () => true })();
      for (const shown of [
        'bode_alerts{name="dead letters"} 2',
        'bode_senders_paused 1',
        'bode_job_last_success_age_seconds{job="sweep"} 90',
        'bode_scheduler_takeovers 1',
        'bode_scheduler_leader 1',
        'bode_audit_unlinked_lines 2',
        'bode_audit_unlinked_age_seconds 70',
      ]) {
        expect(text).to.include(`${shown}\n`);
      }
      expect(text).not.to.include('job="recover"');
      expect(await metricsOf(db)()).to.include('bode_scheduler_leader 0\n');
    });

    it('show the age of a message that the broker refuses again and again', async () => {
      await addToOutbox(db, aMessage('a'), { now: ago(90), sender: '123456' });
      const refused = await claimDue(db, 'submissions', { now: ago(1), until: ago(-60), limit: 1 });
      await releaseLeases(db, refused, ago(-5));
      expect(await metricsOf(db)()).to.include('bode_outbox_oldest_due_age_seconds{queue="submissions"} 90\n');
      const check = (maxAgeMs: number) => outboxCheck({ db, clock: () => NOW, maxAgeMs })();
      expect((await check(90_000)).status).to.equal('UP');
      expect(await check(89_000)).to.deep.equal({
        name: 'outbox',
        status: 'DEGRADED',
        reason: 'a message of submissions has been due for 90 s, over 89 s',
      });
    });

    it('show dead letters by queue', async () => {
      const row = { queue: 'forms', message: '{}', attempt: 8, reason: 'r', buried_at: NOW.toISOString() };
      for (const message_id of ['a', 'b']) await db('dead_letters').insert({ ...row, message_id });
      const text = await metricsOf(db)();
      expect(text).to.include('bode_dead_letters{queue="forms"} 2\n');
      expect(text).to.include('bode_dead_letters{queue="submissions"} 0\n');
    });

    it('count the submissions of the last hour by state and result', async () => {
      await addSubmission(db, '0000000000001', { state: 'handled', code: 1, receivedAt: ago(10) });
      await addSubmission(db, '0000000000002', { state: 'handled', code: 1, receivedAt: ago(3_600) });
      await addSubmission(db, '0000000000003', { state: 'refused', code: 0, receivedAt: ago(20) });
      await addSubmission(db, '0000000000004', { state: 'received', code: null, receivedAt: ago(5) });
      await addSubmission(db, '0000000000005', { state: 'refused', code: 0, receivedAt: ago(3_601) });
      const counted = (await metricsOf(db)()).split('\n').filter((line) => line.startsWith('bode_recent_submissions{'));
      expect(counted).to.have.members([
        'bode_recent_submissions{state="handled",result="accepted"} 2',
        'bode_recent_submissions{state="refused",result="refused"} 1',
        'bode_recent_submissions{state="received",result="pending"} 1',
      ]);
    });

    it('leave out the store while it does not answer, and tell all else', async () => {
      const metrics = metricsOf(db);
      await addToOutbox(db, aMessage('a'), { now: NOW, sender: '123456' });
      expect(await metrics())
        .to.include('bode_up 1\n')
        .and.include('bode_outbox_rows{');
      await db.destroy();
      const text = await metrics();
      expect(text).to.include('bode_up 0\n').and.include('bode_check_ok{check="store"} 0\n');
      expect(text).to.include('bode_disk_free_bytes 700\n').and.include('bode_process_cpu_seconds_total ');
      for (const unknown of ['bode_outbox_rows{', 'bode_senders_paused ', 'bode_audit_unlinked_lines ']) {
        expect(text).not.to.include(`\n${unknown}`);
      }
    });
  });
}

describe('metrics', () => {
  let db: Db;
  let close: () => Promise<void>;
  before(async () => {
    ({ db, close } = await openTestStore());
  });
  after(() => close());

  it('of two engines in one process know nothing of each other', async () => {
    const [one, other] = [metricsOf(db), metricsOf(db, { minFreeBytes: 1 })];
    expect(await one()).to.include('bode_disk_min_free_bytes 512\n');
    expect(await other()).to.include('bode_disk_min_free_bytes 1\n');
  });

  it('have names of the engine’s own, and each says what it is', async () => {
    const text = await metricsOf(db)();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    expect(names.length).to.be.greaterThan(10);
    for (const name of names) {
      expect(name).to.match(/^bode_[a-z_]+$/);
      expect(text).to.match(new RegExp(`^# HELP ${name} .{10,}`, 'm'));
    }
  });

  it('are all that the dashboard and the alerts ask for', async () => {
    const read = (name: string) => readFileSync(join(packageRoot(), 'docs', 'observe', name), 'utf8');
    const panels = JSON.parse(read('grafana-dashboard.json')).panels as { targets: { expr: string }[] }[];
    const alerts = parse(read('alerts.yaml')).groups as { rules: { alert: string; expr: string }[] }[];
    const expressions = [
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...alerts.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ];
    const known = new Set([...(await metricsOf(db)()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const named = expressions.flatMap((expression) => expression.match(/\bbode_[a-z_]+/g) ?? []);
    const used = new Set(named.map((name) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''))));
    expect(expressions.length).to.be.greaterThan(30);
    expect([...used].filter((name) => !known.has(name))).to.deep.equal([]);
    expect([...known].filter((name) => !used.has(name ?? ''))).to.deep.equal(['bode_process_start_time_seconds']);
  });
});

describe('the check of the broker', () => {
  it('is DEGRADED while the broker is away', async () => {
    expect((await brokerCheck({ health: () => 'up' })()).status).to.equal('UP');
    expect((await brokerCheck({ health: () => 'down' })()).status).to.equal('DEGRADED');
  });
});
