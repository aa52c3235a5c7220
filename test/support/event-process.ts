import { addMailboxEvent, type MailboxEvent, readEvents } from '../../engine/mailboxes/events.ts';
import { openStore } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';

/**
 * A process that writes events of mailboxes, or reads them, until it is killed or done: `event-process.js URL write NAME COUNT`
 * says the id of each event once it is committed; `event-process.js URL read` numbers and reads, again and again.
 */
const [, , url = '', what = '', name = '', count = '0'] = process.argv;
const db = openStore({ url, poolSize: 1 });

async function write(): Promise<void> {
  for (let at = 0; at < Number(count); at += 1) {
    const messageId = `${name}-${at}`;
    const event: MailboxEvent = {
      ...{ eventType: 'newDocument' as const, enterpriseId: '0206731645', messageId, registeredMail: false },
      ...{ receiptDate: '2026-06-01T10:00:00.000Z', expirationDate: '2026-12-01T10:00:00.000Z' },
    };
    await inTransaction(db, (tx) => addMailboxEvent(tx, event, { provider: 'bode', at: new Date() }));
    process.send?.(messageId);
  }
}

async function read(): Promise<void> {
  for (;;) await readEvents(db, { after: 0, limit: 1 });
}

await (what === 'write' ? write() : read());
await db.destroy();
process.disconnect?.();
