import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attachment } from '../../../engine/mailboxes/messages.ts';
import { isKnown } from '../conditional.ts';
import { ProblemError } from '../problem.ts';
import { readRange } from '../range.ts';
import { type EboxCaller, notFound } from './caller.ts';
import { noteRead, type Opened, openMessage } from './consult.ts';
import type { EboxDeps } from './deps.ts';

/** The attachment that a request names. Rejects with a problem when there is none. */
export async function openAttachment(
  request: FastifyRequest,
  caller: EboxCaller,
  deps: EboxDeps,
): Promise<{ readonly opened: Opened; readonly attachment: Attachment }> {
  const { attachmentId } = request.params as { attachmentId: string };
  const opened = await openMessage(request, caller, deps);
  const attachment = opened.message.attachments.find(({ number }) => String(number) === attachmentId);
  if (!attachment) throw notFound();
  return { opened, attachment };
}

/** Sends an attachment, or a part of it; the main content is read from now on. Browsers are told to save it, never to show it. */
export async function sendContent(request: FastifyRequest, reply: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const { opened, attachment } = await openAttachment(request, caller, deps);
  const { sha256, size, fileName, main } = attachment;
  const etag = `"${sha256.slice(0, 32)}"`;
  reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('content-disposition', dispositionOf(fileName))
    .type('application/octet-stream');
  const { range, 'if-none-match': known, 'if-range': onlyIf } = request.headers;
  if (isKnown(etag, known)) return reply.code(304).send();
  const wanted = readRange(onlyIf === undefined || onlyIf === etag ? range : undefined, size);
  if (wanted.kind === 'none') {
    throw new ProblemError('rangeNotSatisfiable', `The content has ${size} bytes`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  const [start, end] = wanted.kind === 'part' ? [wanted.start, wanted.end] : [0, size - 1];
  if (wanted.kind === 'part') reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  reply.header('content-length', end - start + 1);
  if (request.method === 'HEAD') return reply.send();
  const content = await deps.blobs.read(deps.db, sha256, { start, end: end + 1 });
  if (main) await noteRead(opened, caller, deps);
  return reply.send(content);
}

/** The texts of a body; when it is the main content, the message is read from now on. */
export async function readBody(request: FastifyRequest, caller: EboxCaller, deps: EboxDeps) {
  const opened = await openMessage(request, caller, deps);
  const { body, bodyMain } = opened.message;
  if (!body) throw notFound();
  if (bodyMain) await noteRead(opened, caller, deps);
  return body;
}

/** The header that makes a browser save content under its name (RFC 6266): in ASCII, and in UTF-8 where that is not enough. */
export function dispositionOf(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const plain = `attachment; filename="${ascii}"`;
  return ascii === fileName ? plain : `${plain}; filename*=UTF-8''${encoded(fileName)}`;
}

const LONE = /\p{Cs}/gu; // half a character: it cannot be encoded

const encoded = (text: string) =>
  encodeURIComponent(text.replace(LONE, '\ufffd')).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
