import { expect } from 'chai';
import { oldestDueMs } from '../../engine/broker/backlog.ts';
import { openBreakers, resumeHealed, resumeSender } from '../../engine/broker/breakers.ts';
import { addToOutbox, forget } from '../../engine/broker/outbox.ts';
import { senderWork } from '../../engine/broker/sender-work.ts';
import { createSettle } from '../../engine/broker/settle.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aDelivery, aMessage } from '../support/messages.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const inSeconds = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const POLICY = { failures: 3, firstPauseMs: 30_000, maxPauseMs: 600_000 };
const SENDER = '123456';

for (const kind of STORES) contract(kind);

/** How failing work pauses its sender, on both stores. */
function contract(kind: StoreKind): void {
  describe(`breakers contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    let now: Date;
    let settle: ReturnType<typeof createSettle>;

    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
      now = NOW;
      settle = newSettle();
    });
    afterEach(() => close());

    const newSettle = () => createSettle({ db, clock: () => now, log: silentLogger(), breaker: POLICY });

    /** A message of a sender that is in a worker's hand. */
    async function inHand(sender = SENDER) {
      const delivery = aDelivery({ message: aMessage() });
      await addToOutbox(db, delivery.message, { now: NOW, sender });
      return delivery;
    }
    const fail = async (sender = SENDER) =>
      settle(await inHand(sender), { action: 'delay', delayMs: 1, attempt: 2, reason: `down for ${sender}` });
    async function succeed(sender = SENDER) {
      const delivery = await inHand(sender);
      await forget(db, delivery.queue, delivery.message.id);
    }
    const audited = async () =>
      (await db('audit').select('what', 'who', 'subject', 'outcome').orderBy('id')).map(
        ({ what, who, subject, outcome }) => `${what} ${subject} ${outcome} by ${who}`,
      );
    const openOnes = async () => [...(await openBreakers(db)).keys()];

    it('pauses a sender after so many failed attempts in a row, says so once, and tells why', async () => {
      for (let count = 0; count < 5; count += 1) await fail();
      expect(await openBreakers(db)).to.deep.equal(new Map([[SENDER, inSeconds(30)]]));
      expect(await audited()).to.deep.equal([`sender paused ${SENDER} paused by engine`]);
      const [work] = await senderWork(db, NOW);
      expect(work).to.deep.equal({
        ...{ sender: SENDER, waiting: 5, inHand: 0, breaker: 'open', failures: 5, until: inSeconds(30) },
        reason: `down for ${SENDER}`,
      });
      expect((await senderWork(db, inSeconds(30)))[0]?.breaker).to.equal('trial');
    });

    it('counts work that is given up', async () => {
      for (let count = 0; count < 3; count += 1) await settle(await inHand(), { action: 'bury', reason: 'no' });
      expect(await openOnes()).to.deep.equal([SENDER]);
    });

    it('does not count what had its effect meanwhile, nor waiting', async () => {
      for (let count = 0; count < 5; count += 1) {
        await settle(await inHand(), { action: 'delay', delayMs: 1, attempt: 1, reason: 'not yet' });
        await settle(aDelivery(), { action: 'bury', reason: 'no' });
      }
      expect(await db('breakers')).to.deep.equal([]);
    });

    it('begins to count anew after a success, and keeps nothing of a sender whose work succeeds', async () => {
      for (const act of [fail, fail, succeed, fail, fail]) await act();
      expect(await openOnes()).to.deep.equal([]);
      await succeed();
      expect(await resumeHealed(db, NOW)).to.deep.equal([]);
      expect(await db('breakers')).to.deep.equal([]);
      expect(await audited()).to.deep.equal([]);
    });

    it('pauses longer when the trial fails, without saying so again, and resumes when it succeeds', async () => {
      for (let count = 0; count < 3; count += 1) await fail();
      now = inSeconds(31);
      await fail();
      expect(await openBreakers(db)).to.deep.equal(new Map([[SENDER, inSeconds(31 + 60)]]));
      now = inSeconds(100);
      await succeed();
      expect(await openOnes()).to.deep.equal([]);
      expect((await Promise.all([resumeHealed(db, now), resumeHealed(db, now)])).flat()).to.deep.equal([SENDER]);
      expect(await audited()).to.deep.equal([
        `sender paused ${SENDER} paused by engine`,
        `sender resumed ${SENDER} resumed by engine`,
      ]);
      expect(await db('breakers')).to.deep.equal([]);
    });

    it('pauses nobody while several senders fail and nothing succeeds: no sender is to blame', async () => {
      const senders = ['100001', '100002', '100003', '100004'];
      for (const _ of [1, 2, 3, 4, 5]) for (const sender of senders) await fail(sender);
      expect(await openOnes()).to.deep.equal([]);
      await settle(await inHand('200000'), { action: 'ack' });
      for (const sender of senders) await fail(sender);
      expect((await openOnes()).sort()).to.deep.equal(senders);
    });

    it('counts the failures of several processes together', async () => {
      const processes = [newSettle(), newSettle(), newSettle()];
      const deliveries = await Promise.all(processes.map(() => inHand()));
      const failed = { action: 'delay', delayMs: 1, attempt: 2, reason: 'down' } as const;
      await Promise.all(processes.map((carryOut, index) => carryOut(deliveries[index] ?? aDelivery(), failed)));
      expect(await openOnes()).to.deep.equal([SENDER]);
      expect(await audited()).to.have.length(1);
    });

    it('keeps what a paused sender has waiting out of the age of the queue', async () => {
      for (let count = 0; count < 3; count += 1) await fail();
      expect(await oldestDueMs(db, 'submissions', inSeconds(600))).to.equal(0);
      await resumeSender(db, SENDER, { by: 'operator', reason: 'mended', now: NOW });
      expect(await oldestDueMs(db, 'submissions', inSeconds(600))).to.be.greaterThan(599_000);
    });

    it('ends a pause at an operator’s wish, audited under their name', async () => {
      for (let count = 0; count < 3; count += 1) await fail();
      const decision = { by: 'operator', reason: 'mended', now: NOW };
      expect(await resumeSender(db, SENDER, decision)).to.equal(true);
      expect(await resumeSender(db, SENDER, decision)).to.equal(false);
      expect(await openOnes()).to.deep.equal([]);
      expect((await audited()).at(-1)).to.equal(`sender resumed ${SENDER} resumed by operator`);
    });
  });
}
