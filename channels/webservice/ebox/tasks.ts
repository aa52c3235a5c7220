import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { completeTask, type Task, tasksOf } from '../../../engine/mailboxes/tasks.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { ProblemError } from '../problem.ts';
import { parsed } from './bodies.ts';
import { type EboxCaller, visit } from './caller.ts';
import { openMessage } from './consult.ts';
import type { EboxDeps } from './deps.ts';
import { seen } from './list.ts';
import { instant, listed } from './view.ts';

const MOST = 100;

/** The tasks of a mailbox, of the messages that the caller may see; at most 100, the soonest due first. */
export async function listTasks({ query }: FastifyRequest, caller: EboxCaller, deps: EboxDeps) {
  const { state, partition } = query as { readonly state?: Task['state']; readonly partition?: string };
  const { mailbox, view } = await visit(caller, deps, deps.clock());
  const visible = seen(view);
  const partitions = partition === undefined ? visible.partitions : [partition].filter(allowedBy(visible.partitions));
  const filter = { ...visible, ...(state && { state }), ...(partitions && { partitions }) };
  return listed((await tasksOf(deps.db, mailbox.id, filter, MOST)).map(taskView));
}

const allowedBy = (partitions: readonly string[] | undefined) => (one: string) => partitions?.includes(one) ?? true;

function taskView({ messageId, messageType: messageTypeId, partition, dueAt, state, doneAt }: Task) {
  const done = doneAt !== undefined && { doneDate: instant(doneAt) };
  return { ...{ messageId, messageTypeId, partition, dueDate: instant(dueAt), state }, ...done };
}

const Done = z.strictObject({ state: z.literal('done') });

/** Notes that what a message asks for is done. Rejects with a problem when it is already, or it asks for nothing. */
export async function settleTask(request: FastifyRequest, caller: EboxCaller, deps: EboxDeps): Promise<void> {
  parsed(Done, request.body);
  const { message, placed, visit: visited } = await openMessage(request, caller, deps);
  if (!visited.view.mayChange) throw new ProblemError('missingPermission', 'The caller may read this mailbox only');
  const task = { mailbox: placed.mailbox, messageId: message.id };
  const done = await inTransaction(deps.db, (tx) => completeTask(tx, task, { who: caller.who, now: deps.clock() }));
  if (!done) throw new ProblemError('conflict', 'The message asks for nothing, or it is done already');
}
