import { expect } from 'chai';
import { bury, findDeadLetter, listDeadLetters, sendAgain, takeDeadLetter } from '../../engine/broker/dead-letters.ts';
import { overdueLetters, takeAnswerDuty } from '../../engine/broker/given-up.ts';
import { addAllToOutbox, addToOutbox, forget, postpone } from '../../engine/broker/outbox.ts';
import { type Claim, claimDue, lookForDue, tryClaimDue } from '../../engine/broker/outbox-claims.ts';
import { markLeases, releaseAllLeases, releaseLeases, renewLeases } from '../../engine/broker/outbox-leases.ts';
import { newTicket } from '../../engine/core/identifiers.ts';
import type { Db } from '../../engine/store/database.ts';
import { claimOnce } from '../../engine/store/once.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aDelivery, aMessage } from '../support/messages.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const SENDER = '123456';
const OPTIONS = { now: NOW, sender: SENDER };
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
      await addToOutbox(db, message, { ...OPTIONS, attempt: 3 });
      const [entry] = await claimAt(NOW);
      expect(entry?.delivery).to.deep.equal({ queue: 'submissions', message, attempt: 3, redeliveries: 0 });
      expect(entry).to.deep.include({ sender: SENDER, dueAt: NOW });
    });

    it('keeps nothing of a transaction that is rolled back', async () => {
      await inTransaction(
        db,
        (tx) => addToOutbox(tx, aMessage(), OPTIONS),
        () => false,
      );
      expect(await claimAt(NOW)).to.deep.equal([]);
    });

    it('refuses a message that does not fit its schema', async () => {
      const wrong = { ...aMessage(), ticket: 'short' };
      const error = await addToOutbox(db, wrong, OPTIONS).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'message_malformed' });
    });

    it('takes thousands of messages at once', async () => {
      await addAllToOutbox(
        db,
        Array.from({ length: 2_500 }, () => aMessage()),
        OPTIONS,
      );
      expect(await claimAt(NOW, 5_000)).to.have.length(2_500);
    });

    it('gives nothing before it is due, and the longest due first', async () => {
      await addToOutbox(db, aMessage({ id: 'second' }), { ...OPTIONS, dueAt: inSeconds(2) });
      await addToOutbox(db, aMessage({ id: 'first' }), { ...OPTIONS, dueAt: inSeconds(1) });
      expect(await claimAt(NOW)).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(2), 1))).to.deep.equal(['first']);
    });

    it('gives the messages of the queue that was asked for', async () => {
      const { ticket } = aMessage();
      await addToOutbox(db, { kind: 'forms.accepted', id: 'form-1', ticket, formIndexes: [1] }, OPTIONS);
      expect(await claimAt(NOW)).to.deep.equal([]);
    });

    it('gives no message to two claimers', async () => {
      await addAllToOutbox(
        db,
        Array.from({ length: 100 }, () => aMessage()),
        OPTIONS,
      );
      const claims = await Promise.all(Array.from({ length: 10 }, () => claimAt(NOW, 20)));
      const ids = claims.flatMap(idsOf);
      expect(new Set(ids).size).to.equal(ids.length);
      expect([...ids, ...idsOf(await claimAt(NOW, 100))]).to.have.length(100);
    });

    it('gives a message again when its lease is over, unless that was renewed', async () => {
      await addAllToOutbox(db, [aMessage({ id: 'dropped' }), aMessage({ id: 'held' })], OPTIONS);
      const held = (await claimAt(NOW)).filter(({ delivery }) => delivery.message.id === 'held');
      expect(idsOf(await renewLeases(db, held, inSeconds(60)))).to.deep.equal(['held']);
      expect(await claimAt(inSeconds(29))).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(30)))).to.deep.equal(['dropped']);
      expect(idsOf(await claimAt(inSeconds(60)))).to.include('held');
    });

    it('counts how often a message was in hand since it was last settled', async () => {
      await addToOutbox(db, aMessage({ id: 'm-1' }), OPTIONS);
      const counts: number[] = [];
      for (const second of [0, 30, 60]) {
        for (const { delivery } of await claimAt(inSeconds(second))) counts.push(delivery.redeliveries);
      }
      expect(counts).to.deep.equal([0, 1, 2]);
      await postpone(db, aDelivery({ message: aMessage({ id: 'm-1' }) }), { now: NOW, dueAt: NOW, attempt: 2 });
      const [entry] = await claimAt(NOW);
      expect(entry?.delivery).to.include({ redeliveries: 0, attempt: 2 });
    });

    it('gives a released message again from the time that was set, as if it had not been in hand', async () => {
      await addToOutbox(db, aMessage({ id: 'm-1' }), OPTIONS);
      await releaseLeases(db, await claimAt(NOW), inSeconds(5));
      expect(await claimAt(inSeconds(4))).to.deep.equal([]);
      const [entry] = await claimAt(inSeconds(5));
      expect(entry?.delivery).to.deep.include({ redeliveries: 0 });
      expect(entry?.dueAt).to.deep.equal(NOW);
    });

    it('leaves alone with an old lease what was settled, postponed or taken over meanwhile', async () => {
      const ids = ['settled', 'postponed', 'taken'];
      await addAllToOutbox(
        db,
        ids.map((id) => aMessage({ id })),
        OPTIONS,
      );
      const old = await claimAt(NOW, 10, 1);
      await forget(db, 'submissions', 'settled');
      const delivery = aDelivery({ message: aMessage({ id: 'postponed' }) });
      await postpone(db, delivery, { now: NOW, dueAt: inSeconds(3), attempt: 2 });
      expect(idsOf(await claimAt(inSeconds(2), 10, 2))).to.deep.equal(['taken']);
      expect(await renewLeases(db, old, inSeconds(600))).to.deep.equal([]);
      await releaseLeases(db, old, NOW);
      expect(await claimAt(inSeconds(2))).to.deep.equal([]);
      expect(idsOf(await claimAt(inSeconds(3)))).to.deep.equal(['postponed']);
      expect((await claimAt(inSeconds(4))).map(({ delivery }) => delivery.redeliveries)).to.deep.equal([2]);
    });

    it('gives everything again after all leases were released, and knows that it was in hand', async () => {
      await addToOutbox(db, aMessage({ id: 'm-1' }), OPTIONS);
      await claimAt(NOW);
      await releaseAllLeases(db);
      expect((await claimAt(NOW)).map(({ delivery }) => delivery.redeliveries)).to.deep.equal([1]);
    });

    it('forgets what has its effect, even when it was put in again', async () => {
      await addAllToOutbox(db, [aMessage({ id: 'done' }), aMessage({ id: 'again' })], OPTIONS);
      await forget(db, 'submissions', 'done');
      await claimOnce(db, 'submissions', 'again', NOW);
      expect(idsOf(await claimAt(NOW))).to.deep.equal(['again']);
      expect(await claimAt(inSeconds(30))).to.deep.equal([]);
      expect(await db('outbox')).to.deep.equal([]);
    });

    it('makes a row that cannot be read a dead letter', async () => {
      await addAllToOutbox(db, [aMessage({ id: 'odd' }), aMessage({ id: 'good' })], OPTIONS);
      await db('outbox').where({ message_id: 'odd' }).update({ message: '{"kind":"of.tomorrow"}' });
      expect(idsOf(await claimAt(NOW))).to.deep.equal(['good']);
      const [letter] = await listDeadLetters(db, 10);
      expect(letter).to.include({ messageId: 'odd', message: '{"kind":"of.tomorrow"}' });
      expect(await db('outbox')).to.have.length(1);
      expect(await overdueLetters(db, NOW, 10)).to.deep.equal([letter?.id]); // its submission is to be answered
      expect(await takeAnswerDuty(db, letter?.id ?? 0)).to.equal('odd');
    });

    it('buries a message once, and never one that had its effect', async () => {
      const delivery = aDelivery();
      expect(await bury(db, delivery, { reason: 'no' }, NOW)).to.equal(true);
      expect(await bury(db, delivery, { reason: 'no again' }, NOW)).to.equal(false);
      expect((await listDeadLetters(db, 10)).map(({ reason }) => reason)).to.deep.equal(['no']);
    });

    it('replays a dead letter as if for the first time', async () => {
      const delivery = aDelivery({ attempt: 6 });
      await bury(db, delivery, { reason: 'no' }, NOW);
      const [letter] = await listDeadLetters(db, 10);
      await inTransaction(db, async (tx) => {
        const taken = await takeDeadLetter(tx, letter?.id ?? 0);
        if (taken) await sendAgain(tx, taken, NOW);
      });
      const [entry] = await claimAt(NOW);
      expect(entry?.delivery).to.deep.equal({ ...delivery, attempt: 1 });
      const error = await findDeadLetter(db, letter?.id ?? 0).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'not_found' });
      expect(await bury(db, delivery, { reason: 'no again' }, NOW)).to.equal(true);
    });

    describe('over several senders', () => {
      const [BUSY, SINGLE, THIRD] = ['100001', '100002', '100003'] as const;
      const about = { ticket: newTicket(), sender: BUSY, environment: 'R', sha256: 'a'.repeat(64) } as const;
      const anAnswer = { kind: 'answer.ready', goal: 'ACRF', ...about } as const;
      const put = (sender: string, count: number, dueAt = NOW) =>
        addAllToOutbox(
          db,
          Array.from({ length: count }, (_, index) => aMessage({ id: `${sender}-${index}` })),
          { now: NOW, sender, dueAt },
        );
      const claim = (with_: Partial<Claim> = {}) =>
        claimDue(db, 'submissions', { now: NOW, until: inSeconds(30), limit: 10, inAll: 10, perSender: 4, ...with_ });
      const sendersOf = (entries: Awaited<ReturnType<typeof claim>>) => entries.map(({ sender }) => sender).sort();

      it('takes no more of one sender than its share, and another beside it', async () => {
        await put(BUSY, 50, inSeconds(-60));
        expect(sendersOf(await claim())).to.deep.equal([BUSY, BUSY, BUSY, BUSY]);
        expect(await claim()).to.deep.equal([]);
        await put(SINGLE, 1);
        expect(sendersOf(await claim())).to.deep.equal([SINGLE]);
      });

      it('gives a place that comes free to the sender with the least in hand', async () => {
        await put(BUSY, 50, inSeconds(-60));
        await put(SINGLE, 1);
        expect(sendersOf(await claim({ limit: 1 }))).to.deep.equal([BUSY]);
        expect(sendersOf(await claim({ limit: 1 }))).to.deep.equal([SINGLE]);
      });

      it('reaches the longest due sender among thousands, and takes from hundreds at once', async () => {
        await inTransaction(db, async (tx) => {
          for (let number = 200_001; number <= 202_001; number += 1)
            await addToOutbox(tx, aMessage({ id: `n-${number}` }), { now: NOW, sender: String(number) });
          for (const id of ['one', 'two'])
            await addToOutbox(tx, aMessage({ id }), { now: NOW, sender: '999999', dueAt: inSeconds(-60) });
        });
        expect(sendersOf(await claim({ limit: 1 }))).to.deep.equal(['999999']);
        const many = await claim({ limit: 1_000, inAll: 1_000 });
        expect(new Set(sendersOf(many)).size).to.be.at.least(999);
      });

      it('leaves one sender no more than its places in all queues together', async () => {
        await put(BUSY, 10);
        await addAllToOutbox(
          db,
          Array.from({ length: 10 }, (_, index) => ({ ...anAnswer, id: `answer-${index}` })),
          { now: NOW, sender: BUSY },
        );
        const limits = { now: NOW, until: inSeconds(30), limit: 10, inAll: 10, perSender: 2, perSenderInAll: 3 };
        expect(await claimDue(db, 'answers', limits)).to.have.length(2);
        expect(await claimDue(db, 'submissions', limits)).to.have.length(1);
        expect(await claimDue(db, 'submissions', limits)).to.have.length(0);
      });

      it('takes the first message of a queue whatever the sender has in hand of others', async () => {
        await addAllToOutbox(
          db,
          Array.from({ length: 10 }, (_, index) => ({ ...anAnswer, id: `answer-${index}` })),
          { now: NOW, sender: BUSY },
        );
        expect(
          await claimDue(db, 'answers', { now: NOW, until: inSeconds(30), limit: 10, perSender: 8 }),
        ).to.have.length(8);
        await put(BUSY, 3);
        expect(await claim({ perSenderInAll: 3 })).to.have.length(1);
        expect(await claim({ perSenderInAll: 3 })).to.have.length(0);
      });

      it('does not count who is paused among those that have work', async () => {
        const limits = { limit: 10, inAll: 10, perSender: 4, perSenderInAll: 10 };
        await put(BUSY, 1);
        await put(SINGLE, 1);
        const until = inSeconds(60).toISOString();
        const at = NOW.toISOString();
        await db('breakers').insert({
          ...{ sender: BUSY, failures: 3, state: 'open', trips: 1, reason: 'test' },
          ...{ until, failed_at: at, changed_at: at },
        });
        const { queues, senders } = await lookForDue(db, new Map([['submissions', limits]]), NOW);
        expect([queues, [...senders]]).to.deep.equal([['submissions'], [SINGLE]]);
      });

      it('marks what is still under its lease, and waits for nobody who has a row locked', async () => {
        await put(BUSY, 3, inSeconds(-60));
        const entries = await claim();
        const [gone, locked, free] = entries;
        await forget(db, 'submissions', gone?.delivery.message.id ?? '');
        const later = inSeconds(600);
        if (kind === 'sqlite') {
          expect(await markLeases(db, entries, later)).to.deep.equal([]);
        } else {
          await inTransaction(db, async (tx) => {
            await forget(tx, 'submissions', locked?.delivery.message.id ?? '');
            await tx('outbox').select('id'); // it has been sent by now
            const left = await markLeases(db, entries, later);
            expect(left.map(({ id }) => id)).to.deep.equal([locked?.id]);
          });
        }
        const rows = await db('outbox').select('leased_until').where({ id: free?.id });
        expect(rows).to.deep.equal([{ leased_until: later.toISOString() }]);
      });

      it('looks for what can be claimed: due, of a sender that has a free place', async () => {
        const limits = { limit: 10, inAll: 10, perSender: 4, perSenderInAll: 10 };
        const look = async () => {
          const { queues, senders } = await lookForDue(db, new Map([['submissions', limits]]), NOW);
          return [queues, [...senders].sort()];
        };
        expect(await look()).to.deep.equal([[], []]);
        await put(BUSY, 6, inSeconds(-60));
        await put(THIRD, 1, inSeconds(60));
        expect(await look()).to.deep.equal([['submissions'], [BUSY]]);
        await claim();
        expect(await look()).to.deep.equal([[], [BUSY]]);
        await put(SINGLE, 1);
        expect(await look()).to.deep.equal([['submissions'], [BUSY, SINGLE]]);
      });

      it('looks on where more is due than it sees', async () => {
        const limits = { limit: 5, inAll: 10, perSender: 4, perSenderInAll: 10 };
        await put(BUSY, 20, inSeconds(-60));
        await claim();
        await put(SINGLE, 1);
        expect((await lookForDue(db, new Map([['submissions', limits]]), NOW)).queues).to.deep.equal(['submissions']);
      });

      it('does not wait for somebody who is claiming from the same queue', async () => {
        await put(BUSY, 2);
        const limits = { now: NOW, until: inSeconds(30), limit: 1 };
        const all = await Promise.all(Array.from({ length: 5 }, () => tryClaimDue(db, 'submissions', limits)));
        const taken = all.flatMap((entries) => entries ?? []);
        expect(new Set(taken.map(({ id }) => id)).size).to.equal(taken.length);
        expect(taken.length).to.be.within(1, 2);
        const rest = await tryClaimDue(db, 'submissions', { ...limits, limit: 2 });
        expect(taken.length + (rest?.length ?? 0)).to.equal(2);
      });

      it('never has more in hand than is allowed in all', async () => {
        for (const sender of [BUSY, SINGLE, THIRD]) await put(sender, 20);
        const first = await claim();
        expect(first).to.have.length(10);
        expect(sendersOf(first).filter((sender) => sender === THIRD).length).to.be.within(3, 4);
        expect(await claim()).to.deep.equal([]);
        for (const { delivery } of first.slice(0, 2)) await forget(db, 'submissions', delivery.message.id);
        expect(await claim()).to.have.length(2);
      });

      it('counts what is in hand under any living lease, and not what is over', async () => {
        await put(BUSY, 50);
        await claim({ until: inSeconds(10) });
        expect(await claim({ now: inSeconds(9) })).to.deep.equal([]);
        expect(await claim({ now: inSeconds(10) })).to.have.length(4);
      });

      it('leaves a paused sender alone, then tries it with one message at a time', async () => {
        await put(BUSY, 50, inSeconds(-60));
        await put(SINGLE, 2);
        const breaker = { failures: 10, trips: 1, reason: 'no', failed_at: '', changed_at: '' };
        await db('breakers').insert({ ...breaker, sender: BUSY, state: 'open', until: inSeconds(5).toISOString() });
        expect(sendersOf(await claim())).to.deep.equal([SINGLE, SINGLE]);
        expect(await claim({ now: inSeconds(4) })).to.deep.equal([]);
        expect(sendersOf(await claim({ now: inSeconds(5) }))).to.deep.equal([BUSY]);
        expect(await claim({ now: inSeconds(6) })).to.deep.equal([]);
        await forget(db, 'submissions', `${BUSY}-0`);
        expect(await claim({ now: inSeconds(6) })).to.have.length(4);
      });

      it('claims at one moment share what there is', async () => {
        for (const sender of [BUSY, SINGLE, THIRD]) await put(sender, 30);
        const claims = await Promise.all(Array.from({ length: 6 }, () => claim()));
        const ids = claims.flatMap(idsOf);
        expect(new Set(ids).size).to.equal(ids.length);
        expect(ids).to.have.length(10);
      });
    });
  });
}
