import { createInterface } from 'node:readline';
import { recordsInTurn, type Taken } from '../records/taken.ts';
import { openPrepared, streamOf } from '../store/blobs.ts';
import { inTransaction } from '../store/transaction.ts';
import type { CompileDeps } from './compile.ts';
import { type ComposeDeps, type Composed, compose } from './compose.ts';
import { besidesFields, type Format, type ListDefinition } from './definition.ts';
import { documentsOf, filesOfDocument, type ListDocument, type ListFile } from './documents.ts';
import { createProgress } from './progress.ts';
import { publish } from './publish.ts';
import { choiceOf, keepChoice, type ListRun, selectionOf } from './runs.ts';
import { countShares } from './shares.ts';

/** How the document of an authority would differ if its list were made again now. */
export interface Change {
  readonly authority: string;
  /** The version in force; 0 when there is none. */
  readonly version: number;
  /** Formats that differ. */
  readonly formats: readonly Format[];
  /** How many lines the version in force has, and would have. */
  readonly lines: { readonly published: number; readonly again: number };
  /** Lines of the CSV (else of the first text format) that would go and come, the first twenty of each. */
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

interface Remade extends Change {
  readonly composed: Composed;
}

const MOST_LINES = 20;
const LARGEST = 16 * 2 ** 20;

/**
 * Makes every document of a run again, out of the same records, as the list chooses and shows them today, and tells those
 * that differ from what was published. A document whose authority would get none today is compared with one without lines.
 */
export async function* compareRun(
  deps: ComposeDeps & Pick<CompileDeps, 'log'>,
  definition: ListDefinition,
  run: ListRun,
  signal: AbortSignal,
): AsyncGenerator<Remade> {
  const inForce = new Map((await documentsOf(deps.db, run.list, run.period.name)).map((one) => [one.authority, one]));
  const selection = selectionOf(definition, { ...run, choice: choiceOf(definition) });
  const shares = await countShares(deps.db, selection);
  const having = new Set(shares.map(({ authority }) => authority));
  const bare = [...inForce.keys()].filter((authority) => !having.has(authority));
  const { list, period } = run;
  const of = shares.length + bare.length;
  const told = createProgress(deps.log, { list, period: period.name, doing: 'compared', of });
  const records = recordsInTurn(deps.db, selection, shares, besidesFields(definition));
  for await (const taken of recordsAndNone(records, bare)) {
    const document = inForce.get(taken.share.authority);
    const files = document ? await filesOfDocument(deps.db, document) : [];
    const remade = await remake(deps, definition, run, { taken, document, files, signal });
    told();
    if (remade.formats.length > 0) yield remade;
    else await deps.blobs.discard(remade.composed.files.map(({ content }) => content));
  }
}

async function* recordsAndNone(records: AsyncIterable<Taken>, bare: readonly string[]): AsyncGenerator<Taken> {
  yield* records;
  for (const authority of bare) yield { share: { authority, records: 0, late: 0, bytes: 0 }, records: [] };
}

interface Known {
  readonly taken: Taken;
  /** The document in force, if there is one, and its files. */
  readonly document: Omit<ListDocument, 'files'> | undefined;
  readonly files: readonly ListFile[];
  readonly signal: AbortSignal;
}

async function remake(deps: ComposeDeps, definition: ListDefinition, run: ListRun, known: Known): Promise<Remade> {
  const { taken, document, files, signal } = known;
  const { period, slot } = run;
  const composed = await compose(deps, { definition, period: period.name, slot, taken, signal });
  const old = new Map(files.map((file) => [file.format, file.sha256]));
  const fresh = new Map(composed.files.map(({ format, content }) => [format, content.ref.sha256]));
  const formats = [...new Set([...old.keys(), ...fresh.keys()])].filter(
    (format) => old.get(format) !== fresh.get(format),
  );
  return {
    ...{ authority: taken.share.authority, version: document?.version ?? 0, formats, composed },
    lines: { published: document?.totals.lines ?? 0, again: composed.totals.lines },
    ...(await linesOf(deps, files, composed)),
  };
}

/** The lines that only one of two documents has; none are told of documents too large to hold. */
async function linesOf(deps: ComposeDeps, files: readonly ListFile[], composed: Composed) {
  const format = (['csv', 'fixed', 'xml'] as const).find((one) => composed.files.some((file) => file.format === one));
  const old = files.find((file) => file.format === format);
  const fresh = composed.files.find((file) => file.format === format)?.content;
  if (!fresh || fresh.ref.size > LARGEST || (old?.size ?? 0) > LARGEST) return { gone: [], come: [] };
  const before = old ? await readLines(streamOf(await deps.blobs.open(deps.db, old.sha256))) : [];
  const after = await readLines(streamOf(await openPrepared(deps.blobs, deps.db, fresh)));
  return { gone: without(before, after), come: without(after, before) };
}

async function readLines(content: NodeJS.ReadableStream): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: content })) lines.push(line);
  return lines;
}

/** Lines that are in one document more often than in the other. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  const only: string[] = [];
  for (const line of lines) {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    else if (only.length < MOST_LINES) only.push(line);
  }
  return only;
}

/**
 * Publishes a new version of each document of a run that differs; the old ones are kept. It stays with the records that
 * were the run's to take: what arrived later is a correction in the next list. Which of them it takes is chosen as the list
 * does today, and that choice is the run's own afterwards. An authority that would get no document any more gets one
 * without lines, which is in force from then on.
 *
 * @returns the authorities that got one.
 */
export async function replaceRun(
  deps: CompileDeps,
  definition: ListDefinition,
  run: ListRun,
  signal: AbortSignal,
): Promise<string[]> {
  const { db, blobs, delivery, clock, log } = deps;
  const began = clock().getTime();
  const replaced: string[] = [];
  for await (const { authority, version, composed } of compareRun(deps, definition, run, signal)) {
    const request = { definition, run, authority, version: version + 1, composed, now: clock() };
    if (await inTransaction(db, (tx) => publish(tx, blobs, delivery, request))) replaced.push(authority);
    deps.wake();
  }
  await inTransaction(db, (tx) => keepChoice(tx, run, choiceOf(definition)));
  const ms = clock().getTime() - began;
  log.info({ list: run.list, period: run.period.name, documents: replaced.length, ms }, 'list replaced');
  return replaced;
}
