import { expect } from 'chai';
import { listDeadLetters } from '../../../engine/broker/dead-letters.ts';
import { claimDue } from '../../../engine/broker/outbox-claims.ts';
import { createSettle, settle } from '../../../engine/broker/settle.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import type { Db } from '../../../engine/store/database.ts';
import { claimOnce } from '../../../engine/store/once.ts';
import { openTestStore } from '../../support/database.ts';
import { aDelivery } from '../../support/messages.ts';

describe('settle', () => {
  const policy = { maxAttempts: 4, firstDelayMs: 100, maxDelayMs: 350 };
  const down = { kind: 'retry', reason: 'down' } as const;

  it('acknowledges finished work', () => {
    expect(settle({ kind: 'done' }, 1, policy)).to.deep.equal({ action: 'ack' });
  });

  it('doubles the delay with every attempt, up to the longest', () => {
    expect([1, 2, 3].map((attempt) => settle(down, attempt, policy))).to.deep.equal([
      { action: 'delay', delayMs: 100, attempt: 2, reason: 'down' },
      { action: 'delay', delayMs: 200, attempt: 3, reason: 'down' },
      { action: 'delay', delayMs: 350, attempt: 4, reason: 'down' },
    ]);
  });

  it('adds up to a quarter of the delay by chance', () => {
    expect([0, 0.5, 1].map((jitter) => settle(down, 1, policy, jitter))).to.deep.equal(
      [100, 113, 125].map((delayMs) => ({ action: 'delay', delayMs, attempt: 2, reason: 'down' })),
    );
  });

  it('buries the message after the last attempt, and says why', () => {
    expect(settle(down, 4, policy)).to.deep.equal({ action: 'bury', reason: 'gave up after 4 attempts: down' });
  });

  it('does not spend an attempt on waiting', () => {
    expect(settle({ kind: 'later', delayMs: 70, reason: 'early' }, 4, policy)).to.deep.equal({
      action: 'delay',
      delayMs: 70,
      attempt: 4,
      reason: 'early',
    });
  });

  it('buries what is rejected at once', () => {
    expect(settle({ kind: 'reject', reason: 'no' }, 1, policy)).to.deep.equal({ action: 'bury', reason: 'no' });
  });
});

describe('createSettle', () => {
  const now = new Date('2026-03-14T09:00:00Z');
  const clock = () => now;
  const log = silentLogger();
  let db: Db;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ db, close } = await openTestStore());
  });
  afterEach(() => close());

  const claimAt = (at: Date) => claimDue(db, 'submissions', { now: at, until: at, limit: 10 });

  it('leaves nothing behind for finished work', async () => {
    await createSettle({ db, clock, log })(aDelivery(), { action: 'ack' });
    expect(await db('outbox')).to.deep.equal([]);
    expect(await db('dead_letters')).to.deep.equal([]);
  });

  it('puts a delayed message in the outbox with its due time and attempt', async () => {
    const delivery = aDelivery();
    const settlement = { action: 'delay', delayMs: 5_000, attempt: 2, reason: 'down' } as const;
    await createSettle({ db, clock, log })(delivery, settlement);
    expect(await claimAt(new Date(now.getTime() + 4_999))).to.deep.equal([]);
    const [entry] = await claimAt(new Date(now.getTime() + 5_000));
    expect(entry?.delivery).to.deep.equal({ ...delivery, attempt: 2 });
  });

  it('tells of a failed attempt in the transaction that puts the message back, and not of waiting', async () => {
    const told: string[] = [];
    const carryOut = createSettle({
      ...{ db, clock, log },
      onFailed: async (tx, { message, attempt }, { reason, code }) => {
        expect(await tx('outbox').select('message_id')).to.deep.equal([{ message_id: message.id }]);
        told.push(`${attempt} ${reason} ${code}`);
      },
    });
    await carryOut(aDelivery(), { action: 'delay', delayMs: 1, attempt: 2, reason: 'down', code: 'blob_missing' });
    await carryOut(aDelivery(), { action: 'delay', delayMs: 1, attempt: 1, reason: 'early' });
    expect(told).to.deep.equal(['1 down blob_missing']);
  });

  it('buries a message once, and answers it in the same transaction', async () => {
    const answers: string[] = [];
    const carryOut = createSettle({
      ...{ db, clock, log },
      onBuried: async (tx, message, reason) => {
        expect(await tx('dead_letters').select('message_id')).to.deep.equal([{ message_id: message.id }]);
        answers.push(reason);
      },
    });
    const delivery = aDelivery();
    await carryOut(delivery, { action: 'bury', reason: 'no' });
    await carryOut(delivery, { action: 'bury', reason: 'no' });
    expect(answers).to.deep.equal(['no']);
    expect(await listDeadLetters(db, 10)).to.have.length(1);
  });

  it('does not bury a message whose answer fails: it is settled again later', async () => {
    const carryOut = createSettle({
      ...{ db, clock, log },
      onBuried: async () => {
        throw new Error('no room for the answer');
      },
    });
    const outcome = await carryOut(aDelivery(), { action: 'bury', reason: 'no' }).catch(
      (error: Error) => error.message,
    );
    expect(outcome).to.equal('no room for the answer');
    expect(await listDeadLetters(db, 10)).to.deep.equal([]);
  });

  it('does not bury a message that had its effect', async () => {
    const delivery = aDelivery();
    await claimOnce(db, 'submissions', delivery.message.id, now);
    await createSettle({ db, clock, log })(delivery, { action: 'bury', reason: 'no' });
    expect(await listDeadLetters(db, 10)).to.deep.equal([]);
  });
});
