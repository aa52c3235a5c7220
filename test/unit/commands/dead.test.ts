import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bury } from '../../../engine/broker/dead-letters.ts';
import { createEmbeddedBroker } from '../../../engine/broker/embedded.ts';
import { addToOutbox } from '../../../engine/broker/outbox.ts';
import type { Pipeline, Work } from '../../../engine/broker/pipeline.ts';
import { createRelay } from '../../../engine/broker/relay.ts';
import { createSettle } from '../../../engine/broker/settle.ts';
import { createWorker } from '../../../engine/broker/worker.ts';
import { systemClock } from '../../../engine/core/clock.ts';
import { EngineError, type ErrorCode } from '../../../engine/core/errors.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { group, type Service } from '../../../engine/core/service.ts';
import { noteFailure } from '../../../engine/intake/dead-letter-desk.ts';
import { noteGivenUp } from '../../../engine/intake/give-up.ts';
import { createBlobStore } from '../../../engine/store/blobs.ts';
import type { Db } from '../../../engine/store/database.ts';
import { addSubmission, type Submission } from '../../../engine/submissions/submissions.ts';
import type { AnswerReady, Message } from '../../../schemas/messages.ts';
import { QUEUE_OF } from '../../../schemas/messages.ts';
import type { Ran } from '../../support/command-line.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDir } from '../../support/pki.ts';

const AT = new Date('2026-11-20T10:00:00Z');
const FIRST = 'AAAAAAAAAAAA1';
const SECOND = 'AAAAAAAAAAAA2';

describe('bode dead', () => {
  const bode = useBode();
  let db: Db;
  let close: () => Promise<void>;
  let dir: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const store = await openTestStore();
    ({ db, close } = store);
    ({ dir, remove } = await temporaryDir());
    await writeFile(join(dir, 'bode.yaml'), `store: { url: "${store.url}" }\n`);
  });
  afterEach(async () => {
    await close();
    await remove();
  });

  const run = (...args: string[]): Promise<Ran> => bode(['dead', ...args], dir);
  const listed = async (...args: string[]) => JSON.parse((await run('list', '--json', ...args)).stdout).items;
  const ids = async (...args: string[]) => (await listed(...args)).map(({ id }: { id: number }) => id);

  const aSubmission = (with_: Partial<Submission> = {}): Submission => ({
    ticket: FIRST,
    sender: '123456',
    stem: `DMFA.123456.20261120.${(with_.ticket ?? FIRST).slice(-5)}.R`,
    contentHash: 'c'.repeat(64),
    goal: 'DMFA',
    environment: 'R',
    channel: 'sftp',
    state: 'received',
    errors: [],
    receivedAt: AT,
    ...with_,
  });
  const answer = (ticket: string): AnswerReady => ({
    kind: 'answer.ready',
    id: `ACRF:${ticket}`,
    ticket,
    sender: '123456',
    goal: 'ACRF',
    environment: 'R',
    sha256: 'a'.repeat(64),
  });
  const buried = (message: Message, reason: string, at: Date, code?: ErrorCode) =>
    bury(
      db,
      { queue: QUEUE_OF[message.kind], message, attempt: 8, redeliveries: 0 },
      { reason, ...(code && { code }) },
      at,
    );

  /** 1: an answer of 123456 (DMFA); 2: a submission that has its receipt (DIMN of 222222). */
  async function twoLetters(): Promise<void> {
    await addSubmission(db, aSubmission({ state: 'handled', resultCode: 1 }));
    const other = { ticket: SECOND, sender: '222222', goal: 'DIMN', state: 'refused', resultCode: 0 } as const;
    await addSubmission(db, aSubmission(other));
    await buried(answer(FIRST), 'gave up after 8 attempts: the INSS 85073003328 is in the way', AT);
    await buried(
      { kind: 'submission.received', id: SECOND, ticket: SECOND },
      'Boom 100%',
      systemClock(),
      'blob_missing',
    );
  }

  it('lists nothing when nothing was given up', async () => {
    expect((await run('list')).stdout).to.equal('no dead letters\n');
    expect(await listed()).to.deep.equal([]);
  });

  it('lists letters with what they are about, and no INSS number in the text', async () => {
    await twoLetters();
    const { status, stdout } = await run('list');
    expect(status).to.equal(0);
    expect(stdout).to.match(
      /^ID +QUEUE .+\n1 +answers +AAAAAAAAAAAA1 +123456 +DMFA +2026-11-20T.+ waiting +- +gave up/,
    );
    expect(stdout).to.include('already answered').and.not.to.include('85073003328');
    expect((await listed())[1]).to.deep.include({
      id: 2,
      queue: 'submissions',
      ticket: SECOND,
      sender: '222222',
      goal: 'DIMN',
      state: 'refused',
      answered: true,
      attempts: 8,
      code: 'blob_missing',
      error: 'Boom 100%',
    });
  });

  it('finds letters by sender, goal, queue, code, error and age, page by page', async () => {
    await twoLetters();
    expect(await ids('--sender', '222222')).to.deep.equal([2]);
    expect(await ids('--goal', 'DMFA')).to.deep.equal([1]);
    expect(await ids('--queue', 'submissions')).to.deep.equal([2]);
    expect(await ids('--code', 'blob_missing')).to.deep.equal([2]);
    expect(await ids('--error', 'boom 100%')).to.deep.equal([2]);
    expect(await ids('--older-than', '2h')).to.deep.equal([1]);
    expect(await ids('--older-than', '2h', '--sender', '222222')).to.deep.equal([]);
    expect([await ids('--limit', '1'), await ids('--after', '1')]).to.deep.equal([[1], [2]]);
  });

  it('says wrong use with status 2 and a letter that is not there with status 1', async () => {
    const wrong = [
      ['replay', '1'],
      ['replay', '--reason', 'x'],
      ['replay', '1', '--all', '--reason', 'x'],
      ['discard', '1', '--sender', '123456', '--reason', 'x'],
      ['list', '--older-than', 'long'],
      ['list', '--code', 'nonsense'],
      ['show', '0'],
    ];
    for (const args of wrong) expect((await run(...args)).status, args.join(' ')).to.equal(2);
    for (const args of [
      ['show', '7'],
      ['replay', '7', '--reason', 'x', '--yes'],
    ]) {
      expect(await run(...args)).to.deep.equal({ status: 1, stdout: '', stderr: 'no dead letter 7\n' });
    }
  });

  it('previews without --yes and changes nothing', async () => {
    await twoLetters();
    const preview = await run('replay', '--all', '--reason', 'the disk is back');
    expect(preview.status).to.equal(0);
    expect(preview.stdout).to.match(
      /\n1 would be replayed, 1 already answered\. Nothing was done: repeat with --yes\n$/,
    );
    expect((await run('discard', '--all', '--reason', 'x')).stdout).to.include(
      '1 would be discarded, 1 still owed. Nothing was done',
    );
    expect(await ids()).to.deep.equal([1, 2]);
    expect(await db('outbox')).to.deep.equal([]);
    expect(await db('events')).to.deep.equal([]);
  });

  it('replays each letter once, keeps the reason, and leaves what is already answered where it is', async () => {
    await twoLetters();
    const { status, stdout } = await run('replay', '--all', '--reason', 'the disk is back', '--yes');
    expect([status, stdout]).to.deep.equal([
      0,
      `1 ${FIRST} replayed\n2 ${SECOND} already answered (refused)\n1 replayed, 1 already answered\n`,
    ]);
    expect(await ids()).to.deep.equal([2]);
    expect(await db('outbox').select('queue', 'message_id', 'attempt')).to.deep.equal([
      { queue: 'answers', message_id: `ACRF:${FIRST}`, attempt: 1 },
    ]);
    const [{ what, facts }] = await db('events');
    expect(what).to.equal('dead letter replayed');
    expect(JSON.parse(facts)).to.include({ deadLetter: 1, messageId: `ACRF:${FIRST}`, reason: 'the disk is back' });
    expect(JSON.parse(facts).by).to.be.a('string').and.not.equal('');
    expect((await run('replay', '1', '--reason', 'again', '--yes')).status).to.equal(1);
    expect(await db('outbox')).to.have.length(1);
  });

  it('discards letters so that their messages stay without effect', async () => {
    await twoLetters();
    const { stdout } = await run('discard', '--sender', '222222', '--reason', 'agreed by telephone', '--yes');
    expect(stdout).to.equal(`2 ${SECOND} discarded\n1 discarded\n`);
    expect(await ids()).to.deep.equal([1]);
    expect(await db('outbox')).to.deep.equal([]);
    expect(await db('processed').where({ message_id: SECOND })).to.have.length(1);
    expect(await db('events').pluck('what')).to.deep.equal(['dead letter discarded']);
  });

  it('keeps an answer that its sender never got: it can only be replayed', async () => {
    await twoLetters();
    const discard = () => run('discard', '1', '--reason', 'x', '--yes');
    expect((await discard()).stdout).to.equal(
      `1 ${FIRST} still owed to its sender: replay it\n0 discarded, 1 still owed\n`,
    );
    expect(await ids()).to.deep.equal([1, 2]);
    const row = {
      ticket: FIRST,
      goal: 'ACRF',
      stem: 's',
      sha256: 'a',
      signature_sha256: 'b',
      placed_at: AT.toISOString(),
    };
    await db('deliveries').insert(row);
    expect((await discard()).stdout).to.equal(`1 ${FIRST} discarded\n1 discarded\n`);
  });

  it('shows and discards what no longer fits a schema, but does not replay it', async () => {
    const row = { queue: 'forms', message_id: 'old', attempt: 1, reason: 'does not fit', buried_at: AT.toISOString() };
    await db('dead_letters').insert({ ...row, message: '{"kind":"old"' });
    const refused = await run('replay', '--all', '--reason', 'x', '--yes');
    expect([refused.status, refused.stdout]).to.deep.equal([
      1,
      '1 - failed: dead letter 1 does not fit its schema\n0 replayed, 1 failed\n',
    ]);
    expect(JSON.parse((await run('show', '1', '--json')).stdout)).to.deep.include({ message: '{"kind":"old"' });
    expect((await run('discard', '1', '--reason', 'x', '--yes')).stdout).to.equal('1 - discarded\n1 discarded\n');
  });

  describe('beside an engine', () => {
    interface Engine extends Service {
      /** What the pipelines did, one line an effect. */
      readonly effects: () => Promise<string[]>;
      fixed: boolean;
    }

    /** Workers for answers and submissions that fail until they are fixed; each effect is a row. */
    async function anEngine({ waitMs = 0 } = {}): Promise<Engine> {
      await db.schema.createTable('effects', (table) => table.text('effect'));
      const log = silentLogger();
      const blobs = createBlobStore({ dir, log });
      const settle = createSettle({
        db,
        clock: systemClock,
        log,
        onFailed: (tx, delivery, reason) => noteFailure(tx, delivery, reason, systemClock()),
        onBuried: noteGivenUp({ blobs, clock: systemClock, wake: () => undefined, waitMs }),
      });
      const broker = createEmbeddedBroker({ settle, log });
      const policy = { maxAttempts: 3, firstDelayMs: 1, maxDelayMs: 1 };
      const deps = { db, broker, clock: systemClock, log, policy, prefetch: 2, signal: new AbortController().signal };
      const failing = <M extends Message>(kind: M['kind']): Pipeline<M, Work> => ({
        kind,
        queue: QUEUE_OF[kind],
        prepare: async () => {
          if (!engine.fixed) throw new EngineError('store_unavailable', 'the disk is away');
          return { kind: 'work' };
        },
        stages: {
          take: async (work, { tx }) => {
            await tx('effects').insert({ effect: kind });
            return work;
          },
        },
      });
      const members = [
        { name: 'broker', start: async () => undefined, stop: () => broker.close() },
        createWorker(deps, failing<AnswerReady>('answer.ready')),
        createWorker(deps, failing<Message & { kind: 'submission.received' }>('submission.received')),
        createRelay({ db, broker, clock: systemClock, log, pollMs: 20, alone: true }),
      ];
      const engine = Object.assign(group('engine', members, log), {
        fixed: false,
        effects: () => db('effects').pluck('effect'),
      });
      await engine.start();
      return engine;
    }

    it('leaves exactly one outcome when the cause is fixed and the letter replayed, with its history', async () => {
      await addSubmission(db, aSubmission({ state: 'handled', resultCode: 1 }));
      const engine = await anEngine();
      try {
        await addToOutbox(db, answer(FIRST), { now: systemClock(), sender: '123456' });
        await eventually(async () => expect(await ids()).to.deep.equal([1]));
        const { history, message } = JSON.parse((await run('show', '1', '--json')).stdout);
        expect(message).to.deep.equal(answer(FIRST));
        expect(history.map(({ what }: { what: string }) => what)).to.deep.equal([
          'attempt failed',
          'attempt failed',
          'given up',
        ]);
        expect(history[1].facts).to.include({ attempt: 2, reason: 'the disk is away' });
        engine.fixed = true;
        await run('replay', '1', '--reason', 'fixed', '--yes');
        await eventually(async () => expect(await engine.effects()).to.deep.equal(['answer.ready']));
        await addToOutbox(db, answer(FIRST), { now: systemClock(), sender: '123456' });
        await eventually(async () => expect(await db('outbox')).to.deep.equal([]));
        expect(await engine.effects()).to.deep.equal(['answer.ready']);
        expect((await run('show', '1')).stderr).to.equal('no dead letter 1\n');
      } finally {
        await engine.stop();
      }
    });

    const released = { kind: 'submission.received', id: FIRST, ticket: FIRST } as const;

    it('leaves a submission undecided while an operator may fix the cause, and replays it to exactly one outcome', async () => {
      await addSubmission(db, aSubmission());
      const engine = await anEngine({ waitMs: 3_600_000 });
      try {
        await addToOutbox(db, released, { now: systemClock(), sender: '123456' });
        await eventually(async () => expect(await ids()).to.deep.equal([1]));
        expect(await db('submissions').pluck('state')).to.deep.equal(['received']);
        expect((await run('show', '1')).stdout).to.match(/refused with 163 at \S+ unless it is replayed before/);
        engine.fixed = true;
        await run('replay', '1', '--reason', 'fixed', '--yes');
        await eventually(async () => expect(await engine.effects()).to.deep.equal(['submission.received']));
        expect(await ids()).to.deep.equal([]);
        expect(await db('audit').select('what', 'subject', 'outcome')).to.deep.equal([
          { what: 'work given up', subject: FIRST, outcome: 'submission.received' },
          { what: 'dead letter replayed', subject: FIRST, outcome: 'done' },
        ]);
      } finally {
        await engine.stop();
      }
    });

    it('refuses a submission that is discarded with 163, so that its sender has an answer', async () => {
      await addSubmission(db, aSubmission());
      const engine = await anEngine({ waitMs: 3_600_000 });
      try {
        await addToOutbox(db, released, { now: systemClock(), sender: '123456' });
        await eventually(async () => expect(await ids()).to.deep.equal([1]));
        engine.fixed = true;
        await run('discard', '1', '--reason', 'not ours', '--yes');
        expect(await db('submissions').pluck('state')).to.deep.equal(['refused']);
        const decided = await db('audit').where({ what: 'submission decided' }).select('outcome');
        expect(decided).to.deep.equal([{ outcome: 'refused' }]);
        await eventually(async () => expect(await engine.effects()).to.deep.equal(['answer.ready']));
        expect(await ids()).to.deep.equal([]);
      } finally {
        await engine.stop();
      }
    });

    it('makes no second outcome of a submission that was refused when it was given up', async () => {
      await addSubmission(db, aSubmission());
      const engine = await anEngine();
      try {
        await addToOutbox(db, released, { now: systemClock(), sender: '123456' });
        await eventually(async () => {
          const queues = (await listed()).map(({ queue }: { queue: string }) => queue);
          expect(queues).to.have.members(['submissions', 'answers']);
        });
        expect(await db('submissions').select('state', 'errors')).to.deep.equal([
          { state: 'refused', errors: '[{"code":"163","detail":"the submission could not be processed"}]' },
        ]);
        engine.fixed = true;
        const { status, stdout } = await run('replay', '--sender', '123456', '--reason', 'fixed', '--yes');
        expect([status, stdout]).to.deep.equal([
          0,
          `1 ${FIRST} already answered (refused)\n2 ${FIRST} replayed\n1 replayed, 1 already answered\n`,
        ]);
        await eventually(async () => expect(await engine.effects()).to.deep.equal(['answer.ready']));
        expect(await ids()).to.deep.equal([1]);
        expect((await run('show', '1')).stdout)
          .to.include('already answered')
          .and.to.include('given up');
      } finally {
        await engine.stop();
      }
    });
  });
});
