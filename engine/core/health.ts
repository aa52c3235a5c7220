/** UP: all is well. DEGRADED: it serves, and someone should look. DOWN: it cannot serve. */
export type HealthStatus = 'UP' | 'DEGRADED' | 'DOWN';

/** What a check found; `reason` is for people and holds no secret and nothing of a message. */
export interface CheckResult {
  readonly name: string;
  readonly status: HealthStatus;
  /** Present unless UP. */
  readonly reason?: string;
}

/** Looks at one part of the engine; never rejects, and answers within its time limit. */
export type Check = () => Promise<CheckResult>;

/** The state of the engine and what it follows from. */
export interface Health {
  readonly status: HealthStatus;
  readonly checks: readonly CheckResult[];
}

export interface CheckOptions {
  readonly name: string;
  /** What it means for the engine when the part is not well. */
  readonly failing: Exclude<HealthStatus, 'UP'>;
  readonly withinMs: number;
  /** Resolves with the reason when the part is not well; a rejection or no answer in time counts as not well too. */
  readonly probe: () => Promise<string | undefined>;
}

/** Makes a check of a probe. A probe that hangs is asked once: later checks wait for the same answer. */
export function createCheck({ name, failing, withinMs, probe }: CheckOptions): Check {
  let asked: Promise<string | undefined> | undefined;

  function ask(): Promise<string | undefined> {
    asked ??= probe()
      .catch(reasonOf)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  }

  return async () => {
    const reason = await within(withinMs, ask()).catch(reasonOf);
    return reason === undefined ? { name, status: 'UP' } : { name, status: failing, reason };
  };
}

const GRAVITY: readonly HealthStatus[] = ['UP', 'DEGRADED', 'DOWN'];

/** The gravest of the results; UP when there are none. */
export function overallStatus(checks: readonly CheckResult[]): HealthStatus {
  return GRAVITY[Math.max(0, ...checks.map(({ status }) => GRAVITY.indexOf(status)))] ?? 'DOWN';
}

/** Runs every check at once and sums them up; never rejects. */
export async function healthOf(checks: readonly Check[]): Promise<Health> {
  const results = await Promise.all(checks.map((check) => check()));
  return { status: overallStatus(results), checks: results };
}

const NO_ANSWER = 'ETIMEDOUT';

/** Settles as `work` does, or rejects after `ms` with an error of code ETIMEDOUT; the work itself goes on. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no answer in time'), { code: NO_ANSWER })), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Only the code of an error: a driver's sentence may name users and hosts. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === NO_ANSWER) return 'no answer in time';
  return /^[A-Za-z0-9_]{1,40}$/.test(code) ? `failed (${code})` : 'failed';
}
