/** Seconds and occurrences of a timer since its process began. */
interface Timer {
  readonly seconds: number;
  readonly count: number;
}

/** What the engine's own timers say, by name and labels. */
export type Timers = ReadonlyMap<string, Timer>;

/** Reads the timers of all processes of an engine and adds them up. */
export async function timersOf(metrics: Readonly<Record<string, readonly string[]>>): Promise<Timers> {
  const all = new Map<string, Timer>();
  for (const url of Object.values(metrics).flat()) {
    const text = await (await fetch(url)).text();
    for (const [name, timer] of parse(text)) {
      const before = all.get(name) ?? { seconds: 0, count: 0 };
      all.set(name, { seconds: before.seconds + timer.seconds, count: before.count + timer.count });
    }
  }
  return all;
}

function parse(text: string): Map<string, Timer> {
  const timers = new Map<string, Timer>();
  for (const [, name = '', kind, labels = '', value] of text.matchAll(SAMPLE)) {
    const key = `${name}${labels}`;
    const before = timers.get(key) ?? { seconds: 0, count: 0 };
    timers.set(key, kind === 'sum' ? { ...before, seconds: Number(value) } : { ...before, count: Number(value) });
  }
  return timers;
}

const SAMPLE = /^(bode_\w+_seconds)_(sum|count)(\{[^}]*\})? (\S+)$/gm;

/** One step of the way through, and its time in ms for one submission. */
export interface Step {
  readonly name: string;
  readonly ms: number;
}

const STEPS: readonly (readonly [name: string, timer: string, queue?: string])[] = [
  ['intake: set, rights, signature, ticket', 'bode_receive_seconds'],
  ['wait for a worker', 'bode_wait_seconds', 'submissions'],
  ['inspect, receipt, notification', 'bode_message_seconds', 'submissions'],
  ['wait for answers', 'bode_wait_seconds', 'answers'],
  ['sign and place answers', 'bode_message_seconds', 'answers'],
  ['wait for delivery', 'bode_wait_seconds', 'forms'],
  ['deliver to the mailbox', 'bode_message_seconds', 'forms'],
];

/** The steps of one submission on average between two readings; empty when the engine has no such timers. */
export function stepsBetween(before: Timers, after: Timers, submissions: number): Step[] {
  return STEPS.flatMap(([name, timer, queue]) => {
    const key = queue === undefined ? timer : `${timer}{queue="${queue}"}`;
    const end = after.get(key);
    if (!end) return [];
    const seconds = end.seconds - (before.get(key)?.seconds ?? 0);
    return [{ name, ms: (seconds * 1000) / submissions }];
  });
}
