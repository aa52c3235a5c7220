import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { recordsInTurn, type Taken } from '../records/taken.ts';
import { inTransaction } from '../store/transaction.ts';
import { type ComposeDeps, compose } from './compose.ts';
import { besidesFields, type ListDefinition } from './definition.ts';
import { documentedIn, documentsOf, type RunSum, sumOf } from './documents.ts';
import type { Period } from './period.ts';
import { createProgress } from './progress.ts';
import { type Delivery, publish } from './publish.ts';
import { beginListRun, choiceOf, finishListRun, type ListRun, selectionOf } from './runs.ts';
import { countShares } from './shares.ts';

export interface CompileDeps extends ComposeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly delivery: Delivery;
  /** Called after a commit that added to the outbox. */
  readonly wake: () => void;
  /** Documents that are made at a time. Default 3. */
  readonly atATime?: number;
}

export interface CompileRequest {
  readonly definition: ListDefinition;
  readonly period: Period;
  /** When it was due: what had arrived by then is in it. */
  readonly slot: Date;
  readonly signal: AbortSignal;
  /** Throws when this process may not go on. */
  proceed(): void;
}

/** How a compilation ended. */
export type Compiled =
  | { readonly kind: 'made' | 'made before'; readonly sum: RunSum }
  /** A later period was made already: what belongs to this one is a correction there, or will be. */
  | { readonly kind: 'passed'; readonly by: string };

/**
 * Makes a list for a closed period: one document for each authority that has records in it. Made once: again, or beside
 * another process, it makes what is missing and nothing else. A crash leaves documents that are whole, and the rest is
 * made when it is asked again.
 */
export async function compileList(deps: CompileDeps, request: CompileRequest): Promise<Compiled> {
  const { db, clock, log, telemetry } = deps;
  const { definition, period, slot } = request;
  const list = definition.name;
  const began = clock().getTime();
  const asked = { list, period, slot, choice: choiceOf(definition), now: clock() };
  const begun = await inTransaction(db, (tx) => beginListRun(tx, asked));
  if (begun.kind === 'passed') return begun;
  const { run } = begun;
  if (run.state === 'done') return { kind: 'made before', sum: await sumOfRun(deps, run) };
  await makeMissing(deps, request, run);
  await inTransaction(db, (tx) => finishListRun(tx, run, clock()));
  const sum = await sumOfRun(deps, run);
  const ms = clock().getTime() - began;
  telemetry.time('bode_list_seconds', { list }, ms);
  log.info({ list, period: period.name, ...sum, ms }, 'list made');
  return { kind: 'made', sum };
}

const sumOfRun = async ({ db }: CompileDeps, { list, period }: ListRun) =>
  sumOf(await documentsOf(db, list, period.name));

async function makeMissing(deps: CompileDeps, request: CompileRequest, run: ListRun): Promise<void> {
  const { db, log, atATime = 3 } = deps;
  const { list, period } = run;
  const made = await documentedIn(db, list, period.name);
  const selection = selectionOf(request.definition, run);
  const shares = await countShares(db, selection);
  const missing = shares.filter(({ authority }) => !made.has(authority));
  const all = recordsInTurn(db, selection, missing, besidesFields(request.definition));
  const of = shares.length;
  const told = createProgress(log, { list, period: period.name, doing: 'made', of, before: made.size });
  const makeInTurn = async () => {
    for (let next = await all.next(); !next.done; next = await all.next()) {
      request.proceed();
      await makeOne(deps, request, run, next.value);
      told();
    }
  };
  try {
    await allOrFirstFailure(Array.from({ length: atATime }, makeInTurn));
  } finally {
    await all.return(undefined);
  }
}

/** Waits for all, also when one fails: nothing may go on after the run has ended. */
async function allOrFirstFailure(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function makeOne(deps: CompileDeps, request: CompileRequest, run: ListRun, taken: Taken): Promise<void> {
  const { db, blobs, delivery, telemetry, clock, wake } = deps;
  const { definition, signal } = request;
  const { list, period, slot } = run;
  const { authority } = taken.share;
  const composed = await compose(deps, { definition, period: period.name, slot, taken, signal });
  const published = await inTransaction(db, (tx) =>
    publish(tx, blobs, delivery, { definition, run, authority, version: 1, composed, now: clock() }),
  );
  if (!published) return;
  telemetry.count('bode_list_documents_total', { list });
  telemetry.count('bode_list_lines_total', { list }, composed.totals.lines);
  wake();
}
