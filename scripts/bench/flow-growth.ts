import type { Figure } from '../bench.ts';
import type { BenchEngine } from './flow-engine.ts';
import { multiply } from './flow-fill.ts';
import { measureRun, median, type Outcome } from './flow-run.ts';
import type { FlowSender } from './flow-sets.ts';

/** An engine on a store that will hold so many submissions. */
export interface GrownEngine {
  readonly engine: BenchEngine;
  readonly submissions: number;
}

export interface GrowthPlan {
  readonly store: string;
  readonly senders: readonly FlowSender[];
  /** First set of each sender that was not sent yet. */
  readonly from: number;
  readonly rounds: number;
  readonly setsEach: number;
}

const BAR = 1.2;

/** Sends the same sets, in turn, to an engine on a small store and to one on a large store; the cost of one submission in each. */
export async function* growth(small: GrownEngine, large: GrownEngine, plan: GrowthPlan): AsyncIterable<Figure> {
  const { senders, rounds, setsEach } = plan;
  let from = plan.from;
  for (const { engine, submissions } of [small, large]) {
    await measureRun(engine, { senders, from, count: setsEach }); // warms the engine up, and is the sample to multiply
    const { ticket } = await engine.db('submissions').where({ state: 'handled' }).first('ticket');
    await multiply(engine.db, ticket, submissions);
  }
  const outcomes = new Map<GrownEngine, Outcome[]>([
    [small, []],
    [large, []],
  ]);
  for (let round = 0; round < rounds; round += 1) {
    from += setsEach;
    for (const one of [small, large])
      outcomes.get(one)?.push(await measureRun(one.engine, { senders, from, count: setsEach }));
  }
  const compare = (what: string, unit: string, cost: (outcome: Outcome) => number): Figure => {
    const [reference, value] = [small, large].map((one) => median((outcomes.get(one) ?? []).map(cost))) as [
      number,
      number,
    ];
    const ratio = value / reference;
    const name = `${plan.store}: ${what} of one submission with ${large.submissions} stored, against ${small.submissions}`;
    return { bench: 'flow', case: name, value, unit, reference, ratio, bar: BAR, ok: ratio <= BAR };
  };
  yield compare('CPU', 'ms', cpuPerSet);
  yield compare('time', 'ms', ({ seconds, sets }) => (seconds * 1000) / sets);
}

/** All CPU time of the engine's processes for one set, in ms. */
export function cpuPerSet({ cpuMs, sets }: Outcome): number {
  return Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) / sets;
}
