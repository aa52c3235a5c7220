import { readdir, readFile } from 'node:fs/promises';
import { eventually } from './eventually.ts';

/** The processes below a process, the nearest first, itself not among them; none when it is gone. Reads /proc. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenByParent();
  const found = [...(children.get(pid) ?? [])];
  for (let at = 0; at < found.length; at += 1) found.push(...(children.get(found[at] ?? 0) ?? []));
  return found;
}

/** Sends a signal to each; one that is gone is passed over. */
export function signalEach(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Resolves when none of them runs any more; rejects when one still does after `withinMs`. */
export async function awaitGone(pids: readonly number[], withinMs = 10_000): Promise<void> {
  await eventually(async () => {
    const states = await Promise.all(pids.map(stateOf));
    const left = pids.filter((_, at) => states[at] !== undefined && states[at] !== 'Z');
    if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`);
  }, withinMs);
}

async function childrenByParent(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [, parent] = (await statOf(Number(name))) ?? [];
    if (parent === undefined) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
  }
  return children;
}

async function stateOf(pid: number): Promise<string | undefined> {
  return (await statOf(pid))?.[0];
}

/** The fields of /proc/PID/stat after the name, which may hold anything: state, parent… */
async function statOf(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined); // gone meanwhile
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}
