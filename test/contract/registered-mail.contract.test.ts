import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { remindOfTasks } from '../../engine/expiry/remind-tasks.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import type { Message } from '../../engine/mailboxes/messages.ts';
import { waitingGroups } from '../../engine/mailboxes/notices.ts';
import { findRegistered, keepReceipt } from '../../engine/mailboxes/registered-mail.ts';
import { removeMany } from '../../engine/mailboxes/remove.ts';
import { replaceRoutingRules } from '../../engine/mailboxes/routing.ts';
import { completeTask, tasksOf } from '../../engine/mailboxes/tasks.ts';
import { loadIdentity } from '../../engine/outbound/identity.ts';
import { signDetachedAside } from '../../engine/outbound/sign.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../support/mailboxes.ts';
import { temporaryDir } from '../support/pki.ts';

const NOW = new Date();
const DAY_MS = 86_400_000;
const ATTACHMENT = {
  number: 1,
  fileName: 'a.pdf',
  mediaType: 'application/pdf',
  main: true,
  sha256: 'a'.repeat(64),
  size: 1,
};
const TASK = { within: { number: 14, unit: 'day' }, dueData: 'due' } as const;

for (const kind of STORES) contract(kind);

/** What both stores must do alike with registered mail and with tasks. */
function contract(kind: StoreKind): void {
  describe(`registered mail and tasks contract: ${kind}`, () => {
    let db: Db;
    let blobs: BlobStore;
    let dir: string;
    let stops: (() => Promise<void>)[];
    let evidence: Parameters<typeof keepReceipt>[2]['evidence'];
    beforeEach(async () => {
      const [store, folder] = [await openTestStore(kind), await temporaryDir()];
      ({ dir } = folder);
      ({ db } = store);
      stops = [store.close, folder.remove];
      blobs = createBlobStore({ dir: join(dir, 'blobs'), log: silentLogger() });
      const identity = await loadIdentity({ dir, commonName: 'Bode', now: NOW });
      const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
      evidence = { blobs, sign: (bytes, now) => signDetachedAside({ digest: digest(bytes), identity, now }) };
    });
    afterEach(async () => {
      for (const stop of stops) await stop();
    });

    const types = typesOf(aMessageType({ registered: true }), aMessageType({ id: 'question', task: TASK }));
    const deliver = (message: Message, now = NOW) =>
      inTransaction(db, (tx) => deliverMessage(tx, message, ENTERPRISE, { types, provider: 'bode', evidence }, now));
    const read = async (sha256: string) => buffer(await blobs.read(db, sha256));

    /** What was signed, as openssl has verified it with the engine's certificate. */
    async function verified(statement: string, signature: string) {
      await writeFile(join(dir, 'statement'), await read(statement));
      await writeFile(join(dir, 'signature'), await read(signature));
      const files = ['-content', 'statement', '-in', 'signature', '-CAfile', 'engine.pem'];
      const args = ['cms', '-verify', '-binary', '-inform', 'DER', '-purpose', 'any', ...files];
      return JSON.parse(execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] }).toString());
    }

    it('proves the dispatch of registered mail, and that it was read, also after it has gone', async () => {
      const message = aMessage({ registered: true, attachments: [ATTACHMENT] });
      const { placed, mailbox } = await deliver(message);
      if (!placed) throw new Error('it was not placed');
      const receipt = () =>
        inTransaction(db, (tx) => keepReceipt(tx, { message, placed, mailbox }, { who: '123456', evidence }, NOW));
      await receipt();
      await receipt();
      await inTransaction(db, (tx) => removeMany(tx, [{ mailbox: mailbox.id, position: placed.position }]));
      const kept = await findRegistered(db, mailbox.id, message.id);
      const { proofOfDispatch } = await verified(kept?.proof ?? '', kept?.proofSignature ?? '');
      expect(proofOfDispatch).to.deep.include({ messageId: message.id, sender: message.senderOrganisation });
      expect(proofOfDispatch.recipient).to.include(ENTERPRISE);
      expect(proofOfDispatch.attachments).to.deep.equal([{ number: 1, sha256: ATTACHMENT.sha256, size: 1 }]);
      const { receiptOfReading } = await verified(kept?.receipt?.receipt ?? '', kept?.receipt?.signature ?? '');
      expect(receiptOfReading).to.deep.include({ messageId: message.id, readBy: '123456', proof: kept?.proof });
      expect(await db('audit').where({ what: 'registered mail read' })).to.have.length(1);
    });

    it('has its owner told of each piece on its own, and of nothing else', async () => {
      const first = aMessage({ registered: true });
      await deliver(first);
      await deliver(first);
      await deliver(aMessage());
      expect(await waitingGroups(db, 10)).to.deep.include({
        mailbox: 1,
        kind: 'registered',
        days: 0,
        messageId: first.id,
      });
      expect(await waitingGroups(db, 10)).to.have.length(1);
    });

    it('does not publish registered mail that it cannot prove', async () => {
      const message = aMessage({ registered: true });
      const rules = { types, provider: 'bode' };
      const done = await inTransaction(db, (tx) => deliverMessage(tx, message, ENTERPRISE, rules, NOW)).then(
        () => 'published',
        () => 'failed',
      );
      expect(done).to.equal('failed');
      expect(await db('messages').select('id')).to.deep.equal([]);
    });

    it('asks for what the type asks, where the message was routed to, until it is done', async () => {
      const { mailbox } = await deliver(aMessage());
      const rules = [{ priority: 1, messageType: 'question', partition: 'HR' }];
      await inTransaction(db, (tx) => replaceRoutingRules(tx, mailbox.id, rules));
      const [fixed, named] = [aMessage({ messageType: 'question' }), aMessage({ messageType: 'question' })];
      await deliver(fixed);
      await deliver({ ...named, businessData: [{ key: 'due', values: [{ nl: '2099-12-31' }] }] });
      const tasks = await tasksOf(db, mailbox.id, { partitions: ['HR'] }, 10);
      expect(tasks.map(({ messageId, dueAt, state }) => [messageId, dueAt, state])).to.deep.equal([
        [fixed.id, new Date(NOW.getTime() + 14 * DAY_MS).toISOString(), 'open'],
        [named.id, '2099-12-31T23:59:59.999Z', 'open'],
      ]);
      expect(await tasksOf(db, mailbox.id, { partitions: ['GENERAL'] }, 10)).to.deep.equal([]);
      expect(await tasksOf(db, mailbox.id, { types: [] }, 10)).to.deep.equal([]);
      const done = () =>
        inTransaction(db, (tx) =>
          completeTask(tx, { mailbox: mailbox.id, messageId: fixed.id }, { who: '123456', now: NOW }),
        );
      expect([await done(), await done()]).to.deep.equal([true, false]);
      expect((await tasksOf(db, mailbox.id, { state: 'done' }, 10))[0]).to.include({ messageId: fixed.id });
    });

    it('reminds of a task on each day once, and lets it become overdue', async () => {
      const { mailbox } = await deliver(aMessage({ messageType: 'question' }));
      const steps: string[] = [];
      for (const day of [...Array(17).keys()].flatMap((one) => [one, one])) {
        const clock = () => new Date(NOW.getTime() + day * DAY_MS);
        const { tasksReminded, tasksOverdue } = await remindOfTasks({ db, clock, taskDays: [7, 1] });
        steps.push(`day ${day}: ${tasksReminded} reminded, ${tasksOverdue} overdue`);
      }
      expect(steps.filter((step) => step.includes('1 '))).to.deep.equal([
        'day 7: 1 reminded, 0 overdue',
        'day 13: 1 reminded, 0 overdue',
        'day 14: 0 reminded, 1 overdue',
      ]);
      expect((await waitingGroups(db, 10)).map(({ kind: what, days }) => [what, days])).to.deep.equal([
        ['task', 7],
        ['task', 1],
      ]);
      const owner = { who: '123456', now: NOW };
      const [task] = await tasksOf(db, mailbox.id, { state: 'overdue' }, 10);
      if (!task) throw new Error('it is not overdue');
      expect(await inTransaction(db, (tx) => completeTask(tx, task, owner))).to.equal(true);
    });

    it('reminds of every task that is due at the same moment, however many pages they are', async () => {
      for (let count = 0; count < 201; count += 1) await deliver(aMessage({ messageType: 'question' }));
      const clock = () => new Date(NOW.getTime() + 7 * DAY_MS);
      const run = async () => (await remindOfTasks({ db, clock, taskDays: [7, 1] })).tasksReminded;
      expect([await run(), await run()]).to.deep.equal([201, 0]);
    });

    it('forgets the task of a message that is removed', async () => {
      const { mailbox, placed } = await deliver(aMessage({ messageType: 'question' }));
      await inTransaction(db, (tx) => removeMany(tx, [{ mailbox: mailbox.id, position: placed?.position ?? 0 }]));
      expect(await db('tasks').select()).to.deep.equal([]);
    });
  });
}
