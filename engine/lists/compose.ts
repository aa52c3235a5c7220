import { Readable } from 'node:stream';
import type { Taken } from '../records/taken.ts';
import { findOrganisation, type Organisation } from '../registry/organisations.ts';
import { type BlobStore, openPrepared, type PreparedContent, streamOf } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { zipped } from '../store/zip.ts';
import type { Format, ListDefinition } from './definition.ts';
import type { Head, Totals } from './render/rendering.ts';
import { createTypeset, LINE_FORMATS, type LineFormat, type Typeset, type Typesetting } from './render/typesetting.ts';

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
  /** By what documents are made. Default: one for each document, in the thread of the caller. */
  readonly typeset?: Typeset;
}

/** For whom a document is made, and of what. */
export interface ComposeRequest {
  readonly definition: ListDefinition;
  readonly period: string;
  readonly slot: Date;
  readonly taken: Taken;
  readonly signal: AbortSignal;
}

/**
 * Makes the document of one authority, all formats in one pass over its records; memory does not grow with them. The
 * same request gives the same bytes whenever it is made. It has no effect before its content is kept.
 */
export async function compose(deps: ComposeDeps, request: ComposeRequest): Promise<Composed> {
  const { definition, taken } = request;
  const authority = await findOrganisation(deps.db, taken.share.authority);
  const head = headOf(request, authority);
  const formats = definition.formats.filter((format): format is LineFormat => format !== 'zip');
  const setting = (deps.typeset ?? createTypeset())(head, formats);
  const memory = createMemory(definition.formats.includes('zip') ? MOST_IN_MEMORY : 0);
  const contents = setting.contents.map((content) => deps.blobs.prepare(deps.db, memory.remembering(content)));
  const [totals, ...prepared] = await Promise.all([fill(request, setting), ...contents]);
  const files = formats.map((format, index): ComposedFile => {
    const { extension, mediaType } = LINE_FORMATS[format];
    const content = prepared[index] as PreparedContent;
    return { format, name: `${baseName(request)}.${extension}`, mediaType, content };
  });
  if (!definition.formats.includes('zip')) return { authority, totals, files };
  const whole = setting.contents.map((content) => memory.of(content));
  return { authority, totals, files: await withZip(deps, request, files, whole) };
}

const MOST_IN_MEMORY = 4 * 2 ** 20; // bytes of a document: most are smaller, and need not be read again for the ZIP

/** Remembers contents while they are read, up to so many bytes in all; then it remembers none of them. */
function createMemory(most: number) {
  const pieces = new Map<Readable, Uint8Array[]>();
  let left = most;
  async function* noting(content: Readable, noted: Uint8Array[]) {
    for await (const piece of content) {
      left -= piece.length;
      if (left >= 0) noted.push(piece);
      else pieces.clear();
      yield piece;
    }
  }
  return {
    remembering(content: Readable): Readable {
      if (most === 0) return content;
      const noted: Uint8Array[] = [];
      pieces.set(content, noted);
      return Readable.from(noting(content, noted), { objectMode: false }); // else it reads sixteen pieces ahead
    },
    of(content: Readable): Buffer | undefined {
      const noted = pieces.get(content);
      return noted && Buffer.concat(noted);
    },
  };
}

const baseName = ({ definition, period, taken }: ComposeRequest) =>
  `${definition.name}.${period}.${taken.share.authority}`;

function headOf(
  { definition, period, slot, taken: { share } }: ComposeRequest,
  organisation: Organisation | undefined,
): Head {
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

async function fill({ taken, signal }: ComposeRequest, setting: Typesetting): Promise<Totals> {
  try {
    for await (const records of taken.records) {
      signal.throwIfAborted();
      await setting.write(records);
    }
    return await setting.end();
  } catch (error) {
    setting.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function withZip(
  deps: ComposeDeps,
  request: ComposeRequest,
  files: readonly ComposedFile[],
  whole: readonly (Buffer | undefined)[],
): Promise<ComposedFile[]> {
  const entries = files.map(({ name, content }, index) => ({
    name,
    date: request.slot,
    open: async () => whole[index] ?? streamOf(await openPrepared(deps.blobs, deps.db, content)),
  }));
  const content = await deps.blobs.prepare(deps.db, zipped(entries, 'packed'));
  const zip = { format: 'zip' as const, name: `${baseName(request)}.zip`, mediaType: 'application/zip', content };
  return request.definition.formats.map((format) => files.find((file) => file.format === format) ?? zip);
}
