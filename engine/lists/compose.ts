import { recordsOf, type Selection, type Share, type TakenRecord } from '../records/selection.ts';
import { findOrganisation, type Organisation } from '../registry/organisations.ts';
import { type BlobStore, openPrepared, type PreparedContent, streamOf } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { type Column, type Format, type ListDefinition, ruleOf } from './definition.ts';
import { periodOf } from './period.ts';
import { csv } from './render/csv.ts';
import { fixed } from './render/fixed.ts';
import { createPdf } from './render/pdf.ts';
import type { Head, Line, Renderer, Rendering, Totals } from './render/rendering.ts';
import { numberIn } from './render/values.ts';
import { xml } from './render/xml.ts';
import { zipped } from './render/zip.ts';

/** One format of a document, not kept yet. */
export interface ComposedFile {
  readonly format: Format;
  readonly name: string;
  readonly mediaType: string;
  readonly content: PreparedContent;
}

/** The document of one authority in all formats of its list, in their order. */
export interface Composed {
  readonly authority: Organisation | undefined;
  readonly totals: Totals;
  readonly files: readonly ComposedFile[];
}

export interface ComposeDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  /** Default: one for each document. */
  readonly pdf?: Renderer;
}

/** For whom a document is made, and of what. */
export interface ComposeRequest {
  readonly definition: ListDefinition;
  readonly period: string;
  readonly slot: Date;
  readonly selection: Selection;
  readonly share: Share;
  readonly signal: AbortSignal;
}

type Renderers = Readonly<Record<Exclude<Format, 'zip'>, Renderer>>;

/**
 * Makes the document of one authority, all formats in one pass over its records; memory does not grow with them. The
 * same request gives the same bytes whenever it is made. It has no effect before its content is kept.
 */
export async function compose(deps: ComposeDeps, request: ComposeRequest): Promise<Composed> {
  const { definition, share } = request;
  const authority = await findOrganisation(deps.db, share.authority);
  const head = headOf(request, authority);
  const formats = definition.formats.filter((format) => format !== 'zip');
  const renderers: Renderers = { csv, fixed, xml, pdf: deps.pdf ?? createPdf() };
  const renderings = formats.map((format) => renderers[format].render(head));
  const contents = renderings.map(({ content }) => deps.blobs.prepare(deps.db, content));
  const [totals, ...prepared] = await Promise.all([fill(deps, request, renderings), ...contents]);
  const files = formats.map((format, index): ComposedFile => {
    const { extension, mediaType } = renderers[format];
    const content = prepared[index] as PreparedContent;
    return { format, name: `${baseName(request)}.${extension}`, mediaType, content };
  });
  return { authority, totals, files: definition.formats.includes('zip') ? await withZip(deps, request, files) : files };
}

const baseName = ({ definition, period, share }: ComposeRequest) => `${definition.name}.${period}.${share.authority}`;

function headOf({ definition, period, slot, share }: ComposeRequest, organisation: Organisation | undefined): Head {
  const language = organisation?.language ?? 'nl';
  const authorityName = organisation?.names[language] ?? Object.values(organisation?.names ?? {})[0] ?? share.authority;
  return {
    definition,
    period,
    authority: share.authority,
    authorityName,
    language,
    madeAt: slot,
    lines: share.records,
  };
}

async function fill({ db }: ComposeDeps, request: ComposeRequest, renderings: readonly Rendering[]): Promise<Totals> {
  const { definition, selection, share, signal } = request;
  const sum = createSum(definition);
  try {
    for await (const records of recordsOf(db, selection, share)) {
      signal.throwIfAborted();
      const lines = records.map((record) => lineOf(definition, record, share.authority));
      sum.add(records, lines);
      await Promise.all(renderings.map((rendering) => rendering.write(lines)));
    }
    await Promise.all(renderings.map((rendering) => rendering.end(sum.totals())));
    return sum.totals();
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    for (const rendering of renderings) rendering.abort(cause);
    throw error;
  }
}

function lineOf(definition: ListDefinition, record: TakenRecord, authority: string): Line {
  const own: Readonly<Record<string, string>> = { authority, day: record.day, kind: record.kind };
  const values = definition.columns.map(({ field }) => record.fields[field] ?? own[field] ?? '');
  return { values, correctionOf: record.late ? periodOf(ruleOf(definition), record.day).name : '' };
}

/** Adds up what the totals say. */
function createSum({ columns }: ListDefinition) {
  const summed = columns.flatMap((column, at) =>
    column.total ? [{ column, at, signAt: signOf(column, columns) }] : [],
  );
  const sums: Record<string, number> = Object.fromEntries(summed.map(({ column }) => [column.field, 0]));
  let [lines, corrections] = [0, 0];
  return {
    add(records: readonly TakenRecord[], added: readonly Line[]) {
      lines += records.length;
      for (const { late } of records) if (late) corrections += 1;
      for (const { values } of added) {
        for (const { column, at, signAt } of summed) {
          sums[column.field] = (sums[column.field] ?? 0) + numberIn(values[at] ?? '', values[signAt]);
        }
      }
    },
    totals: (): Totals => ({ lines, corrections, sums: { ...sums } }),
  };
}

const signOf = ({ sign }: Column, columns: readonly Column[]) => columns.findIndex(({ field }) => field === sign);

async function withZip(
  deps: ComposeDeps,
  request: ComposeRequest,
  files: readonly ComposedFile[],
): Promise<ComposedFile[]> {
  const entries = files.map(({ name, content }) => ({
    name,
    open: async () => streamOf(await openPrepared(deps.blobs, deps.db, content)),
  }));
  const content = await deps.blobs.prepare(deps.db, zipped(entries, request.slot));
  const zip = { format: 'zip' as const, name: `${baseName(request)}.zip`, mediaType: 'application/zip', content };
  return request.definition.formats.map((format) => files.find((file) => file.format === format) ?? zip);
}
