import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { linkMessage } from '../../../engine/mailboxes/link.ts';
import { REPLY_TYPE } from '../../../engine/mailboxes/message-types.ts';
import type { Publication, Refusal } from '../../../engine/mailboxes/publication.ts';
import { publish as publishMessage } from '../../../engine/mailboxes/publish.ts';
import { statusesOf } from '../../../engine/mailboxes/statuses.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, notFound } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { EboxId } from './described.ts';
import { NEEDS } from './scopes.ts';
import { takeIn } from './take-in.ts';
import { instant } from './view.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;

/** How a version describes a publication. */
type Description = z.ZodType<Publication>;

/**
 * Publishes a message, or answers one. 201 too when nobody opened the mailbox yet: the code says so. Under an idempotency key
 * nothing is published twice.
 */
export async function publish(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: EboxCaller,
  deps: EboxDeps & { readonly description: Description },
) {
  const key = keyOf(request);
  const { description, parts } = await takeIn(request, deps);
  const publication = parsed(deps.description, description);
  requirePublisher(publication, caller);
  const organisations = await organisationsOf(caller, publication.senderOrganisation, deps);
  const outcome = await publishMessage(
    { publication, parts, caller, organisations, ...(key !== undefined && { idempotencyKey: key }) },
    deps,
    deps.clock(),
  );
  if (outcome.kind === 'refused') throw refusal(outcome);
  if (outcome.kind === 'repeated') {
    throw new ProblemError('conflict', `This Idempotency-Key was used for message ${outcome.messageId}`);
  }
  const { messageId, expiresAt, hasUser } = outcome;
  const noUser = { code: 'NO_DIGITAL_USER', message: 'Nobody has opened this mailbox yet' };
  return reply.code(201).send({ messageId, expirationDate: instant(expiresAt), ...(!hasUser && noUser) });
}

const refusal = ({ message, code }: Refusal) => new ProblemError('badRequest', message, { code });

/** Who may read may answer, with an answer; to publish anything else, as an answer too, takes the scope of publishers. */
function requirePublisher({ originalId, messageType = REPLY_TYPE }: Publication, { scopes }: EboxCaller): void {
  const isAnswer = originalId !== undefined && messageType === REPLY_TYPE;
  if (isAnswer || NEEDS.publish.some((scope) => scopes.includes(scope))) return;
  throw new ProblemError('missingScope', 'With this token messages can be answered, but not published');
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw invalidInput('header', 'Idempotency-Key', '1 to 255 printable ASCII characters without blanks');
}

/** Whom the caller may publish for: its own organisation, and one that it has a mandate of, if its token is good for that. */
async function organisationsOf(caller: EboxCaller, wanted: string | undefined, deps: EboxDeps) {
  const { organisation, scopes } = caller;
  const other = wanted ?? organisation;
  const isAllowed = other !== organisation && NEEDS.representative.some((scope) => scopes.includes(scope));
  return isAllowed && (await deps.hasMandate(caller, other)) ? [organisation, other] : [organisation];
}

const ToLink = z.strictObject({ messageId: z.string().max(40), recipients: z.array(EboxId).max(10_000) });

/** Puts a published message into the mailboxes of others. */
export async function link(request: FastifyRequest, reply: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const { messageId, recipients } = parsed(ToLink, request.body);
  const addresses = recipients.map(({ eboxType: kind, eboxIdValue: eboxId }) => ({ kind, eboxId }));
  const organisationsFor = (organisation: string) => organisationsOf(caller, organisation, deps);
  const toLink = { messageId, recipients: addresses, caller, organisationsFor };
  const linked = await linkMessage(toLink, deps, deps.clock());
  if (!linked) throw notFound();
  if (linked.kind === 'refused') throw refusal(linked);
  return reply.code(201).send({
    ...{ messageId, expirationDate: instant(linked.expiresAt), nbSuccessLinks: linked.succeeded },
    errorCases: linked.failed.map(({ kind, eboxId }) => ({ eboxType: kind, eboxIdValue: eboxId })),
  });
}

const StatusRequest = z
  .array(z.strictObject({ messageId: z.string().max(40), eboxId: EboxId }))
  .min(1)
  .max(1_000);

/** Tells a publisher what became of its messages: of those that there are; none of them is 404. */
export async function searchStatus(request: FastifyRequest, reply: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const couples = parsed(StatusRequest, request.body);
  const asked = couples.map(({ messageId, eboxId }) => ({ messageId, eboxId: eboxId.eboxIdValue }));
  const found = await statusesOf(deps.db, caller, asked);
  if (found.length === 0) throw notFound();
  const types = new Map(couples.map(({ eboxId }) => [eboxId.eboxIdValue, eboxId]));
  return reply.code(201).send(
    found.map(({ messageId, eboxId, expiresAt, read, visible }) => ({
      ...{ messageId, eboxId: types.get(eboxId), expirationDate: instant(expiresAt), readStatus: read, visible },
    })),
  );
}
