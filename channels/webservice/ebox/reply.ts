import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EboxCaller } from './caller.ts';
import { openMessage } from './consult.ts';
import type { EboxDeps } from './deps.ts';
import { PublicationV3 } from './described.ts';
import { publish } from './publish.ts';

/** Answers a message with text and attachments: what the original says of its sender need not be said again. */
export async function reply(request: FastifyRequest, response: FastifyReply, caller: EboxCaller, deps: EboxDeps) {
  const { message } = await openMessage(request, caller, deps);
  const recipient = { eboxType: 'enterprise', enterpriseNumber: message.senderOrganisation };
  const original = { originalMessageId: message.id, recipient };
  const [language, subject] = Object.entries(message.subject)[0] ?? ['nl', ''];
  const description = z.preprocess(
    (given) => ({ subject: { [language]: subject }, ...(typeof given === 'object' && given), ...original }),
    PublicationV3,
  );
  return publish(request, response, caller, { ...deps, description });
}
