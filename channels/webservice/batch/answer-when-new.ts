import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown, readWhenNew, type Tagged, tagged, waitOf } from '../conditional.ts';

/** How long a request may wait for news, and what ends its waiting early. */
export interface WaitDeps {
  readonly longestWaitMs: number;
  /** Aborted when the client has gone, or the server stops. */
  readonly goneOf: (reply: FastifyReply) => AbortSignal;
}

/** What is news to a client, and how to look for it. */
export interface News<T> {
  /** Whether there is nothing yet that is worth an answer to a client that has seen nothing. */
  readonly isOpen: (value: T) => boolean;
  /** Something cheap that changes whenever the value does. */
  readonly mark?: () => Promise<unknown>;
}

/** Answers with what there is, or with 304; waits for news for as long as the client prefers. */
export async function answerWhenNew<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  read: () => Promise<T>,
  { longestWaitMs, goneOf, isOpen, mark }: WaitDeps & News<T>,
) {
  const known = request.headers['if-none-match'];
  const waitS = waitOf(request.headers['prefer'] as string | undefined);
  const forMs = Math.min(longestWaitMs, (waitS ?? 0) * 1_000);
  // who has seen something waits for something else; who has not, for what is worth a look
  const isOld = ({ value, etag }: Tagged<T>) => (known === undefined ? isOpen(value) : isKnown(etag, known));
  const readTagged = async () => tagged(await read());
  const waiting = { read: readTagged, isOld, forMs, signal: goneOf(reply), ...(mark && { mark }) };
  const { value, etag } = await readWhenNew(waiting);
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (waitS !== undefined) reply.header('preference-applied', `wait=${Math.ceil(forMs / 1_000)}`);
  return isKnown(etag, known) ? reply.code(304).send() : reply.send(value);
}
