import type { Config } from '../config/load.ts';
import { type Check, createCheck } from '../engine/core/health.ts';
import { createClamd } from '../engine/pipelines/antivirus/clamd.ts';
import { createPatientScan } from '../engine/pipelines/antivirus/patience.ts';
import { createScanSet, type ScanSet } from '../engine/pipelines/antivirus/scan-set.ts';
import type { Scanner } from '../engine/pipelines/antivirus/scanner.ts';
import type { Base } from './base.ts';

/** The virus scanner, if there is one. */
function scannerOf({ antivirus }: Config): Scanner | undefined {
  const { clamd, connectWithin: connectWithinMs, answerWithin: answerWithinMs } = antivirus;
  if (clamd === '') return undefined;
  return createClamd({ address: addressOf(clamd), connectWithinMs, answerWithinMs });
}

function addressOf(clamd: string) {
  if (clamd.startsWith('unix:')) return { path: clamd.slice('unix:'.length) };
  const [host = '', port] = clamd.slice('tcp://'.length).split(':');
  return { host, port: Number(port) };
}

/** What scans the sets that this process has in hand; undefined when nothing is scanned. */
export function createAntivirus(base: Base): ScanSet | undefined {
  const { config, db, blobs, log, clock } = base;
  const scanner = scannerOf(config);
  if (!scanner) return undefined;
  return createScanSet({
    db,
    blobs,
    patient: createPatientScan(scanner, log, clock),
    maxBytes: config.antivirus.maxBytes,
  });
}

const WITHIN_MS = 10_000;

/** DEGRADED while the scanner judges nothing: what comes in then waits. Undefined when there is none. */
export function antivirusCheck(config: Config): Check | undefined {
  const scanner = scannerOf(config);
  if (!scanner) return undefined;
  const probe = () => scanner.probe().then(() => undefined);
  return createCheck({ name: 'antivirus', failing: 'DEGRADED', withinMs: WITHIN_MS, probe });
}
