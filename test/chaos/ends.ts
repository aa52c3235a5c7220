import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Ending } from '../support/victim.ts';
import type { Comparison, Count } from './compare.ts';
import type { FaultKind, PlannedFault } from './faults-plan.ts';
import type { DoneFault } from './inject.ts';

/** A process that ended by itself. */
export interface Exit {
  readonly name: string;
  readonly how: string;
  readonly logFile: string;
}

const SHOWN_BYTES = 3_000;

/** What is said of a process that ended by itself: how, and the end of its log as it is now. */
export function exitProblem({ name, how, logFile }: Exit): string {
  return `${name} ended by itself: ${how}; its log ends with\n${endOf(logFile)}`;
}

function endOf(file: string): string {
  const log = openSync(file, 'r');
  try {
    const from = Math.max(0, fstatSync(log).size - SHOWN_BYTES);
    const bytes = Buffer.alloc(SHOWN_BYTES);
    return bytes.toString('utf8', 0, readSync(log, bytes, 0, SHOWN_BYTES, from));
  } finally {
    closeSync(log);
  }
}

const COUNTED: Readonly<Record<FaultKind, string>> = {
  kill: 'whole processes killed',
  'kill child': 'processes of a server killed',
  pause: 'processes paused',
  restart: 'processes restarted',
  cut: 'links cut',
  refuse: 'links refused',
  stall: 'links stalled',
};
const OF_A_PROCESS: readonly FaultKind[] = ['kill', 'kill child', 'pause', 'restart'];

/** The faults by what they were: each that was planned for a process must have found it running, and there must be as many kills as were asked for. Pure. */
export function faultProblems(kills: number, planned: readonly PlannedFault[], done: readonly DoneFault[]): Comparison {
  const hits = (kind: FaultKind) => done.filter((fault) => fault.kind === kind && fault.hit).length;
  const counts = Object.entries(COUNTED).map(([key, what]): Count => {
    const kind = key as FaultKind;
    const due = kind === 'kill' ? kills : planned.filter((fault) => fault.kind === kind).length;
    return { what, expected: OF_A_PROCESS.includes(kind) ? String(due) : `0 to ${due}`, found: hits(kind) };
  });
  const short = counts.filter(({ expected, found }) => found < Number.parseInt(expected, 10));
  return {
    problems: [
      ...short.map(({ what, expected, found }) => `${what}: ${found}, not ${expected}`),
      ...done.flatMap(restartProblem),
    ],
    counts,
  };
}

/** Told to stop it ends with 0; before it has started, SIGTERM may also simply end it. */
function restartProblem({ kind, target, ending, early, beganMs }: DoneFault): string[] {
  if (kind !== 'restart' || ending === 0 || (early && ending === 'SIGTERM')) return [];
  const when = `${(beganMs / 1000).toFixed(1)} s`;
  return [`${target}, told to stop at ${when}, ended with ${ending ?? 'nothing, as it did not run'}`];
}

/** How the engine processes ended at the end of the run. Pure. */
export function endProblems(endings: ReadonlyMap<string, Ending | undefined>): string[] {
  return [...endings]
    .filter(([, ending]) => ending !== 0)
    .map(([name, ending]) => `${name} ended with ${ending ?? 'nothing, as it did not run'} when it was told to stop`);
}
