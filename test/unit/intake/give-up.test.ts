import { join } from 'node:path';
import { expect } from 'chai';
import { bury } from '../../../engine/broker/dead-letters.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { answerGivenUp, noteGivenUp } from '../../../engine/intake/give-up.ts';
import { createBlobStore } from '../../../engine/store/blobs.ts';
import type { Db } from '../../../engine/store/database.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { addSubmission, decide } from '../../../engine/submissions/submissions.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';

const TICKET = 'AAAAAAAAAAAA1';
const AT = new Date('2026-11-20T10:00:00Z');
const HOUR = 3_600_000;
const MESSAGE = { kind: 'submission.received', id: TICKET, ticket: TICKET } as const;

describe('a submission that is given up', () => {
  let db: Db;
  let end: () => Promise<void>;
  let now: Date;
  let dir: string;
  beforeEach(async () => {
    const store = await openTestStore();
    const folder = await temporaryDir();
    ({ db } = store);
    ({ dir } = folder);
    end = async () => {
      await store.close();
      await folder.remove();
    };
    now = AT;
    await addSubmission(db, {
      ticket: TICKET,
      sender: '123456',
      stem: 'DMFA.123456.20261120.00001.R',
      contentHash: 'c'.repeat(64),
      goal: 'DMFA',
      environment: 'R',
      channel: 'sftp',
      state: 'received',
      errors: [],
      receivedAt: AT,
    });
  });
  afterEach(() => end());

  const deps = () => ({
    db,
    blobs: createBlobStore({ dir: join(dir, 'blobs'), log: silentLogger() }),
    clock: () => now,
    wake: () => undefined,
    signal: new AbortController().signal,
  });
  const give = (waitMs: number) =>
    inTransaction(db, async (tx) => {
      const first = await bury(
        tx,
        { queue: 'submissions', message: MESSAGE, attempt: 8, redeliveries: 0 },
        { reason: 'boom' },
        now,
      );
      if (first) await noteGivenUp({ ...deps(), waitMs })(tx, MESSAGE);
    });
  const outcome = async () => {
    const { state, errors } = await db('submissions').first();
    return [state, ...JSON.parse(errors).map(({ code }: { code: string }) => code)].join(' ');
  };
  const answers = () => db('outbox').where({ queue: 'answers' });

  it('is refused with 163 at once when nobody may wait, and only once', async () => {
    for (let times = 0; times < 2; times += 1) await give(0);
    expect(await outcome()).to.equal('refused 163');
    expect(await answers()).to.have.length(1);
  });

  it('waits for an operator, then is refused with 163, once, however many answer for it', async () => {
    await give(HOUR);
    now = new Date(AT.getTime() + HOUR - 1);
    expect(await answerGivenUp(deps())).to.equal(0);
    expect(await outcome()).to.equal('received');
    now = new Date(AT.getTime() + HOUR);
    await Promise.all([answerGivenUp(deps()), answerGivenUp(deps())]);
    expect(await outcome()).to.equal('refused 163');
    expect(await answers()).to.have.length(1);
    expect(await answerGivenUp(deps())).to.equal(0);
  });

  it('keeps the answer that it got meanwhile', async () => {
    await give(HOUR);
    await decide(db, TICKET, { state: 'cancelled', resultCode: 0, errors: [{ code: '277', detail: 'cancelled' }] });
    now = new Date(AT.getTime() + HOUR);
    expect(await answerGivenUp(deps())).to.equal(1);
    expect(await outcome()).to.equal('cancelled 277');
    expect(await answers()).to.deep.equal([]);
  });

  it('of another installation is buried without a word', async () => {
    await db('submissions').delete();
    await give(0);
    expect(await db('events')).to.deep.equal([]);
    expect(await db('dead_letters')).to.have.length(1);
  });
});
