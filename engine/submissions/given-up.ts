import type { Message } from '../../schemas/messages.ts';
import type { Db } from '../store/database.ts';
import { addEvent } from './events.ts';

/** Records in a submission's story that work on it was given up: the dead letter has the reason and can be replayed. */
export async function recordGivenUp(tx: Db, message: Message, now: Date): Promise<void> {
  await addEvent(tx, message.ticket, now, 'given up', { kind: message.kind });
}
