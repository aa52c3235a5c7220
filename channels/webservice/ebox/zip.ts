import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayShow } from '../../../engine/mailboxes/access.ts';
import { type Listed, placesAt, readListed } from '../../../engine/mailboxes/list.ts';
import { findAllPlaced } from '../../../engine/mailboxes/placed.ts';
import { zipped } from '../../../engine/store/zip.ts';
import { type EboxCaller, notFound, visit } from './caller.ts';
import { noteRead } from './consult.ts';
import type { EboxDeps } from './deps.ts';
import { zipNames } from './zip-names.ts';

/** Sends all attachments of the messages that are named, as one ZIP that is made while it is sent: it needs no room. */
export async function sendZip(request: FastifyRequest, reply: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const { messageId } = request.query as { messageId: string[] };
  const visited = await visit(caller, deps, deps.clock());
  const placed = await findAllPlaced(deps.db, visited.mailbox.id, messageId);
  const shown = placed.filter((one) => mayShow(visited.view, one));
  if (shown.length < new Set(messageId).size) throw notFound();
  const positions = shown.map(({ position }) => position);
  const listed = await readListed(deps.db, placesAt(visited.mailbox.id, positions));
  for (const one of listed) {
    const hasMain = one.message.attachments.some(({ main }) => main);
    if (hasMain) await noteRead({ ...one, visit: visited }, caller, deps);
  }
  reply
    .header('content-disposition', 'attachment; filename="messages.zip"')
    .header('cache-control', 'private, no-cache')
    .type('application/zip');
  return reply.send(archiveOf(listed, deps));
}

/** Stored, not packed: most attachments are packed already, and a reader may begin at once. */
function archiveOf(listed: readonly Listed[], { db, blobs }: EboxDeps): Readable {
  const attachments = listed.flatMap(({ message: { id, attachments: all }, placed: { receivedAt } }) =>
    all.map(({ fileName, sha256 }) => ({
      id,
      day: receivedAt.slice(0, 10),
      fileName,
      sha256,
      date: new Date(receivedAt),
    })),
  );
  const names = zipNames(attachments);
  const entries = attachments.map(({ sha256, date }, index) => {
    return { name: names[index] ?? String(index), date, open: () => blobs.read(db, sha256) };
  });
  return zipped(entries, 'stored');
}
