import { expect } from 'chai';
import type { Delivery, Settlement } from '../../../engine/broker/broker.ts';
import { createSuspects } from '../../../engine/broker/suspects.ts';
import { systemClock } from '../../../engine/core/clock.ts';
import type { Db } from '../../../engine/store/database.ts';
import { openTestStore } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createGate } from '../../support/gate.ts';
import { aDelivery } from '../../support/messages.ts';

const ACK: Settlement = { action: 'ack' };

describe('suspects', () => {
  let db: Db;
  let close: () => Promise<void>;
  let patience: AbortController;

  beforeEach(async () => {
    ({ db, close } = await openTestStore());
    patience = new AbortController();
  });
  afterEach(() => close());

  /** The suspects of a process that has just started. */
  const inProcess = (maxStarts = 5) =>
    createSuspects({ db, clock: systemClock, signal: patience.signal, maxStarts, gatherMs: 20 });
  const suspect = () => aDelivery({ redeliveries: 1 });
  const startsOf = async ({ message }: Delivery) => {
    const row = await db('suspects').where({ message_id: message.id }).first();
    return row?.starts;
  };

  /** Begins the delivery in a process that dies with it. */
  async function die(delivery: Delivery): Promise<void> {
    const before = (await startsOf(delivery)) ?? 0;
    void inProcess().inTurn(delivery, () => new Promise(() => undefined));
    await eventually(async () => expect(await startsOf(delivery)).to.equal(before + 1));
  }

  it('notes a start before the work, and forgets it after', async () => {
    const delivery = suspect();
    let during: unknown;
    const settlement = await inProcess().inTurn(delivery, async () => {
      during = await startsOf(delivery);
      return ACK;
    });
    expect(settlement).to.equal(ACK);
    expect(during).to.equal(1);
    expect(await startsOf(delivery)).to.equal(undefined);
  });

  it('buries what its worker died with five times, without beginning it again', async () => {
    const delivery = suspect();
    for (let death = 0; death < 5; death += 1) await die(delivery);
    let begun = false;
    const settlement = await inProcess().inTurn(delivery, async () => {
      begun = true;
      return ACK;
    });
    expect(settlement).to.deep.equal({
      action: 'bury',
      code: 'worker_crashed',
      reason: 'its worker died with it 5 times',
    });
    expect(begun).to.equal(false);
  });

  it('counts one start for a process, however often it tries', async () => {
    const delivery = suspect();
    const suspects = inProcess();
    const failing = async () => {
      throw new Error('the store is away');
    };
    for (let time = 0; time < 3; time += 1) await suspects.inTurn(delivery, failing).catch(() => undefined);
    expect(await startsOf(delivery)).to.equal(1);
  });

  it('takes one at a time, those begun least often first', async () => {
    const [once, twice, fresh, other] = [suspect(), suspect(), suspect(), suspect()];
    for (const delivery of [once, twice, twice]) await die(delivery);
    const suspects = inProcess();
    const gate = createGate<void>();
    const order: Delivery[] = [];
    let atOnce = 0;
    const work = (delivery: Delivery) => async () => {
      atOnce += 1;
      expect(atOnce).to.equal(1);
      order.push(delivery);
      await gate.opened;
      atOnce -= 1;
      return ACK;
    };
    const all = [twice, once, fresh, other].map((delivery) => suspects.inTurn(delivery, work(delivery)));
    await eventually(() => expect(order).to.have.length(1));
    await new Promise((resolve) => setTimeout(resolve, 60)); // those begun before have come too
    gate.open();
    await Promise.all(all);
    expect(order).to.deep.equal([fresh, other, once, twice]);
  });

  it('hands back what has not begun when patience is over, without an attempt and without a start', async () => {
    const suspects = inProcess();
    const gate = createGate<void>();
    const first = suspects.inTurn(suspect(), async () => {
      await gate.opened;
      return ACK;
    });
    const waiting = suspect();
    const second = suspects.inTurn(waiting, async () => ACK);
    patience.abort();
    gate.open();
    await first;
    expect(await second).to.include({ action: 'delay', delayMs: 0, attempt: 1 });
    expect(await startsOf(waiting)).to.equal(undefined);
  });
});
