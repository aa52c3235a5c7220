import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../engine/core/clock.ts';
import type { CompileDeps } from '../../engine/lists/compile.ts';
import { type Composed, compose } from '../../engine/lists/compose.ts';
import { besidesFields, type ListDefinition } from '../../engine/lists/definition.ts';
import type { Period } from '../../engine/lists/period.ts';
import { createProgress } from '../../engine/lists/progress.ts';
import { choiceOf, findListRun, latestListRun, selectionOf } from '../../engine/lists/runs.ts';
import { countShares } from '../../engine/lists/shares.ts';
import { cutoffAt } from '../../engine/records/records.ts';
import { recordsInTurn } from '../../engine/records/taken.ts';
import { openPrepared, streamOf } from '../../engine/store/blobs.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { table } from './output.ts';

export interface PreviewRequest {
  readonly definition: ListDefinition;
  readonly period: Period;
  readonly signal: AbortSignal;
  /** The directory that the documents are written to. */
  readonly out: string;
}

/** Writes every document that a list would have now, or has, and publishes nothing; gives a line for each authority. */
export async function previewList(
  deps: CompileDeps,
  { definition, period, signal, out }: PreviewRequest,
): Promise<string[]> {
  const run = await runSoFar(deps, definition, period);
  const selection = selectionOf(definition, run);
  const rows: string[][] = [];
  const shares = await countShares(deps.db, selection);
  const [list, of] = [definition.name, shares.length];
  const told = createProgress(deps.log, { list, period: period.name, doing: 'previewed', of });
  for await (const taken of recordsInTurn(deps.db, selection, shares, besidesFields(definition))) {
    const composed = await compose(deps, { definition, period: period.name, slot: run.slot, taken, signal });
    await writeAll(deps, composed, out);
    await deps.blobs.discard(composed.files.map(({ content }) => content));
    const { lines, corrections, sums } = composed.totals;
    rows.push([taken.share.authority, String(lines), String(corrections), JSON.stringify(sums)]);
    told();
  }
  deps.log.info({ list, period: period.name, documents: rows.length }, 'list previewed');
  return [...table(['AUTHORITY', 'LINES', 'CORRECTIONS', 'SUMS'], rows), `written to ${out}, nothing published`];
}

/** The run there is, or the one that would begin now. One that is done could only be replaced, which chooses as is configured. */
async function runSoFar({ db }: CompileDeps, definition: ListDefinition, period: Period) {
  const { name } = definition;
  const choice = choiceOf(definition);
  const found = await findListRun(db, name, period.name);
  if (found) return found.state === 'done' ? { ...found, choice } : found;
  const slot = systemClock();
  const cutoff = await inTransaction(db, (tx) => cutoffAt(tx, slot));
  const latest = await latestListRun(db, name);
  return { period, slot, after: latest?.cutoff ?? 0, cutoff, previousUntil: latest?.period.until ?? null, choice };
}

async function writeAll({ db, blobs }: CompileDeps, { files }: Composed, out: string): Promise<void> {
  for (const { name, content } of files) {
    const target = createWriteStream(join(out, name), { mode: 0o600 });
    await pipeline(streamOf(await openPrepared(blobs, db, content)), target);
  }
}
