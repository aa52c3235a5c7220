import { Message, QUEUE_OF } from '../../schemas/messages.ts';
import type { Delivery } from './broker.ts';
import type { ConsumeMessage } from './rabbitmq-session.ts';

/** Reads what RabbitMQ delivered; tells why when it is not one of the engine's messages. */
export function deliveryOf({
  content,
  properties,
  fields,
}: ConsumeMessage): Delivery | { readonly unreadable: string } {
  const parsed = Message.safeParse(parse(content));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { unreadable: `not a message: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? ''}` };
  }
  const attempt = Number(properties.headers?.['attempt']);
  if (!Number.isInteger(attempt) || attempt < 1) return { unreadable: 'header attempt: not a number from 1' };
  // deliveries of this copy that failed; before RabbitMQ 4.3 also those that were given back in good order
  const count: unknown = properties.headers?.['x-delivery-count'];
  const ofThisCopy = typeof count === 'number' ? count : Number(fields.redelivered);
  const redeliveries = ofThisCopy + beforeThisCopy(properties.headers?.['redeliveries']);
  return { queue: QUEUE_OF[parsed.data.kind], message: parsed.data, attempt, redeliveries };
}

function beforeThisCopy(header: unknown): number {
  return typeof header === 'number' && Number.isInteger(header) && header > 0 ? header : 0;
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}
