import type { Contender } from './flow-contender.ts';
import { type CpuTimes, cpuOf } from './flow-cpu.ts';
import { openSession, type Sent, type Session } from './flow-session.ts';
import type { FlowSender, FlowSet } from './flow-sets.ts';

/** What one run came to. */
export interface Outcome {
  readonly sets: number;
  /** From the first put to the last set done. */
  readonly seconds: number;
  /** From the client beginning to put the GO to the set being done, in ms, ascending. */
  readonly latencies: readonly number[];
  /** CPU in ms that the contender's processes used meanwhile, by what they are. */
  readonly cpuMs: CpuTimes;
}

/** Which sets of each sender are sent, and how fast. */
export interface RunPlan {
  readonly senders: readonly FlowSender[];
  readonly from: number;
  readonly count: number;
  /** One set of each sender every so many ms; absent: one after the other. */
  readonly everyMs?: number;
}

const BUSY_LOOK_MS = 20;
const PACED_LOOK_MS = 4;

/** Logs every sender in, then lets all send at once, and waits until all is done. */
export async function measureRun(contender: Contender, plan: RunPlan): Promise<Outcome> {
  const sessions = await Promise.all(
    plan.senders.map((sender) => {
      const { login, folder } = contender.entrance(sender);
      return openSession(login, folder);
    }),
  );
  const watch = contender.watch(plan.everyMs === undefined ? BUSY_LOOK_MS : PACED_LOOK_MS);
  try {
    const before = cpuOf(contender.processes);
    const sent = await sendAll(sessions, plan);
    await watch.all([...sent.keys()]);
    return outcomeOf(sent, watch.doneAt, cpuOf(contender.processes, before));
  } finally {
    await watch.stop();
    await Promise.all(sessions.map((session) => session.close()));
  }
}

async function sendAll(sessions: readonly Session[], { senders, from, count, everyMs }: RunPlan) {
  const part = ({ sets }: FlowSender): readonly FlowSet[] => {
    if (sets.length < from + count) throw new Error('the bench has not made enough sets');
    return sets.slice(from, from + count);
  };
  const sent = await Promise.all(sessions.map((session, index) => session.send(part(senders[index]!), everyMs)));
  return new Map(sent.flatMap((one) => [...one]));
}

function outcomeOf(sent: ReadonlyMap<string, Sent>, doneAt: ReadonlyMap<string, number>, cpuMs: CpuTimes): Outcome {
  const all = [...sent].map(([stem, times]) => ({ ...times, done: doneAt.get(stem) ?? times.goDone }));
  const from = Math.min(...all.map(({ firstPut }) => firstPut));
  const until = Math.max(...all.map(({ done }) => done));
  const latencies = all.map(({ goPut, done }) => done - goPut).sort((a, b) => a - b);
  return { sets: all.length, seconds: (until - from) / 1000, latencies, cpuMs };
}

/** The value below which this share of ascending values lies. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}

/** The middle one of some values. */
export const median = (values: readonly number[]) =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
