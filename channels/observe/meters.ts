import { Counter, Histogram, Registry } from 'prom-client';
import { COUNTERS, type CounterName, type Telemetry, TIMERS, type TimerName } from '../../engine/core/telemetry.ts';

/** Telemetry that is shown as Prometheus' metrics. */
export interface Meters {
  readonly telemetry: Telemetry;
  /** Where the metrics are; `createMetrics` adds its own. */
  readonly registry: Registry;
}

const UP_TO_A_MINUTE = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const UP_TO_AN_HOUR = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

/** Bounds of the buckets, in seconds. */
const BUCKETS = {
  bode_stage_seconds: UP_TO_A_MINUTE,
  bode_message_seconds: UP_TO_A_MINUTE,
  bode_wait_seconds: UP_TO_AN_HOUR,
  bode_receive_seconds: UP_TO_A_MINUTE,
  bode_list_seconds: UP_TO_AN_HOUR,
} as const satisfies Record<TimerName, readonly number[]>;

/** Creates every counter and timer of the engine, in a registry of their own: engines in one process share nothing. */
export function createMeters(): Meters {
  const registry = new Registry();
  const counters = entriesOf(COUNTERS).map(([name, { help, labels }]) => {
    return [name, new Counter({ name, help, labelNames: [...labels], registers: [registry] })] as const;
  });
  const timers = entriesOf(TIMERS).map(([name, { help, labels }]) => {
    const buckets = [...BUCKETS[name]];
    return [name, new Histogram({ name, help, labelNames: [...labels], buckets, registers: [registry] })] as const;
  });
  return { telemetry: telemetryOf(new Map(counters), new Map(timers)), registry };
}

function telemetryOf(
  counters: ReadonlyMap<CounterName, Counter>,
  timers: ReadonlyMap<TimerName, Histogram>,
): Telemetry {
  return {
    count(name, labels, by = 1) {
      if (by > 0 && Number.isFinite(by)) counters.get(name)?.inc(labels, by);
    },
    time(name, labels, ms) {
      if (Number.isFinite(ms)) timers.get(name)?.observe(labels, Math.max(0, ms) / 1_000);
    },
  };
}

const entriesOf = <K extends string, V>(record: Readonly<Record<K, V>>) => Object.entries(record) as [K, V][];
