import type { Migration } from '../migration.ts';

/** Tasks are gone through by when they are due: those of all mailboxes, and those of one. */
export const tasksInOrder: Migration = {
  number: 22,
  name: 'tasks in order',
  async apply(tx) {
    await tx.schema.alterTable('tasks', (table) => {
      table.dropIndex(['state', 'due_at']);
      table.index(['state', 'due_at', 'mailbox', 'message_id']);
      table.index(['mailbox', 'due_at', 'message_id']);
    });
  },
};
