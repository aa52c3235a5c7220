import { buffer } from 'node:stream/consumers';
import type { FastifyRequest } from 'fastify';
import { mayShow } from '../../../engine/mailboxes/access.ts';
import { mailboxesOf } from '../../../engine/mailboxes/mailboxes.ts';
import { findRegistered, type RegisteredMail } from '../../../engine/mailboxes/registered-mail.ts';
import { ProblemError } from '../problem.ts';
import { type EboxCaller, notFound, visit } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { NEEDS } from './scopes.ts';
import { instant } from './view.ts';

/**
 * The proof that registered mail was dispatched, and the receipt of its reading once it is read: each a JSON document and a
 * detached CMS over it, in base64. For who sees the message in its mailbox, and for who published it and names the recipient;
 * after the message has gone too.
 */
export async function proofs(request: FastifyRequest, caller: EboxCaller, deps: EboxDeps) {
  const found = await registeredFor(request, caller, deps);
  if (!found) throw notFound();
  const { dispatchedAt, proof, proofSignature, receipt } = found;
  const document = async (sha256: string, signature: string) => ({
    document: await base64Of(sha256, deps),
    signature: await base64Of(signature, deps),
  });
  return {
    dispatch: { at: instant(dispatchedAt), ...(await document(proof, proofSignature)) },
    ...(receipt && {
      reading: { at: instant(receipt.readAt), ...(await document(receipt.receipt, receipt.signature)) },
    }),
  };
}

async function registeredFor(
  request: FastifyRequest,
  caller: EboxCaller,
  deps: EboxDeps,
): Promise<RegisteredMail | undefined> {
  const { messageId } = request.params as { readonly messageId: string };
  const { recipient } = request.query as { readonly recipient?: string };
  if (recipient !== undefined) return registeredBy({ messageId, recipient }, caller, deps);
  requireReader(caller);
  const { mailbox, view } = await visit(caller, deps, deps.clock());
  const found = await findRegistered(deps.db, mailbox.id, messageId);
  return found && mayShow(view, found) ? found : undefined;
}

function requireReader({ scopes }: EboxCaller): void {
  if (NEEDS.reply.some((scope) => scopes.includes(scope))) return;
  throw new ProblemError('missingScope', 'With this token proofs are for who names the recipient');
}

/** Of a message that the caller itself has published. */
async function registeredBy(
  { messageId, recipient }: { readonly messageId: string; readonly recipient: string },
  { who, scopes }: EboxCaller,
  { db }: EboxDeps,
): Promise<RegisteredMail | undefined> {
  if (!NEEDS.publish.some((scope) => scopes.includes(scope))) return undefined;
  for (const { id } of await mailboxesOf(db, recipient)) {
    const found = await findRegistered(db, id, messageId);
    if (found?.publisher === who) return found;
  }
  return undefined;
}

const base64Of = async (sha256: string, { blobs, db }: EboxDeps) =>
  (await buffer(await blobs.read(db, sha256))).toString('base64');
