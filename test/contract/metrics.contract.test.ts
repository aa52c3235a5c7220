import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { createMetrics, type MetricsDeps } from '../../channels/observe/metrics.ts';
import { packageRoot } from '../../config/package-root.ts';
import { brokerCheck, outboxCheck } from '../../engine/broker/health.ts';
import { addToOutbox, claimDue, releaseLeases } from '../../engine/broker/outbox.ts';
import { healthOf } from '../../engine/core/health.ts';
import { silentLogger } from '../../engine/core/logger.ts';
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
      await addToOutbox(db, aMessage('a'), { now: ago(30) });
      await addToOutbox(db, aMessage('b'), { now: ago(90) });
      await addToOutbox(db, aMessage('c'), { now: NOW, dueAt: ago(-60) });
      const text = await metricsOf(db)();
      expect(text).to.include('bode_outbox_rows{queue="submissions"} 3\n');
      expect(text).to.include('bode_outbox_oldest_due_age_seconds{queue="submissions"} 90\n');
      expect(text).to.include('bode_outbox_rows{queue="answers"} 0\n');
      expect(text).to.include('bode_outbox_oldest_due_age_seconds{queue="forms"} 0\n');
    });

    it('show the age of a message that the broker refuses again and again', async () => {
      await addToOutbox(db, aMessage('a'), { now: ago(90) });
      const [entry] = await claimDue(db, 'submissions', { now: ago(1), until: ago(-60), limit: 1 });
      await releaseLeases(db, [entry?.id ?? 0], ago(-5));
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
      await addToOutbox(db, aMessage('a'), { now: NOW });
      expect(await metrics())
        .to.include('bode_up 1\n')
        .and.include('bode_outbox_rows{');
      await db.destroy();
      const text = await metrics();
      expect(text).to.include('bode_up 0\n').and.include('bode_check_ok{check="store"} 0\n');
      expect(text).to.include('bode_disk_free_bytes 700\n').and.include('bode_process_cpu_seconds_total ');
      expect(text).not.to.include('bode_outbox_rows{');
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
    const used = new Set(expressions.flatMap((expression) => expression.match(/\bbode_[a-z_]+/g) ?? []));
    expect(expressions.length).to.be.greaterThan(15);
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
