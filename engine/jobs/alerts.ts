import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { within } from '../core/health.ts';
import type { Logger } from '../core/logger.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { type Alert, clearAlert, noteAlert, raiseAlert, standingAlerts, type Transition } from './alert-rows.ts';
import type { Condition, Finding } from './conditions.ts';

/** A condition that has been gone for less, and comes back, is the same alert. */
const SETTLED_MS = 60_000;
const CONDITION_WITHIN_MS = 10_000;

export interface AlertDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Change {
  readonly transition: Transition;
  readonly subject: string;
  readonly detail: string;
}

/**
 * Looks at every condition and raises and clears alerts: each once, over any number of processes and restarts. Every
 * transition is an audit line and a log line. A condition that cannot be seen now leaves its alerts as they are.
 *
 * @returns how many transitions there were.
 */
export async function judgeAlerts(deps: AlertDeps, conditions: readonly Condition[]): Promise<number> {
  let changes = 0;
  for (const condition of conditions) {
    const findings = await look(deps, condition);
    if (findings) changes += await judge(deps, condition, findings);
  }
  return changes;
}

async function look({ db, clock, log }: AlertDeps, { name, find }: Condition): Promise<readonly Finding[] | undefined> {
  try {
    return await within(CONDITION_WITHIN_MS, find(db, clock()));
  } catch (error) {
    log.warn({ alert: name, reason: messageOf(error) }, 'alert cannot be judged');
    return undefined;
  }
}

async function judge(deps: AlertDeps, { name, level }: Condition, findings: readonly Finding[]): Promise<number> {
  const standing = await standingAlerts(deps.db, name);
  const now = deps.clock();
  if (!isNews(standing, findings)) return 0;
  const changes = await inTransaction(deps.db, async (tx) => {
    const known = await standingAlerts(tx, name);
    const fresh = findings.filter(({ subject }) => !known.some((alert) => alert.subject === subject));
    return [...(await raise(tx, name, fresh, now)), ...(await settle(tx, known, findings, now))];
  });
  for (const { transition, subject, detail } of changes) {
    const told = transition === 'raised' ? level : 'warn';
    deps.log[told]({ alert: name, ...(subject !== '' && { subject }), detail }, `alert ${transition}`);
  }
  return changes.length;
}

/** False in the usual case, which writes nothing: nothing is wrong, or what stands is still as it was. */
function isNews(standing: readonly Alert[], findings: readonly Finding[]): boolean {
  if (standing.length !== findings.length) return true;
  return standing.some(({ subject, detail, goneSince }) => {
    const finding = findings.find((one) => one.subject === subject);
    return goneSince !== null || finding?.detail !== detail;
  });
}

async function raise(tx: Db, name: string, findings: readonly Finding[], now: Date): Promise<Change[]> {
  const changes: Change[] = [];
  for (const finding of findings) {
    if ((await raiseAlert(tx, { name, ...finding }, now)) === undefined) continue;
    changes.push({ transition: 'raised', ...finding });
    await auditChange(tx, name, finding, 'raised', now);
  }
  return changes;
}

/** Keeps what stands up to date, and clears what has been gone for long enough. */
async function settle(tx: Db, known: readonly Alert[], findings: readonly Finding[], now: Date): Promise<Change[]> {
  const changes: Change[] = [];
  for (const { id, name, subject, detail, goneSince } of known) {
    const finding = findings.find((one) => one.subject === subject);
    if (finding) {
      if (goneSince !== null || finding.detail !== detail) await noteAlert(tx, id, finding.detail, null);
    } else if (goneSince === null) await noteAlert(tx, id, detail, now);
    else if (now.getTime() - goneSince.getTime() >= SETTLED_MS && (await clearAlert(tx, id, now))) {
      changes.push({ transition: 'cleared', subject, detail });
      await auditChange(tx, name, { subject, detail }, 'cleared', now);
    }
  }
  return changes;
}

async function auditChange(tx: Db, name: string, { subject, detail }: Finding, transition: Transition, at: Date) {
  const about = subject === '' ? name : `${name}: ${subject}`;
  await audit(tx, {
    at,
    who: 'engine',
    what: `alert ${transition}`,
    subject: about,
    outcome: transition,
    facts: { detail },
  });
}
