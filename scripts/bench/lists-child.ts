import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createListDelivery } from '../../app/deliveries.ts';
import { mailboxRules } from '../../app/mailboxes.ts';
import { loadConfig } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { compileList } from '../../engine/lists/compile.ts';
import { type Format, type ListDefinition, ruleOf } from '../../engine/lists/definition.ts';
import { parsePeriod } from '../../engine/lists/period.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { openStore } from '../../engine/store/database.ts';

/** Makes the statement of a month in a process of its own and prints what it took: `lists-child.js URL PERIOD FORMATS`. */
async function main(url: string, name: string, formats: readonly Format[]): Promise<void> {
  const config = await loadConfig(undefined, {});
  const shipped = config.lists['statement-leefloon'] as ListDefinition;
  const definition = { ...shipped, formats, out: undefined };
  const period = parsePeriod(ruleOf(definition), name);
  if (!period) throw new Error(`no period ${name}`);
  const dir = await mkdtemp(join(tmpdir(), 'bode-bench-blobs-'));
  const db = openStore({ url });
  const deps = { db, blobs: createBlobStore({ dir, log: silentLogger() }), clock: systemClock, log: silentLogger() };
  const rest = { telemetry: noTelemetry, delivery: createListDelivery(mailboxRules(config)), wake: () => undefined };
  const signal = new AbortController().signal;
  const began = performance.now();
  const request = { definition, period, slot: systemClock(), signal, proceed: () => undefined };
  const compiled = await compileList({ ...deps, ...rest }, request);
  const seconds = (performance.now() - began) / 1_000;
  const memoryMib = process.resourceUsage().maxRSS / 1_024;
  await db.destroy();
  await rm(dir, { recursive: true });
  if (compiled.kind !== 'made') throw new Error(`not made: ${compiled.kind}`);
  process.stdout.write(`${JSON.stringify({ seconds, memoryMib, ...compiled.sum })}\n`);
}

const [, , url = '', period = '', formats = ''] = process.argv;
await main(url, period, formats.split(',') as Format[]);
