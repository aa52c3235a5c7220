import type { Config } from '../config/load.ts';
import type { Logger } from '../engine/core/logger.ts';
import { arrivalsWait } from '../engine/intake/arrivals-wait.ts';
import { createSetExpiry } from '../engine/intake/expire-sets.ts';
import { answerGivenUp } from '../engine/intake/give-up.ts';
import type { Receiver } from '../engine/intake/receive.ts';
import { alertsJob } from '../engine/jobs/alerts-job.ts';
import {
  auditBroken,
  auditUnlinked,
  deadLettersWait,
  failingCheck,
  jobFails,
  senderPaused,
} from '../engine/jobs/conditions.ts';
import type { Job, JobContext } from '../engine/jobs/job.ts';
import { daily, every, type Timetable } from '../engine/jobs/timetable.ts';
import { sweepParts } from '../engine/landing/sweep.ts';
import { forgetTakenIn } from '../engine/landing/upload-rows.ts';
import { listUnbalanced } from '../engine/lists/reconcile.ts';
import { forgetPublicationKeys } from '../engine/mailboxes/publish.ts';
import { mailAddressFails, mailsWait } from '../engine/outbound/mail-conditions.ts';
import { webhookFails, webhookLettersWait } from '../engine/outbound/webhook-conditions.ts';
import { virusFound } from '../engine/pipelines/antivirus/virus-found.ts';
import { warnOfExpiry } from '../engine/registry/certificate-expiry.ts';
import { forgetFaded } from '../engine/registry/login-scores.ts';
import { tellNotices } from '../engine/registry/notices.ts';
import { forgetOidcRequests } from '../engine/registry/oidc-requests.ts';
import { forgetSessions } from '../engine/registry/sessions.ts';
import { forgetAssertions } from '../engine/registry/used-assertions.ts';
import { auditConflict } from '../engine/store/audit-chain.ts';
import { auditHeadPath } from '../engine/store/audit-head.ts';
import { type Collected, collectContent, sweepUnnamed } from '../engine/store/collect.ts';
import { forgetKeys } from '../engine/submissions/idempotency.ts';
import { type Base, loadMaterials, type Materials, openBase } from './base.ts';
import { createIntake } from './channels.ts';
import { expiryJobs } from './expiry.ts';
import { createListJobs } from './lists.ts';
import { mailJobs } from './mail.ts';

import { createTellNotice } from './notices.ts';
import { checksOf, type Near } from './observe.ts';
import { webhooksJob } from './webhooks.ts';

/** How often what a crash left in the folders is looked for, and how long it has lain still then. */
export const RECOVER_EVERY_MS = 15_000;
const EXPIRE_EVERY_MS = 600_000;
const ANSWER_EVERY_MS = 5_000;
const TELL_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const KEYS_MS = 7 * 24 * HOUR_MS; // an idempotency key is good for a week
const TAKEN_IN_KEPT_MS = 30 * 24 * HOUR_MS;

/** What jobs need of the engine around them. */
interface Engine extends Near {
  readonly receiver: Receiver;
  /** Called after a commit that added to the outbox. */
  readonly wake: () => void;
}

/** What is done again and again, by whichever scheduler leads. */
export function createJobs(base: Base, materials: Materials, { receiver, wake, ...near }: Engine): Job[] {
  const { config } = base;
  const { waitForGo: waitMs } = config.intake;
  const graceMs = config.store.contentGrace;
  const expiry = createSetExpiry({ ...base, goals: config.goals, waitMs, wake });
  const work: Job[] = [
    job('recover-arrivals', every(RECOVER_EVERY_MS), async ({ signal }) => {
      await receiver.recover(RECOVER_EVERY_MS, signal);
      return '';
    }),
    job('expire-sets', every(Math.min(EXPIRE_EVERY_MS, waitMs)), async ({ signal }) =>
      counted(await expiry.run(signal)),
    ),
    job('answer-given-up', every(ANSWER_EVERY_MS), async ({ signal }) =>
      counted(await answerGivenUp({ ...base, wake, signal })),
    ),
    job('forget-requests', every(HOUR_MS), async () => {
      const now = base.clock();
      const before = new Date(now.getTime() - KEYS_MS);
      const keys = (await forgetKeys(base.db, before)) + (await forgetPublicationKeys(base.db, before));
      const signIns = (await forgetSessions(base.db, now)) + (await forgetOidcRequests(base.db, now));
      return counted(keys + signIns + (await forgetAssertions(base.db, now)));
    }),
    job('sweep-files', every(HOUR_MS), async ({ signal }) => counted(await sweepParts({ ...base, signal }))),
    job('collect-content', every(HOUR_MS), async ({ signal }) =>
      collected(await collectContent({ ...base, graceMs, signal })),
    ),
    job('warn-of-expiry', daily('06:00'), async ({ db, now, proceed }) =>
      counted((await warnOfExpiry(db, now, proceed)).length),
    ),
    job('tell-notices', every(TELL_EVERY_MS), async (context) =>
      counted(await tellNotices(context, createTellNotice(base))),
    ),
    job('forget-login-scores', every(HOUR_MS), async ({ db, now }) => counted(await forgetFaded(db, now))),
    job('forget-taken-in', daily('03:30'), async ({ slot }) => {
      await forgetTakenIn(base.db, new Date(slot.getTime() - TAKEN_IN_KEPT_MS));
      return '';
    }),
    job('look-through-content', daily('03:00'), async ({ signal }) =>
      collected(await sweepUnnamed({ ...base, graceMs, signal })),
    ),
  ];
  const all = [
    ...work,
    ...createListJobs(base, wake),
    ...expiryJobs(base, materials),
    ...mailJobs(base, materials.mail),
    webhooksJob(base),
  ];
  return [...all, createAlerts(base, materials, all, near)];
}

function createAlerts(base: Base, { auditKey: key }: Materials, jobs: readonly Job[], near: Near): Job {
  const failing = checksOf(base, near).map(({ name, level, check }) => failingCheck(name, level, check));
  const chain = { db: base.db, key, headPath: auditHeadPath(base.config.dataDir) };
  const audit = [auditUnlinked(), auditBroken(() => auditConflict(chain))];
  const conditions = [
    arrivalsWait(),
    virusFound(),
    deadLettersWait,
    senderPaused,
    jobFails(jobs),
    listUnbalanced(base.config.lists),
    mailAddressFails,
    webhookFails(),
    webhookLettersWait,
    ...(base.config.mail.smtp === '' ? [] : [mailsWait()]),
    ...audit,
    ...failing,
  ];
  return alertsJob({ conditions, command: base.config.alerts.command });
}

function job(name: string, due: Timetable, run: (context: JobContext) => Promise<string>): Job {
  return { name, due, run };
}

const counted = (done: number) => (done === 0 ? '' : String(done));
const collected = ({ blobs, bytes }: Collected) => (blobs === 0 ? '' : `${blobs} blobs, ${bytes} bytes`);

/** The jobs for somebody who runs one by hand, without an engine around them. */
export async function openJobs(config: Config, log: Logger) {
  const materials = await loadMaterials(config);
  const base = openBase(config, materials, log);
  const asleep = () => undefined; // the relay of an engine that runs finds what is added
  const receiver = createIntake(base, materials, asleep);
  const jobs = createJobs(base, materials, { receiver, wake: asleep, channels: false });
  return { jobs, close: () => base.db.destroy() };
}
