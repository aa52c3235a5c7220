import { randomUUID } from 'node:crypto';
import type { Delivery } from '../../engine/broker/broker.ts';
import { newTicket } from '../../engine/core/identifiers.ts';
import type { SubmissionReceived } from '../../schemas/messages.ts';

/** A valid message; a test names only what it is about. */
export function aMessage(with_: Partial<SubmissionReceived> = {}): SubmissionReceived {
  return { kind: 'submission.received', id: randomUUID(), ticket: newTicket(), ...with_ };
}

/** A first delivery of a valid message. */
export function aDelivery(with_: Partial<Delivery> = {}): Delivery {
  return { queue: 'submissions', message: aMessage(), attempt: 1, redeliveries: 0, ...with_ };
}
