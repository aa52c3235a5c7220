import type { Check } from '../core/health.ts';
import type { Db } from '../store/database.ts';
import type { Job } from './job.ts';
import { failuresOf } from './job-runs.ts';

/** Something that is wrong now. */
export interface Finding {
  /** What it is about, at most 80 characters; '' when there is only one of its kind. */
  readonly subject: string;
  /** For people; no INSS number, no secret. */
  readonly detail: string;
}

/** Something that an operator must act on, and how to see it. */
export interface Condition {
  /** Names the alert; at most 40 characters. */
  readonly name: string;
  readonly level: 'error' | 'warn';
  /** All that is wrong now. Rejects when that is not known: nothing is raised or cleared then. */
  find(db: Db, now: Date): Promise<readonly Finding[]>;
}

/** Subjects of one condition that are told apart; more of them would be a flood. */
const MOST_SUBJECTS = 50;
const COUNTED = 100_000;

/** Something that a health check sees: wrong while it is not UP. */
export function failingCheck(name: string, level: Condition['level'], check: Check): Condition {
  return {
    name,
    level,
    async find() {
      const { status, reason = status } = await check();
      return status === 'UP' ? [] : [{ subject: '', detail: reason }];
    },
  };
}

/** Work was given up and waits for somebody to decide; one alert for each queue, however many letters. */
export const deadLettersWait: Condition = {
  name: 'dead letters',
  level: 'error',
  async find(db) {
    const bounded = db('dead_letters').select('queue').limit(COUNTED).as('bounded');
    const rows = await db.from(bounded).select('queue').count('* as letters').groupBy('queue');
    return rows.map(({ queue, letters }) => ({
      subject: String(queue),
      detail: `${letters} given up: see \`bode dead\``,
    }));
  },
};

/** A sender's work keeps failing, so it is paused. */
export const senderPaused: Condition = {
  name: 'sender paused',
  level: 'warn',
  async find(db) {
    const rows = await db('breakers')
      .select('sender', 'failures')
      .where({ state: 'open' })
      .orderBy('sender')
      .limit(MOST_SUBJECTS);
    return rows.map(({ sender, failures }) => ({
      subject: sender,
      detail: `its work failed ${failures} times in a row`,
    }));
  },
};

/** A job has failed `times` in a row. */
export function jobFails(jobs: readonly Pick<Job, 'name'>[], times = 3): Condition {
  return {
    name: 'job fails',
    level: 'error',
    async find(db) {
      const findings: Finding[] = [];
      for (const { name } of jobs) {
        const { count } = await failuresOf(db, name);
        if (count >= times)
          findings.push({ subject: name, detail: `failed ${count} times in a row: see \`bode jobs list\`` });
      }
      return findings;
    },
  };
}

/** The chain of the audit is not what was kept of it: nothing is linked until an operator has looked. */
export function auditBroken(conflict: () => Promise<string | undefined>): Condition {
  return {
    name: 'audit broken',
    level: 'error',
    async find() {
      const reason = await conflict();
      return reason === undefined ? [] : [{ subject: '', detail: `${reason}: see \`bode audit verify\`` }];
    },
  };
}

/** Audit lines have waited for longer than `maxAgeMs` to be linked into the chain. */
export function auditUnlinked(maxAgeMs = 300_000): Condition {
  return {
    name: 'audit not linked',
    level: 'error',
    async find(db, now) {
      const before = new Date(now.getTime() - maxAgeMs).toISOString();
      const row = await db('audit').select('at').whereNull('seq').andWhere('at', '<', before).first();
      return row ? [{ subject: '', detail: `audit lines have waited for more than ${maxAgeMs / 1_000} s` }] : [];
    },
  };
}
