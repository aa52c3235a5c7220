import { type Random, seededRandom } from '../support/random.ts';

/** What is done to a process or to a connection. */
export type FaultKind = 'kill' | 'kill child' | 'pause' | 'restart' | 'cut' | 'refuse' | 'stall';

/** One fault of the run. */
export interface PlannedFault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly target: string;
  /** Kill, restart: how long it stays away; pause, refuse, stall: how long it lasts. */
  readonly forMs: number;
  /** How long the target is left alone once it works again; negative: not even until it does. */
  readonly calmMs: number;
}

/** Names of what can be hit. */
export interface Targets {
  /** In groups (channels, workers, RabbitMQ…): every group is killed at least once when there are kills enough. */
  readonly processes: readonly (readonly string[])[];
  readonly links: readonly string[];
  /** Servers that lose one of their own processes now and then, and live on. */
  readonly parents: readonly string[];
}

/** How long senders send and faults come; faults that all hit one process need more time. */
export function windowOf(kills: number, submissions: number, broker: 'embedded' | 'rabbitmq'): number {
  return Math.max(6_000, faultsOf(kills) * (broker === 'embedded' ? 1_900 : 1_300), submissions * 180);
}

const faultsOf = (kills: number) => kills + pausesOf(kills) + restartsOf(kills) + breaksOf(kills) + childKillsOf(kills);
const pausesOf = (kills: number) => Math.ceil(kills / 3);
const restartsOf = (kills: number) => Math.ceil(kills / 5);
const breaksOf = (kills: number) => Math.ceil(kills / 2);
const childKillsOf = (kills: number) => Math.ceil(kills / 5);

/** All faults of a run in the order they come, the same for the same seed: `kills` SIGKILLs to whole processes, and more of the other kinds, spread over `windowMs`. */
export function planFaults(seed: number, kills: number, targets: Targets, windowMs: number): PlannedFault[] {
  const random = seededRandom(seed ^ 0x5eed);
  const all = targets.processes.flat();
  const acts = [
    ...victimsOf(kills, targets.processes, random).map((target) => killOf(target, random)),
    ...times(pausesOf(kills), () => ({ kind: 'pause' as const, target: random.pick(all), forMs: pauseMs(random) })),
    ...times(restartsOf(kills), () => ({
      kind: 'restart' as const,
      target: random.pick(all),
      forMs: random.below(1500),
    })),
    ...times(breaksOf(kills), () => breakOf(random.pick(targets.links), random)),
    ...(targets.parents.length === 0
      ? []
      : times(childKillsOf(kills), () => childKillOf(random.pick(targets.parents)))),
  ];
  const step = windowMs / (acts.length + 1);
  return shuffled(acts, random).map((act, at) => ({
    ...act,
    atMs: Math.round(step * (at + 0.5 + random.below(1000) / 1000)),
    calmMs: random.below(5) === 0 ? -1 : 200 + random.below(1000),
  }));
}

type Act = Omit<PlannedFault, 'atMs' | 'calmMs'>;

/** One of each group first, so that nothing is spared for long. */
function victimsOf(kills: number, groups: Targets['processes'], random: Random): string[] {
  const order = shuffled(groups, random);
  return times(kills, (at) => random.pick(order[at] ?? random.pick(groups)));
}

const killOf = (target: string, random: Random): Act => ({ kind: 'kill', target, forMs: random.below(1500) });
const childKillOf = (target: string): Act => ({ kind: 'kill child', target, forMs: 0 });

function breakOf(target: string, random: Random): Act {
  const kind = random.pick(['cut', 'cut', 'refuse', 'stall'] as const);
  return { kind, target, forMs: kind === 'cut' ? 0 : pauseMs(random) };
}

/** From half a second to twenty, mostly a few. */
function pauseMs(random: Random): number {
  const part = random.below(1000) / 1000;
  return Math.round(500 + 19_500 * part ** 4);
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}
