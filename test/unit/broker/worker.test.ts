import { expect } from 'chai';
import type { Broker, Delivery, Settlement } from '../../../engine/broker/broker.ts';
import { addToOutbox } from '../../../engine/broker/outbox.ts';
import type { Pipeline, Stage, Work } from '../../../engine/broker/pipeline.ts';
import { done, later, reject, retry, type Verdict } from '../../../engine/broker/verdict.ts';
import { createWorker, type WorkerDeps } from '../../../engine/broker/worker.ts';
import { systemClock } from '../../../engine/core/clock.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import type { Telemetry } from '../../../engine/core/telemetry.ts';
import type { Db } from '../../../engine/store/database.ts';
import { storeAway } from '../../../engine/store/store-away.ts';
import type { SubmissionReceived } from '../../../schemas/messages.ts';
import { openTestStore } from '../../support/database.ts';
import { createGate } from '../../support/gate.ts';
import { aDelivery, aMessage } from '../../support/messages.ts';

type Submissions = Pipeline<SubmissionReceived, Work>;
type Handle = (delivery: Delivery) => Promise<Settlement>;

const WORK: Work = { kind: 'work' };

describe('worker', () => {
  let db: Db;
  let close: () => Promise<void>;
  let patience: AbortController;

  beforeEach(async () => {
    ({ db, close } = await openTestStore());
    await db.schema.createTable('effects', (table) => table.text('id'));
    patience = new AbortController();
  });
  afterEach(() => close());

  /** The worker's handler, caught by a broker that only notes it. */
  async function handlerOf(with_: Partial<Submissions> = {}, options: Partial<WorkerDeps> = {}): Promise<Handle> {
    let handler: Handle | undefined;
    const broker: Broker = {
      publish: async () => 'confirmed',
      places: () => 1,
      consume: async (_queue, handle) => {
        handler = handle;
        return { stop: async () => {} };
      },
      health: () => 'up',
      close: async () => {},
    };
    const policy = { maxAttempts: 3, firstDelayMs: 1_000, maxDelayMs: 1_000 };
    const pipeline: Submissions = {
      kind: 'submission.received',
      queue: 'submissions',
      prepare: async () => WORK,
      stages: { effect },
      ...with_,
    };
    const deps = { broker, db, clock: systemClock, log: silentLogger(), policy, prefetch: 1 };
    await createWorker({ ...deps, signal: patience.signal, ...options }, pipeline).start();
    if (!handler) throw new Error('the worker did not consume');
    return handler;
  }

  const effect: Stage<Work> = async (work, { tx }) => {
    await tx('effects').insert({ id: 'effect' });
    return work;
  };
  const effects = async () => (await db('effects')).length;
  const ending = (verdict: Verdict) => handlerOf({ stages: { effect, end: async () => verdict } });
  const failing = (error: Error) => {
    const stage = async () => {
      throw error;
    };
    return handlerOf({ stages: { effect, fail: stage } });
  };

  it('acknowledges a message whose stages all ran, and keeps their effects', async () => {
    const handle = await handlerOf();
    expect(await handle(aDelivery())).to.deep.equal({ action: 'ack' });
    expect(await effects()).to.equal(1);
  });

  it('has the effect once when the message comes again, without preparing it again', async () => {
    let prepared = 0;
    const prepare = async () => {
      prepared += 1;
      return WORK;
    };
    const handle = await handlerOf({ prepare });
    const delivery = aDelivery();
    await handle(delivery);
    expect(await handle({ ...delivery, redeliveries: 1 })).to.deep.equal({ action: 'ack' });
    expect(await effects()).to.equal(1);
    expect(prepared).to.equal(1);
  });

  it('has the effect once when the message comes twice at the same time', async () => {
    const handle = await handlerOf();
    const delivery = aDelivery();
    const settlements = await Promise.all([handle(delivery), handle(delivery), handle(delivery)]);
    expect(settlements.every(({ action }) => action === 'ack')).to.equal(true);
    expect(await effects()).to.equal(1);
  });

  for (const verdict of [later(10, 'early'), retry('down'), reject('no')]) {
    it(`keeps no effect and no claim when the verdict is ${verdict.kind}`, async () => {
      const handle = await ending(verdict);
      expect((await handle(aDelivery())).action).to.equal(verdict.kind === 'reject' ? 'bury' : 'delay');
      expect(await effects()).to.equal(0);
      expect(await db('processed')).to.deep.equal([]);
    });
  }

  it('keeps the effects when a stage ends the pipeline as done', async () => {
    const handle = await ending(done);
    expect(await handle(aDelivery())).to.deep.equal({ action: 'ack' });
    expect(await effects()).to.equal(1);
  });

  it('tries an unknown error again, with the next attempt', async () => {
    const handle = await failing(new Error('a bug'));
    const settlement = await handle(aDelivery());
    expect(settlement).to.include({ action: 'delay', attempt: 2, reason: 'a bug' });
    expect(await effects()).to.equal(0);
  });

  it('spends no attempt while the disk or the database is full', async () => {
    for (const code of ['ENOSPC', 'SQLITE_FULL', '53100']) {
      const handle = await failing(Object.assign(new Error('full'), { code }));
      const settlement = await handle(aDelivery({ attempt: 3 }));
      expect(settlement).to.include({ action: 'delay', attempt: 3, delayMs: 10_000 });
    }
    expect(await effects()).to.equal(0);
  });

  it('spends no attempt while the database is away', async () => {
    const handle = await failing(storeAway());
    const settlement = await handle(aDelivery({ attempt: 3 }));
    expect(settlement).to.include({ action: 'delay', attempt: 3, delayMs: 1_000 });
  });

  it('gives up what is not finished in time, as an attempt that failed, even when it ignores its signal', async () => {
    let told: AbortSignal | undefined;
    const prepare: Submissions['prepare'] = (_, { signal }) => {
      told = signal;
      return new Promise(() => undefined);
    };
    const handle = await handlerOf({ prepare }, { maxMs: 30 });
    expect(await handle(aDelivery())).to.include({ action: 'delay', attempt: 2, reason: 'not finished within 0 s' });
    expect(told?.aborted).to.equal(true);
  });

  it('has no effect any more when it gave up before', async () => {
    const gate = createGate<void>();
    const prepare = async () => {
      await gate.opened;
      return WORK;
    };
    const handle = await handlerOf({ prepare }, { maxMs: 30 });
    expect(await handle(aDelivery())).to.include({ action: 'delay', attempt: 2 });
    gate.open();
    await new Promise((resolve) => setTimeout(resolve, 20)); // there is nothing to wait for
    expect(await effects()).to.equal(0);
  });

  it('tells what it did', async () => {
    const told: string[] = [];
    const telemetry: Telemetry = {
      count: (name) => told.push(name),
      time: (name, labels) => told.push(`${name} ${'stage' in labels ? labels.stage : ''}`.trim()),
    };
    const handle = await handlerOf({}, { telemetry });
    await handle(aDelivery({ redeliveries: 1 }));
    expect(told).to.deep.equal([
      'bode_redeliveries_total',
      ...['prepare', 'claim', 'forget', 'effect', 'commit'].map((stage) => `bode_stage_seconds ${stage}`),
      'bode_message_seconds',
    ]);
  });

  it('asks nothing about a message that was never in hand, and notes the start of one that was', async () => {
    const statements: string[] = [];
    db.on('query', ({ sql }: { sql: string }) => statements.push(sql));
    const handle = await handlerOf();
    await handle(aDelivery());
    expect(statements.filter((sql) => sql.includes('suspects'))).to.deep.equal([]);
    await handle(aDelivery({ redeliveries: 1 }));
    expect(statements.filter((sql) => sql.includes('suspects'))).to.have.length(3);
  });

  it('buries what fails with an error that cannot heal', async () => {
    const handle = await failing(new EngineError('limit_exceeded', 'too long'));
    expect(await handle(aDelivery())).to.deep.equal({ action: 'bury', reason: 'too long', code: 'limit_exceeded' });
  });

  it('buries a message after its last attempt', async () => {
    const handle = await failing(new Error('a bug'));
    const reason = 'gave up after 3 attempts: a bug';
    expect(await handle(aDelivery({ attempt: 3 }))).to.deep.equal({ action: 'bury', reason });
  });

  it('spends no attempt on work that the end of patience interrupted', async () => {
    const handle = await handlerOf();
    patience.abort();
    const settlement = await handle(aDelivery({ attempt: 3 }));
    expect(settlement).to.include({ action: 'delay', attempt: 3, delayMs: 0 });
    expect(await effects()).to.equal(0);
  });

  it('buries a message that is not of its kind', async () => {
    const handle = await handlerOf();
    const message = { kind: 'forms.accepted', id: 'form-1', ticket: aMessage().ticket, formIndexes: [1] } as const;
    expect((await handle(aDelivery({ message }))).action).to.equal('bury');
  });

  it('prepares outside of any transaction', async () => {
    let others = 0;
    const prepare = async () => {
      others = await effects(); // SQLite has one connection: inside a transaction this would wait for ever
      return WORK;
    };
    const handle = await handlerOf({ prepare });
    expect((await handle(aDelivery())).action).to.equal('ack');
    expect(others).to.equal(0);
  });

  describe('with a message that stands for several', () => {
    const whole = aMessage({ id: 'whole' });
    const parts = ['one', 'two'].map((id) => aMessage({ id }));
    const apart = () => parts;
    const waiting = () => db('outbox').select('message_id', 'sender', 'attempt').orderBy('id');
    const expected = parts.map(({ id }) => ({ message_id: id, sender: '123456', attempt: 1 }));

    beforeEach(() => addToOutbox(db, whole, { now: new Date(), sender: '123456' }));

    it('tries each on its own after a failure, once', async () => {
      const prepare = async () => reject('one of them is bad');
      const handle = await handlerOf({ prepare, apart });
      for (const attempt of [1, 1]) {
        expect(await handle(aDelivery({ message: whole, attempt }))).to.deep.equal({ action: 'ack' });
      }
      expect(await waiting()).to.deep.equal(expected);
    });

    it('tries each on its own when it was in hand before: it may have killed the worker', async () => {
      const handle = await handlerOf({ apart });
      expect(await handle(aDelivery({ message: whole, redeliveries: 1 }))).to.deep.equal({ action: 'ack' });
      expect(await waiting()).to.deep.equal(expected);
      expect(await effects()).to.equal(0);
    });

    it('leaves it whole while nobody can help it', async () => {
      const prepare = () => Promise.reject(storeAway());
      const handle = await handlerOf({ prepare, apart });
      expect((await handle(aDelivery({ message: whole }))).action).to.equal('delay');
      expect(await waiting()).to.have.length(1);
    });

    it('fails for good when it is the last', async () => {
      const handle = await handlerOf({ prepare: async () => reject('bad'), apart: (message) => [message] });
      expect((await handle(aDelivery({ message: whole }))).action).to.equal('bury');
    });
  });
});
