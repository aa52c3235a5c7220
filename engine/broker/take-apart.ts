import { type Message, QUEUE_OF } from '../../schemas/messages.ts';
import type { Db } from '../store/database.ts';
import { claimOnce } from '../store/once.ts';
import { addAllToOutbox, takeFromOutbox } from './outbox.ts';

/**
 * Puts the parts of a message in the outbox in its place, in the caller's transaction: each is tried, fails and is given
 * up on its own. Nothing happens when the message has had its effect, or was taken apart before.
 */
export async function takeApart(tx: Db, whole: Message, parts: readonly Message[], now: Date): Promise<void> {
  const queue = QUEUE_OF[whole.kind];
  if (!(await claimOnce(tx, queue, whole.id, now))) return;
  const { sender } = await takeFromOutbox(tx, queue, whole.id);
  await addAllToOutbox(tx, parts, { now, sender });
}
