import type { Config } from '../config/load.ts';
import type { Logger } from '../engine/core/logger.ts';
import type { Job } from '../engine/jobs/job.ts';
import { daily } from '../engine/jobs/timetable.ts';
import type { CompileDeps } from '../engine/lists/compile.ts';
import type { ListDefinitions } from '../engine/lists/definition.ts';
import { forgetReconciliations, reconcileLists } from '../engine/lists/reconcile.ts';
import { createTypeset } from '../engine/lists/render/typesetting.ts';
import { listJobs } from '../engine/lists/schedule-lists.ts';
import { type Base, loadMaterials, openBase } from './base.ts';
import { createListDelivery } from './deliveries.ts';
import { mailboxRules } from './mailboxes.ts';

const RECONCILIATIONS_KEPT_MS = 400 * 24 * 3_600_000;

/** What lists are made with. */
export function compileDeps(base: Base, wake: () => void): CompileDeps {
  return { ...base, delivery: createListDelivery(mailboxRules(base.config)), wake, typeset: createTypeset() };
}

/** Makes each list at its time, and compares all of them with their records once a day. */
export function createListJobs(base: Base, wake: () => void): Job[] {
  const lists: ListDefinitions = base.config.lists;
  const reconciling: Job = {
    name: 'reconcile-lists',
    due: daily('04:00'),
    async run({ db, clock, log, slot, proceed }) {
      const found = await reconcileLists({ db, clock, log, proceed }, lists);
      await forgetReconciliations(db, new Date(slot.getTime() - RECONCILIATIONS_KEPT_MS));
      // done also when something is wrong: the same count again would find the same, and there is an alert for it
      const wrong = found.filter(({ balanced }) => !balanced).map(({ list }) => list);
      if (wrong.length > 0) return `not balanced: ${wrong.join(', ')}`;
      return found.length === 0 ? '' : `${found.length} lists balanced`;
    },
  };
  const goalOf = (source: string) => base.config.sources[source]?.goal;
  return [...listJobs(lists, { ...compileDeps(base, wake), goalOf }), reconciling];
}

/** What somebody who makes lists by hand needs, without an engine around it. */
export async function openLists(config: Config, log: Logger) {
  const base = openBase(config, await loadMaterials(config), log);
  const asleep = () => undefined; // the relay of an engine that runs finds what is added
  return { deps: compileDeps(base, asleep), close: () => base.db.destroy() };
}
