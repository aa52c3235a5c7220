import type { Readable } from 'node:stream';
import type { Taken } from '../records/taken.ts';
import { findOrganisation, type Organisation } from '../registry/organisations.ts';
import { type BlobStore, openPrepared, type PreparedContent, streamOf } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { packedZip } from '../store/packed-zip.ts';
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
  const made = await (isSmall(taken.share) ? inHand : inStreams)(deps, request, { formats, setting });
  const files = definition.formats.map((format, index): ComposedFile => {
    const { mediaType } = format === 'zip' ? ZIP : LINE_FORMATS[format];
    return { format, name: nameOf(request, format), mediaType, content: made.contents[index] as PreparedContent };
  });
  return { authority, totals: made.totals, files };
}

/** Documents of no more than this are a few megabytes in all formats together: they are made in memory. */
const SMALL = { records: 5_000, bytes: 2 * 2 ** 20 };

const isSmall = ({ records, bytes }: Taken['share']) => records <= SMALL.records && bytes <= SMALL.bytes;

const ZIP = { extension: 'zip', mediaType: 'application/zip' };

interface Task {
  readonly formats: readonly LineFormat[];
  readonly setting: Typesetting;
}

interface Made {
  readonly totals: Totals;
  /** In the order of the formats of the list. */
  readonly contents: readonly PreparedContent[];
}

async function inHand({ blobs }: ComposeDeps, request: ComposeRequest, { formats, setting }: Task): Promise<Made> {
  const [totals, ...texts] = await Promise.all([fill(request, setting), ...setting.contents.map(wholeOf)]);
  const named = formats.map((format, index) => ({
    ...{ name: nameOf(request, format), date: request.slot, bytes: texts[index] as Buffer },
  }));
  const all = request.definition.formats;
  const zip = all.includes('zip') ? await packedZip(named) : undefined;
  const bytes = all.map((format) => (format === 'zip' ? zip : texts[formats.indexOf(format)]) as Buffer);
  return { totals, contents: await blobs.setAside(bytes) };
}

async function wholeOf(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

async function inStreams(deps: ComposeDeps, request: ComposeRequest, { formats, setting }: Task): Promise<Made> {
  const { blobs, db } = deps;
  const prepared = setting.contents.map((content) => blobs.prepare(db, content));
  const [totals, ...texts] = await Promise.all([fill(request, setting), ...prepared]);
  const all = request.definition.formats;
  const zip = all.includes('zip') ? await zipOf(deps, request, formats, texts) : undefined;
  const contents = all.map((format) => (format === 'zip' ? zip : texts[formats.indexOf(format)]) as PreparedContent);
  return { totals, contents };
}

function zipOf(
  { blobs, db }: ComposeDeps,
  request: ComposeRequest,
  formats: readonly LineFormat[],
  texts: readonly PreparedContent[],
): Promise<PreparedContent> {
  const entries = texts.map((content, index) => ({
    name: nameOf(request, formats[index] as LineFormat),
    date: request.slot,
    open: async () => streamOf(await openPrepared(blobs, db, content)),
  }));
  return blobs.prepare(db, zipped(entries, 'packed'));
}

const nameOf = ({ definition, period, taken }: ComposeRequest, format: Format) => {
  const { extension } = format === 'zip' ? ZIP : LINE_FORMATS[format];
  return `${definition.name}.${period}.${taken.share.authority}.${extension}`;
};

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
