import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process has in memory now, in MiB. */
export const residentMib = (process: Pick<ChildProcess, 'pid'>): number => statusMib(process, 'VmRSS');

/** The most that it has had in memory, in MiB. */
export const peakMib = (process: Pick<ChildProcess, 'pid'>): number => statusMib(process, 'VmHWM');

function statusMib({ pid }: Pick<ChildProcess, 'pid'>, name: 'VmRSS' | 'VmHWM'): number {
  const [, kib = '0'] = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}
