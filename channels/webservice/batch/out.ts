import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FoldersOf } from '../../../engine/landing/create-folders.ts';
import { outFolderOf } from '../../../engine/landing/file-name.ts';
import type { Download, FileEntry, FolderName, Folders } from '../../../engine/landing/folders.ts';
import type { Bearer } from '../access.ts';
import { isKnown } from '../conditional.ts';
import { ProblemError } from '../problem.ts';
import { readRange } from '../range.ts';
import { answerWhenNew, type WaitDeps } from './answer-when-new.ts';
import { OUT_PATH } from './paths.ts';

export interface OutDeps extends WaitDeps {
  readonly foldersOf: FoldersOf;
}

interface Query {
  readonly environment: 'R' | 'T' | 'S';
  readonly pageSize: number;
  readonly after?: string;
}

/** Lists the answers of one environment, in the order of their names, a page at a time. */
export async function list(request: FastifyRequest, reply: FastifyReply, bearer: Bearer, deps: OutDeps) {
  const { environment, pageSize, after } = request.query as Query;
  const [folders, folder] = placeOf(request, bearer, deps);
  const read = async () => {
    const files = await folders.list(folder, { limit: pageSize + 1, ...(after !== undefined && { after }) });
    const items = files.slice(0, pageSize).map((file) => shown(file, environment));
    const last = files.length > pageSize ? items.at(-1) : undefined;
    return { items, pageSize, ...(last && { next: nextOf(environment, pageSize, last.name) }) };
  };
  return answerWhenNew(request, reply, read, { ...deps, isOpen: ({ items }) => items.length === 0 });
}

function nextOf(environment: string, pageSize: number, after: string): string {
  return `${OUT_PATH}?${new URLSearchParams({ environment, pageSize: String(pageSize), after })}`;
}

function shown({ name, size, modifiedAt }: FileEntry, environment: string) {
  const query = environment === 'R' ? '' : `?environment=${environment}`;
  return { href: `${OUT_PATH}/${encodeURIComponent(name)}${query}`, name, size, modifiedAt: modifiedAt.toISOString() };
}

function placeOf(request: FastifyRequest, { sender }: Bearer, { foldersOf }: OutDeps): [Folders, FolderName] {
  const { environment } = request.query as Query;
  return [foldersOf({ number: sender, channel: 'webservice' }), outFolderOf(environment)];
}

/** Sends an answer, or a part of it. */
export async function fetchFile(request: FastifyRequest, reply: FastifyReply, bearer: Bearer, deps: OutDeps) {
  const { file } = request.params as { file: string };
  const [folders, folder] = placeOf(request, bearer, deps);
  const download = await folders.openRead(folder, file);
  const { size, modifiedAt } = download;
  const etag = `"${size.toString(36)}-${modifiedAt.getTime().toString(36)}"`;
  reply
    .header('etag', etag)
    .header('last-modified', modifiedAt.toUTCString())
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    // file names are checked: nothing in them can end the quotes
    .header('content-disposition', `attachment; filename="${file}"`)
    .type('application/octet-stream');
  const { range, 'if-none-match': known, 'if-range': onlyIf } = request.headers;
  if (isKnown(etag, known)) {
    await download.close();
    return reply.code(304).send();
  }
  const wanted = readRange(onlyIf === undefined || onlyIf === etag ? range : undefined, size);
  if (wanted.kind === 'none') {
    await download.close();
    throw new ProblemError('rangeNotSatisfiable', `The file has ${size} bytes`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  const [start, end] = wanted.kind === 'part' ? [wanted.start, wanted.end] : [0, size - 1];
  if (wanted.kind === 'part') reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  reply.header('content-length', end - start + 1);
  if (request.method === 'HEAD') {
    await download.close();
    return reply.send();
  }
  return reply.send(streamOf(download, start, end));
}

const PIECE = 1 << 18;

/** The bytes from `start` up to and with `end`; the file is closed however the reading ends. */
function streamOf(download: Download, start: number, end: number): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (let at = start; at <= end; ) {
        const piece = await download.read(at, Math.min(PIECE, end - at + 1));
        if (piece.length === 0) return;
        at += piece.length;
        yield piece;
      }
    } finally {
      await download.close();
    }
  }
  return Readable.from(pieces(), { objectMode: false });
}

/** Takes an answer away: it has been fetched. */
export async function removeFile(request: FastifyRequest, reply: FastifyReply, bearer: Bearer, deps: OutDeps) {
  const { file } = request.params as { file: string };
  const [folders, folder] = placeOf(request, bearer, deps);
  await folders.remove(folder, file);
  return reply.code(204).send();
}
