import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../engine/core/clock.ts';
import { type AuditLine, audit } from '../../engine/store/audit.ts';
import type { ChainDeps } from '../../engine/store/audit-chain.ts';
import { auditHeadPath } from '../../engine/store/audit-head.ts';
import { loadAuditKey } from '../../engine/store/audit-key.ts';
import type { Db } from '../../engine/store/database.ts';

/** A line of the audit; a test names only what it is about. */
export function anAuditLine(with_: Partial<AuditLine> = {}): AuditLine {
  return {
    at: new Date('2026-11-22T10:00:00Z'),
    who: '123456',
    what: 'submission received',
    subject: '03804UDVFMW3Z',
    outcome: 'received',
    facts: { channel: 'sftp' },
    ...with_,
  };
}

/** Adds so many lines, each with its own number in its facts. */
export async function addAuditLines(db: Db, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) await audit(db, anAuditLine({ facts: { number } }));
}

/** A key and a place for the head, in a directory of their own. */
export async function auditSecrets(): Promise<{
  dataDir: string;
  secrets: Omit<ChainDeps, 'db'>;
  remove(): Promise<void>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bode-audit-'));
  const secrets = { clock: systemClock, key: await loadAuditKey(dataDir), headPath: auditHeadPath(dataDir) };
  return { dataDir, secrets, remove: () => rm(dataDir, { recursive: true, force: true }) };
}
