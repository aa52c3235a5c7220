import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../engine/core/clock.ts';
import { audit } from '../../engine/store/audit.ts';
import { linkAudit } from '../../engine/store/audit-chain.ts';
import { auditHeadPath } from '../../engine/store/audit-head.ts';
import { loadAuditKey } from '../../engine/store/audit-key.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { anAuditLine } from './audit.ts';

// A process of its own: `write URL DIR LINES` adds lines, each in its own transaction; `link URL DIR LINES` links until there are so many.
const [, , role, url = '', dataDir = '', lines = ''] = process.argv;
const db = openStore({ url, poolSize: 2 });
await (role === 'write' ? write(db, Number(lines)) : link(db, Number(lines)));
await db.destroy();

async function write(db: Db, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await inTransaction(db, (tx) => audit(tx, anAuditLine({ who: String(process.pid), facts: { at } })));
  }
}

async function link(db: Db, count: number): Promise<void> {
  const deps = { db, clock: systemClock, key: await loadAuditKey(dataDir), headPath: auditHeadPath(dataDir) };
  for (;;) {
    const { kind } = await linkAudit(deps);
    if (kind === 'broken') throw new Error('the chain is broken');
    const row = await db('audit').max('seq as last').first();
    if (Number(row?.['last'] ?? 0) >= count) return;
    await delay(5);
  }
}
