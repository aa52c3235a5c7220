import type { Contender } from './flow-contender.ts';
import { type CpuTimes, cpuOf } from './flow-cpu.ts';
import { openSession, type Sent, type Session } from './flow-session.ts';
import type { FlowSender, FlowSet } from './flow-sets.ts';

/** What one run came to. */
export interface Outcome {
  readonly sets: number;
  /** From the first put, or log-in where that counts, to the last set done. */
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
  /** Each set by a session of its own, whose log-in counts; else a session for each sender, logged in before. */
  readonly logInForEach?: boolean;
}

const BUSY_LOOK_MS = 20;
const PACED_LOOK_MS = 4;

/** Lets all senders send at once, and waits until all is done. */
export async function measureRun(contender: Contender, plan: RunPlan): Promise<Outcome> {
  const open = (sender: FlowSender) => {
    const { login, folder } = contender.entrance(sender);
    return openSession(login, folder);
  };
  const sessions = plan.logInForEach ? [] : await Promise.all(plan.senders.map(open));
  const watch = contender.watch(plan.everyMs === undefined ? BUSY_LOOK_MS : PACED_LOOK_MS);
  try {
    const before = cpuOf(contender.processes);
    const began = performance.now();
    const sent = plan.logInForEach ? await sendEach(open, plan) : await sendAll(sessions, plan);
    await watch.all([...sent.keys()]);
    const from = plan.logInForEach ? began : Math.min(...[...sent.values()].map(({ firstPut }) => firstPut));
    return outcomeOf(sent, watch.doneAt, from, cpuOf(contender.processes, before));
  } finally {
    await watch.stop();
    await Promise.all(sessions.map((session) => session.close()));
  }
}

function partOf({ sets }: FlowSender, { from, count }: RunPlan): readonly FlowSet[] {
  if (sets.length < from + count) throw new Error('the bench has not made enough sets');
  return sets.slice(from, from + count);
}

async function sendAll(sessions: readonly Session[], plan: RunPlan): Promise<Map<string, Sent>> {
  const { senders, everyMs } = plan;
  const sent = await Promise.all(
    sessions.map((session, index) => session.send(partOf(senders[index]!, plan), everyMs)),
  );
  return new Map(sent.flatMap((one) => [...one]));
}

async function sendEach(open: (sender: FlowSender) => Promise<Session>, plan: RunPlan): Promise<Map<string, Sent>> {
  const all = new Map<string, Sent>();
  const sendAs = async (sender: FlowSender) => {
    for (const set of partOf(sender, plan)) {
      const session = await open(sender);
      for (const [stem, sent] of await session.send([set])) all.set(stem, sent);
      await session.close();
    }
  };
  await Promise.all(plan.senders.map(sendAs));
  return all;
}

function outcomeOf(
  sent: ReadonlyMap<string, Sent>,
  doneAt: ReadonlyMap<string, number>,
  from: number,
  cpuMs: CpuTimes,
): Outcome {
  const all = [...sent].map(([stem, times]) => ({ ...times, done: doneAt.get(stem) ?? times.goDone }));
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
