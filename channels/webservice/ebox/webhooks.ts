import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EVENT_TYPES } from '../../../engine/mailboxes/events.ts';
import { urlFault } from '../../../engine/mailboxes/webhook-url.ts';
import { addWebhook, removeWebhook, type Webhook, webhooksOf } from '../../../engine/mailboxes/webhooks.ts';
import { invalidInput } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, notFound } from './caller.ts';
import { changing } from './choices.ts';
import type { EboxDeps } from './deps.ts';
import { instant, listed } from './view.ts';

/** Not for who holds a mandate: it ends, and what is sent would go on. */
const OWNERS_CHOICE = ['mayChoose', 'isOwner'] as const;

/** Where an organisation is told of events, and which of these keep failing; without their secrets. */
export function webhooks(caller: EboxCaller, deps: EboxDeps) {
  return changing(
    caller,
    deps,
    async (tx, { eboxId }) => listed((await webhooksOf(tx, eboxId)).map(webhookView)),
    OWNERS_CHOICE,
  );
}

const Wanted = z.strictObject({
  url: z.string(),
  eventTypes: z
    .array(z.enum(EVENT_TYPES))
    .min(1)
    .refine((types) => new Set(types).size === types.length, { error: 'has one twice' })
    .default([...EVENT_TYPES]),
});

/** Adds one; the answer has the secret that its events are signed with, which is never shown again. */
export async function subscribe({ body }: FastifyRequest, caller: EboxCaller, deps: EboxDeps) {
  const { url, eventTypes: types } = parsed(Wanted, body);
  const fault = urlFault(url, deps.mayConnect);
  if (fault !== undefined) throw invalidInput('body', 'url', fault);
  const { secret, ...webhook } = await changing(
    caller,
    deps,
    (tx, { eboxId: organisation }, by) => addWebhook(tx, { organisation, url, types }, by),
    OWNERS_CHOICE,
  );
  return { ...webhookView(webhook), secret };
}

/** Takes one away, with what was given up of it. */
export async function unsubscribe({ params }: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<void> {
  const { webhookId: id } = params as { readonly webhookId: string };
  const gone = await changing(
    caller,
    deps,
    (tx, { eboxId: organisation }, by) => removeWebhook(tx, { id, organisation }, by),
    OWNERS_CHOICE,
  );
  if (!gone) throw notFound();
}

const webhookView = ({ id, url, types, createdAt, lastSequence, failingSince, lastFailure }: Webhook) => ({
  ...{ webhookId: id, url, eventTypes: types, createdDate: instant(createdAt), lastSequenceNbr: lastSequence },
  ...(failingSince !== undefined && { failingSince: instant(failingSince), lastFailure }),
});
