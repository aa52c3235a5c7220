import { readdirSync, readFileSync } from 'node:fs';

/** CPU time in ms, by what the processes are. */
export type CpuTimes = Readonly<Record<string, number>>;

const MS_PER_TICK = 10; // USER_HZ is 100 on every Linux that this runs on

/** The CPU time that these processes and those below them have used, less what they had used `before`. */
export function cpuOf(processes: Readonly<Record<string, readonly number[]>>, before: CpuTimes = {}): CpuTimes {
  const table = readTable();
  const times = Object.entries(processes).map(([what, pids]) => {
    const used = pids.map((pid) => usedBelow(pid, table)).reduce((sum, ms) => sum + ms, 0);
    return [what, used - (before[what] ?? 0)];
  });
  return Object.fromEntries(times);
}

interface Entry {
  readonly parent: number;
  readonly ms: number;
}

function usedBelow(pid: number, table: ReadonlyMap<number, Entry>): number {
  let used = table.get(pid)?.ms ?? 0;
  for (const [child, { parent }] of table) if (parent === pid) used += usedBelow(child, table);
  return used;
}

/** Every process with its parent and what it and its ended children have used. */
function readTable(): Map<number, Entry> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.flatMap((pid) => readEntry(Number(pid))));
}

function readEntry(pid: number): [number, Entry][] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [[pid, { parent: Number(fields[1]), ms: ticks * MS_PER_TICK }]];
  } catch {
    return []; // it has ended
  }
}
