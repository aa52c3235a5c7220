import type { PlacedFinding } from './check-window.ts';
import type { Checked } from './conclude.ts';
import type { Parcel, ScanJob, ScanResult } from './scan-job.ts';
import type { ScanHandle, ScannerLink } from './scanner-link.ts';
import type { FromValidator } from './thread-messages.ts';
import type { ValidatorPool } from './validator-pool.ts';

export interface RunOptions {
  readonly job: ScanJob;
  readonly signal: AbortSignal;
  readonly scanner: ScannerLink;
  readonly validators: ValidatorPool;
}

export interface RunResult {
  readonly scan: ScanResult;
  readonly checked: Checked;
}

/** Lets a file be scanned, its windows be validated, and gathers what is found. Rejects with the signal's reason. */
export function runScan(options: RunOptions): Promise<RunResult> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    options.validators.warm();
    const run = createRun(options, done, failed);

    function end(): void {
      signal.removeEventListener('abort', aborted);
      run.stop();
    }
    function done(result: RunResult): void {
      end();
      resolve(result);
    }
    function failed(error: unknown): void {
      end();
      reject(error);
    }
    function aborted(): void {
      failed(signal.reason);
    }
    signal.addEventListener('abort', aborted, { once: true });
  });
}

function createRun(
  { job, signal, scanner, validators }: RunOptions,
  done: (result: RunResult) => void,
  failed: (error: unknown) => void,
) {
  const gathered = createGathered(job.limits.findings);
  let underWay = 0;
  let result: ScanResult | undefined;
  let over = false;

  function settle(): void {
    if (over || !result || underWay > 0) return;
    done({ scan: result, checked: gathered.checked() });
  }

  function take({ result: found, schemaFault, buffer }: FromValidator): void {
    underWay--;
    if (over) return;
    gathered.add(found.syntax, found.findings, schemaFault);
    if (gathered.enough()) scan.syntaxOnly();
    if (gathered.broken()) scan.stop();
    scan.checked(buffer);
    settle();
  }

  function give(parcel: Parcel): void {
    underWay++;
    validators.check(parcel, signal, job).then(take).catch(fail);
  }

  function fail(error: unknown): void {
    if (!over) failed(error);
  }

  const scan: ScanHandle = scanner.start(job, {
    window: give,
    done(finished) {
      result = finished;
      settle();
    },
    failed: fail,
  });

  return {
    stop() {
      over = true;
      scan.stop();
    },
  };
}

/** What the windows' findings come to; the same fault seen in two windows counts once. */
function createGathered(limit: number) {
  const faults = new Map<string, PlacedFinding>();
  let syntax: PlacedFinding | undefined;
  let schemaFault: string | undefined;
  return {
    add(found: PlacedFinding | undefined, findings: readonly PlacedFinding[], fault: string | undefined): void {
      if (found && (!syntax || found.at < syntax.at)) syntax = found;
      schemaFault ??= fault;
      for (const finding of findings) {
        const known = faults.get(finding.key);
        if (!known || finding.at < known.at) faults.set(finding.key, finding);
      }
    },
    /** Whether more faults against the schema would change nothing. */
    enough: (): boolean => faults.size >= limit || schemaFault !== undefined,
    broken: (): boolean => syntax !== undefined,
    checked: (): Checked => ({ syntax, faults: [...faults.values()], schemaFault }),
  };
}
