import { tellTransitions } from './alert-program.ts';
import { tellNobody } from './alert-rows.ts';
import { judgeAlerts } from './alerts.ts';
import type { Condition } from './conditions.ts';
import type { Job } from './job.ts';
import { every } from './timetable.ts';

export interface AlertsJobOptions {
  readonly conditions: readonly Condition[];
  /** The program that is told of each transition, and its arguments; none when empty. */
  readonly command: readonly string[];
  /** How often is looked, in ms. Default 15,000. */
  readonly everyMs?: number;
}

/** The job that judges the alerts, and tells the operator's program. */
export function alertsJob({ conditions, command, everyMs = 15_000 }: AlertsJobOptions): Job {
  return {
    name: 'alerts',
    due: every(everyMs),
    async run({ db, clock, log, proceed }) {
      const changes = await judgeAlerts({ db, clock, log }, conditions);
      await (command.length > 0 ? tellTransitions({ command, db, log, proceed }) : tellNobody(db));
      return changes === 0 ? '' : `${changes} raised or cleared`;
    },
  };
}
