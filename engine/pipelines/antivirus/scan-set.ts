import type { PrepareContext } from '../../broker/pipeline.ts';
import { later, reject, type Verdict } from '../../broker/verdict.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { Db } from '../../store/database.ts';
import { quarantinedAmong } from '../../store/quarantine.ts';
import type { SubmissionFile } from '../../submissions/submissions.ts';
import type { PatientScan } from './patience.ts';

/** A file that a virus was found in, and what the scanner calls it. */
export interface Infected {
  readonly file: SubmissionFile;
  readonly signature: string;
}

/** What came of scanning a set: those of its files that are infected, or what becomes of the message instead. */
export type SetScan = { readonly kind: 'scanned'; readonly infected: readonly Infected[] } | Verdict;

/** Scans every file of a set. */
export type ScanSet = (files: readonly SubmissionFile[], context: PrepareContext) => Promise<SetScan>;

export interface ScanSetDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly patient: PatientScan;
  /** More than clamd would look at: such a file is given up, for an operator to decide. */
  readonly maxBytes: number;
}

/** Creates the scan of a set: content that is in quarantine is not read again, all other is. */
export function createScanSet(deps: ScanSetDeps): ScanSet {
  return async (files, context) => {
    const hashes = files.map(({ sha256 }) => sha256);
    const known = await quarantinedAmong(deps.db, hashes);
    const infected: Infected[] = [];
    for (const file of files.filter(({ size }) => size > 0)) {
      const found = known.get(file.sha256) ?? (await scanFile(file, context, deps));
      if (typeof found === 'string') infected.push({ file, signature: found });
      else if (found) return found;
    }
    return { kind: 'scanned', infected };
  };
}

/** What the scanner calls what it found; what becomes of the message when it could not say; undefined when it is clean. */
async function scanFile(
  file: SubmissionFile,
  { signal }: PrepareContext,
  { db, blobs, patient, maxBytes }: ScanSetDeps,
): Promise<string | Verdict | undefined> {
  if (file.size > maxBytes) return unscannable(`it is larger than antivirus.maxBytes (${maxBytes})`);
  const verdict = await patient.scan(await blobs.read(db, file.sha256), signal);
  switch (verdict.kind) {
    case 'clean':
      return undefined;
    case 'infected':
      return verdict.signature;
    case 'unscannable':
      return unscannable(verdict.reason);
    case 'away':
      return later(verdict.delayMs, 'the virus scanner was away');
  }
}

function unscannable(reason: string): Verdict {
  return reject(`a file cannot be scanned for viruses: ${reason}`, 'content_unscannable');
}
