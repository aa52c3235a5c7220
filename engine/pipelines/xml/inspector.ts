import type { Logger } from '../../core/logger.ts';
import { conclude } from './conclude.ts';
import type { Inspect, Inspection, InspectRequest } from './inspection.ts';
import { runScan } from './run-scan.ts';
import type { InspectLimits } from './scan-job.ts';
import { createScannerLink, type ScannerLink } from './scanner-link.ts';
import { createValidatorPool, type ValidatorPool } from './validator-pool.ts';

const WINDOW_BYTES = 256 * 1024;

export interface InspectorOptions {
  /** Where schemas are looked up, in this order, by base name. */
  readonly schemaDirs: readonly string[];
  /** Threads that validate; one more scans. */
  readonly workers: number;
  /** Size of the pieces in which a file is validated; 256 KiB unless given. */
  readonly windowBytes?: number;
  readonly limits: InspectLimits;
  readonly log: Logger;
}

export interface Inspector {
  readonly inspect: Inspect;
  /** Ends the threads; inspections under way reject with `worker_crashed`. */
  stop(): Promise<void>;
}

/**
 * Inspects declarations in threads of its own, which start with the first one. A crashed or hung thread is replaced
 * and the inspections it had reject with `worker_crashed`; an aborted one rejects with the signal's reason.
 */
export function createInspector(options: InspectorOptions): Inspector {
  const validators = createValidatorPool(options.workers, options.log);
  const scanner = createScannerLink({ windowsAhead: 2 * options.workers + 1 }, options.log);
  return {
    inspect: (request) => inspectWith(request, options, scanner, validators),
    async stop() {
      await scanner.stop();
      await validators.stop();
    },
  };
}

async function inspectWith(
  request: InspectRequest,
  options: InspectorOptions,
  scanner: ScannerLink,
  validators: ValidatorPool,
): Promise<Inspection> {
  const { source, fileDate, now, signal } = request;
  const { schemaDirs, windowBytes = WINDOW_BYTES, limits } = options;
  // only what the threads need is copied into them
  const { code, roots, schemas, identifications, checks, days = [], maxForms } = request.goal;
  const goal = { code, roots, schemas, identifications, checks, days, maxForms };
  const job = { source, goal, fileDate, now, schemaDirs, windowBytes, limits };
  const { scan, checked } = await runScan({ job, signal, scanner, validators });
  return conclude(scan, checked, goal, limits.findings);
}
