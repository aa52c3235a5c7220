import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import type { Job } from '../../engine/jobs/job.ts';
import { createScheduler } from '../../engine/jobs/scheduler.ts';
import { every } from '../../engine/jobs/timetable.ts';
import { openStore } from '../../engine/store/database.ts';

/** What the process says to whoever forked it: that it is `ready`, of no job, and what its jobs do. */
export interface Said {
  readonly pid: number;
  readonly job: string;
  readonly runKey: string;
  readonly what: 'ready' | 'begins' | 'step' | 'ends';
  readonly at: number;
}

/** A scheduler in a process of its own: `node scheduler-process.js STORE-URL`. It ends well on SIGTERM. */
const [url = ''] = process.argv.slice(2);
const db = openStore({ url, poolSize: 3 });

const say = (job: string, runKey: string, what: Said['what']) =>
  process.send?.({ pid: process.pid, job, runKey, what, at: Date.now() } satisfies Said);

const quick: Job = {
  name: 'quick',
  due: every(200),
  async run({ runKey }) {
    say('quick', runKey, 'begins');
    return '';
  },
};

/** Takes for ever, step by step; the same run key for a century: with an hour, tests failed that went past a full one. */
const slow: Job = {
  name: 'slow',
  due: every(100 * 365 * 24 * 3_600_000),
  async run({ runKey, proceed }) {
    say('slow', runKey, 'begins');
    for (;;) {
      await delay(10);
      proceed();
      say('slow', runKey, 'step');
    }
  },
};

const scheduler = createScheduler({
  db,
  clock: systemClock,
  log: silentLogger(),
  telemetry: noTelemetry,
  holder: `process ${process.pid}`,
  jobs: [quick, slow],
  leaseMs: 3_000,
  tickMs: 50,
});

process.once('SIGTERM', () => void scheduler.stop().then(() => process.exit(0)));
await scheduler.start();
say('', '', 'ready');
