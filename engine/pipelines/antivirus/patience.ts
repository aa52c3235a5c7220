import type { Clock } from '../../core/clock.ts';
import { EngineError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createOutage } from '../../core/outage.ts';
import type { Scanner, ScanVerdict } from './scanner.ts';

/** The scanner is away: nothing is wrong with the work, which is to be tried again after `delayMs`. */
export interface Away {
  readonly kind: 'away';
  readonly delayMs: number;
}

/** Scans with a scanner that may go away and come back. */
export interface PatientScan {
  /**
   * While the scanner is away this says so, most of the time without asking it. What the scanner alone cannot judge,
   * though it judges other content, throws scanner_unavailable: it is a fault of the work.
   */
  scan(content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<ScanVerdict | Away>;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Creates it, with one line in the log when the scanner goes and one when it is back. */
export function createPatientScan(scanner: Scanner, log: Logger, clock: Clock): PatientScan {
  const outage = createOutage('virus scanner', log, clock);
  let since: number | undefined;
  let askAt = 0;

  /** The longer it is away, the longer is waited: a quarter of that time. */
  function away(error?: unknown): Away {
    const now = clock().getTime();
    since ??= now;
    const pause = Math.min(LONGEST_MS, Math.max(FIRST_MS, (now - since) / 4));
    if (error !== undefined) {
      outage.failed(error);
      askAt = now + pause;
    }
    return { kind: 'away', delayMs: Math.round(pause * (1 + Math.random() / 4)) };
  }

  function back(): void {
    since = undefined;
    askAt = 0;
    outage.succeeded();
  }

  async function scan(content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<ScanVerdict | Away> {
    if (clock().getTime() < askAt) return away();
    try {
      const verdict = await scanner.scan(content, signal);
      back();
      return verdict;
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'scanner_unavailable') throw error;
      if (await judgesOthers()) throw error;
      return away(error);
    }
  }

  async function judgesOthers(): Promise<boolean> {
    return scanner.probe().then(
      () => true,
      () => false,
    );
  }

  return { scan };
}
