/** Every counter of the engine: what it counts, and the labels that tell its series apart. */
export const COUNTERS = {
  bode_messages_total: { help: 'Messages settled, by how', labels: ['queue', 'outcome'] },
  bode_retries_total: { help: 'Attempts that failed and are followed by another', labels: ['queue'] },
  bode_redeliveries_total: { help: 'Messages that were in hand before without being settled', labels: ['queue'] },
  bode_lease_takeovers_total: { help: 'Leases taken from a holder that let them run out', labels: ['lease'] },
  bode_reconnects_total: { help: 'Connections to the broker made again', labels: ['connection'] },
  bode_job_runs_total: { help: 'Runs of a job, by how they ended', labels: ['job', 'outcome'] },
  bode_refusals_total: { help: 'Connections and logins refused, by reason', labels: ['channel', 'reason'] },
  bode_login_bans_total: { help: 'Bans that began because of failed logins', labels: ['kind'] },
  bode_list_documents_total: { help: 'Documents of lists published', labels: ['list'] },
  bode_list_lines_total: { help: 'Lines in published documents of lists', labels: ['list'] },
  bode_audit_lines_total: { help: 'Audit lines linked into the chain', labels: [] },
} as const satisfies Record<string, Instrument>;

/** Every duration that the engine measures. */
export const TIMERS = {
  bode_stage_seconds: { help: 'Time in one stage of a pipeline', labels: ['queue', 'stage'] },
  bode_message_seconds: { help: 'Time that a worker has a message in hand', labels: ['queue'] },
  bode_wait_seconds: { help: 'Time from due to in hand', labels: ['queue'] },
  bode_list_seconds: { help: 'Time to make a list for a period', labels: ['list'] },
  bode_receive_seconds: { help: 'Time from the last byte of a GO to its durable submission', labels: [] },
} as const satisfies Record<string, Instrument>;

interface Instrument {
  readonly help: string;
  readonly labels: readonly string[];
}

export type CounterName = keyof typeof COUNTERS;
export type TimerName = keyof typeof TIMERS;
type Labels<I extends Instrument> = Readonly<Record<I['labels'][number], string>>;

/** Where the engine says what it does, for metrics. Never fails, never waits. */
export interface Telemetry {
  /** Adds `by` (1 when absent) to a counter. */
  count<N extends CounterName>(name: N, labels: Labels<(typeof COUNTERS)[N]>, by?: number): void;
  /** Records one duration, in ms. */
  time<N extends TimerName>(name: N, labels: Labels<(typeof TIMERS)[N]>, ms: number): void;
}

/** Telemetry that nobody reads. */
export const noTelemetry: Telemetry = { count: () => undefined, time: () => undefined };
