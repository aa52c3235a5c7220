import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isEnterpriseNumber } from '../../../engine/core/identifiers.ts';
import {
  addMailboxEvent,
  EVENT_TYPES,
  type MailboxEvent,
  type NumberedEvent,
  readEvents,
} from '../../../engine/mailboxes/events.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import type { EboxCaller } from './caller.ts';
import type { EboxDeps } from './deps.ts';
import { Texts } from './described.ts';
import { instant } from './view.ts';

interface Query {
  readonly lastSequenceNbr: number;
  readonly pageSize: number;
  readonly startTime?: string;
}

/** A page of the feed: what came after a number, in order, without gaps. */
export async function listEvents({ query }: FastifyRequest, deps: EboxDeps) {
  const { lastSequenceNbr: after, pageSize: limit, startTime } = query as Query;
  const since = startTime === undefined ? undefined : new Date(startTime);
  const page = await readEvents(deps.db, { after, limit, ...(since && { since }) });
  return {
    EboxEnterpriseDocumentEvents: page.events.map(eventView),
    pageInfo: { lastSequenceNbr: page.lastSequence, hasNext: page.hasNext },
  };
}

function eventView({ sequence, at, provider, ...data }: NumberedEvent) {
  const { receiptDate, expirationDate } = data;
  return {
    ...{ eventSequenceNbr: sequence, eventTime: instant(at), eventProviderId: provider },
    eventData: { ...data, receiptDate: instant(receiptDate), expirationDate: instant(expirationDate) },
  };
}

const When = z.iso.datetime({ offset: true });
const Id = z.string().min(1).max(40);

const Told = z
  .array(
    z.strictObject({
      eventType: z.enum(EVENT_TYPES),
      eventCorrelationId: z.string().max(100).optional(),
      enterpriseId: z.string().refine(isEnterpriseNumber, { error: 'is no enterprise number' }),
      messageId: Id,
      receiptDate: When,
      expirationDate: When,
      registeredMail: z.boolean(),
      messageTypeId: Id.optional(),
      senderOrganizationId: Id.optional(),
      senderApplicationId: Id.optional(),
      subject: Texts.optional(),
    }),
  )
  .min(1)
  .max(500);

/** Takes what another provider tells of its documents: all of it, or nothing when it has told of one before. */
export async function tellEvents(request: FastifyRequest, reply: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const events = parsed(Told, request.body) as MailboxEvent[];
  const told = { provider: caller.who, at: deps.clock() };
  await inTransaction(deps.db, async (tx) => {
    for (const event of events) {
      if (!(await addMailboxEvent(tx, event, told))) {
        throw new ProblemError('conflict', `${event.eventType} of message ${event.messageId} was told before`);
      }
    }
  });
  return reply.code(201).send();
}
