import { expect } from 'chai';
import { bury, findDeadLetter, listDeadLetters, replayDeadLetter } from '../../engine/broker/dead-letters.ts';
import {
  addAllToOutbox,
  addToOutbox,
  claimDue,
  releaseAllLeases,
  releaseLeases,
  removeFromOutbox,
  renewLeases,
} from '../../engine/broker/outbox.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aDelivery, aMessage } from '../support/messages.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const inSeconds = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);

for (const kind of STORES) contract(kind);

/** How the outbox behaves on both stores. */
function contract(kind: StoreKind): void {
  describe(`outbox contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    const claimAt = (now: Date, limit = 10, leaseS = 30) =>
      claimDue(db, 'submissions', { now, until: new Date(now.getTime() + leaseS * 1_000), limit });
    const idsOf = (entries: Awaited<ReturnType<typeof claimAt>>) => entries.map(({ delivery }) => delivery.message.id);

    it('gives a message as it was put in', async () => {
      const message = aMessage();
      await addToOutbox(db, message, { now: NOW, attempt: 3 });
      const [entry] = await claimAt(NOW);
      expect(entry?.delivery).to.deep.equal({ queue: 'submissions', message, attempt: 3 });
    });

    it('keeps nothing of a transaction that is rolled back', async () => {
      await inTransaction(
        db,
        (tx) => addToOutbox(tx, aMessage(), { now: NOW }),
        () => false,
      );
      expect(await claimAt(NOW)).to.deep.equal([]);
    });

    it('refuses a message that does not fit its schema', async () => {
      const wrong = { ...aMessage(), ticket: 'short' };
      const error = await addToOutbox(db, wrong, { now: NOW }).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'message_malformed' });
    });

    it('takes thousands of messages at once', async () => {
      await addAllToOutbox(
        db,
        Array.from({ length: 2_500 }, () => aMessage()),
        { now: NOW },
      );
      expect(await claimAt(NOW, 5_000)).to.have.length(2_500);
    });

    it('gives nothing before it is due, and the longest due first', async () => {
      await addToOutbox(db, aMessage({ id: 'second' }), { now: NOW, dueAt: inSeconds(2) });
      await addToOutbox(db, aMessage({ id: 'first' }), { now: NOW, dueAt: inSeconds(1) });
      expect(await claimAt(NOW)).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(2), 1))).to.deep.equal(['first']);
    });

    it('gives the messages of the queue that was asked for', async () => {
      const { ticket } = aMessage();
      await addToOutbox(db, { kind: 'forms.accepted', id: 'form-1', ticket, formIndexes: [1] }, { now: NOW });
      expect(await claimAt(NOW)).to.deep.equal([]);
    });

    it('gives no message to two claimers', async () => {
      await addAllToOutbox(
        db,
        Array.from({ length: 100 }, () => aMessage()),
        { now: NOW },
      );
      const claims = await Promise.all(Array.from({ length: 10 }, () => claimAt(NOW, 20)));
      const ids = claims.flatMap(idsOf);
      expect(new Set(ids).size).to.equal(ids.length);
      expect([...ids, ...idsOf(await claimAt(NOW, 100))]).to.have.length(100);
    });

    it('gives a message again when its lease is over, unless that was renewed', async () => {
      await addAllToOutbox(db, [aMessage({ id: 'dropped' }), aMessage({ id: 'held' })], { now: NOW });
      const entries = await claimAt(NOW);
      const held = entries.filter(({ delivery }) => delivery.message.id === 'held').map(({ id }) => id);
      await renewLeases(db, held, inSeconds(60));
      expect(await claimAt(inSeconds(29))).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(30)))).to.deep.equal(['dropped']);
      expect(idsOf(await claimAt(inSeconds(60)))).to.include('held');
    });

    it('gives a released message again from the time that was set', async () => {
      await addToOutbox(db, aMessage({ id: 'm-1' }), { now: NOW });
      const [entry] = await claimAt(NOW);
      await releaseLeases(db, [entry?.id ?? 0], inSeconds(5));
      expect(await claimAt(inSeconds(4))).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(5)))).to.deep.equal(['m-1']);
    });

    it('gives everything again after all leases were released', async () => {
      await addToOutbox(db, aMessage({ id: 'm-1' }), { now: NOW });
      await claimAt(NOW);
      await releaseAllLeases(db);
      expect(idsOf(await claimAt(NOW))).to.deep.equal(['m-1']);
    });

    it('forgets what is removed', async () => {
      await addAllToOutbox(db, [aMessage(), aMessage()], { now: NOW });
      await removeFromOutbox(
        db,
        (await claimAt(NOW)).map(({ id }) => id),
      );
      expect(await db('outbox')).to.deep.equal([]);
    });

    it('makes a row that cannot be read a dead letter', async () => {
      await addAllToOutbox(db, [aMessage({ id: 'odd' }), aMessage({ id: 'good' })], { now: NOW });
      await db('outbox').where({ message_id: 'odd' }).update({ message: '{"kind":"of.tomorrow"}' });
      expect(idsOf(await claimAt(NOW))).to.deep.equal(['good']);
      const [letter] = await listDeadLetters(db, 10);
      expect(letter).to.include({ messageId: 'odd', message: '{"kind":"of.tomorrow"}' });
      expect(await db('outbox')).to.have.length(1);
    });

    it('buries a message once, and never one that had its effect', async () => {
      const delivery = aDelivery();
      expect(await bury(db, delivery, 'no', NOW)).to.equal(true);
      expect(await bury(db, delivery, 'no again', NOW)).to.equal(false);
      expect((await listDeadLetters(db, 10)).map(({ reason }) => reason)).to.deep.equal(['no']);
    });

    it('replays a dead letter as if for the first time', async () => {
      const delivery = aDelivery({ attempt: 6 });
      await bury(db, delivery, 'no', NOW);
      const [letter] = await listDeadLetters(db, 10);
      await replayDeadLetter(db, letter?.id ?? 0, NOW);
      const [entry] = await claimAt(NOW);
      expect(entry?.delivery).to.deep.equal({ ...delivery, attempt: 1 });
      const error = await findDeadLetter(db, letter?.id ?? 0).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'not_found' });
      expect(await bury(db, delivery, 'no again', NOW)).to.equal(true);
    });
  });
}
