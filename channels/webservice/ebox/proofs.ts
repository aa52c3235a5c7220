import { buffer } from 'node:stream/consumers';
import type { FastifyRequest } from 'fastify';
import { mailboxesOf } from '../../../engine/mailboxes/mailboxes.ts';
import { findMessage } from '../../../engine/mailboxes/messages.ts';
import { findRegistered, type RegisteredMail } from '../../../engine/mailboxes/registered-mail.ts';
import { ProblemError } from '../problem.ts';
import { type EboxCaller, notFound } from './caller.ts';
import { openMessage } from './consult.ts';
import type { EboxDeps } from './deps.ts';
import { NEEDS } from './scopes.ts';
import { instant } from './view.ts';

/**
 * The proof that registered mail was dispatched, and the receipt of its reading once it is read: each a JSON document and a
 * detached CMS over it, in base64. For who sees the message in its mailbox, and for who published it and names the recipient.
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
  const { recipient } = request.query as { readonly recipient?: string };
  if (recipient !== undefined) return registeredBy(request, recipient, caller, deps);
  requireReader(caller);
  const { placed, message } = await openMessage(request, caller, deps);
  return findRegistered(deps.db, placed.mailbox, message.id);
}

function requireReader({ scopes }: EboxCaller): void {
  if (NEEDS.reply.some((scope) => scopes.includes(scope))) return;
  throw new ProblemError('missingScope', 'With this token proofs are for who names the recipient');
}

/** Of a message that the caller itself has published. */
async function registeredBy({ params }: FastifyRequest, recipient: string, caller: EboxCaller, { db }: EboxDeps) {
  const { messageId } = params as { readonly messageId: string };
  const message = await findMessage(db, messageId);
  if (message?.publisher !== caller.who || !NEEDS.publish.some((scope) => caller.scopes.includes(scope)))
    return undefined;
  for (const { id } of await mailboxesOf(db, recipient)) {
    const found = await findRegistered(db, id, messageId);
    if (found) return found;
  }
  return undefined;
}

const base64Of = async (sha256: string, { blobs, db }: EboxDeps) =>
  (await buffer(await blobs.read(db, sha256))).toString('base64');
