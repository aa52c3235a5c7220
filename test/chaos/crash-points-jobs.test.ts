import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { daily, runKeyOf } from '../../engine/jobs/timetable.ts';
import { createTrappedEngine, type TrappedEngine } from '../support/crash-point.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { answersOf, prepareSet } from '../support/sets.ts';

const LOOSE = 1_500; // more than one transaction deletes
const STEP = 1_000;

describe('a list or prune half-way: the engine killed in the middle of a job', function () {
  this.timeout(120_000);
  let engine: PreparedEngine;
  let running: TrappedEngine;

  async function prepare(config: Readonly<Record<string, unknown>>): Promise<TestClient> {
    engine = await prepareEngine({ config });
    running = createTrappedEngine(engine);
    return openClient(engine);
  }

  afterEach(async () => {
    await running?.stop();
    await engine?.remove();
  });

  it('answers each set that waited in vain for its GO once, though it dies after the first', async () => {
    const client = await prepare({ intake: { waitForGo: '2s' } });
    const sequences = ['00001', '00002', '00003'];
    const sets = await Promise.all(sequences.map((sequence) => prepareSet(client, { sequence })));
    await running.start();
    await running.arm({ at: 'after', what: 'commit', matching: 'insert into submissions ' });
    await client.sftp(sets.map(({ fi, fs }) => `put ${fi} IN/\nput ${fs} IN/\n`).join(''));
    await running.died();
    expect(await engine.db('submissions').pluck('stem')).to.have.length(1);
    await running.start();
    await eventually(async () => expect((await answersOf(client)).size).to.equal(sets.length), 20_000);
    await delay(2_500); // once more over the folders: nothing may be answered again
    const answers = [...(await answersOf(client)).values()];
    expect(answers.map(({ errors }) => errors)).to.deep.equal(sets.map(() => ['130']));
    expect(new Set(answers.map(({ ticket }) => ticket)).size).to.equal(sets.length);
    expect(await engine.db('folder_files').where({ folder: 'IN' }).pluck('name')).to.deep.equal([]);
  });

  it('collects the rest of the content when it dies between two transactions, under the same run key', async () => {
    await prepare({});
    const { db } = engine;
    await addLooseContent(engine);
    await skipNightly(engine); // the other job that deletes content would share the commit
    running.startArmed({ at: 'after', what: 'commit', matching: 'delete from blobs' });
    await running.died();
    expect(await looseLeft(engine)).to.equal(LOOSE - STEP);
    const [run, ...others] = await db('job_runs').where({ job: 'collect-content', state: 'running' });
    expect(others).to.deep.equal([]);
    await running.start();
    const key = { job: run.job, run_key: run.run_key };
    await eventually(async () => {
      const [again] = await db('job_runs').where(key).select('state', 'attempts');
      expect(again).to.deep.equal({ state: 'done', attempts: run.attempts + 1 });
    }, 20_000);
    expect(await looseLeft(engine)).to.equal(0);
    const told = await db('audit').where({ what: 'content collected' }).orderBy('id').pluck('facts');
    expect(told.map((facts) => JSON.parse(facts).blobs)).to.deep.equal([STEP, LOOSE - STEP]);
  });
});

/** Content that was prepared for an answer days ago and that nothing names. */
async function addLooseContent({ db }: PreparedEngine): Promise<void> {
  const at = new Date(Date.now() - 10 * 86_400_000).toISOString();
  const rows = Array.from({ length: LOOSE }, (_, number) => ({
    sha256: createHash('sha256').update(String(number)).digest('hex'),
    size: 4,
    content: Buffer.from('left'),
    stored_at: at,
    loose_since: at,
  }));
  for (let from = 0; from < rows.length; from += 100) await db('blobs').insert(rows.slice(from, from + 100));
}

/** As if the nightly look through the content had been done. */
async function skipNightly({ db }: PreparedEngine): Promise<void> {
  const at = new Date();
  const run = { job: 'look-through-content', run_key: runKeyOf(daily('03:00').latest(at)), holder: 'a test' };
  const times = { started_at: at.toISOString(), finished_at: at.toISOString() };
  await db('job_runs').insert({ ...run, ...times, state: 'done', attempts: 1, failures: 0, detail: '' });
}

async function looseLeft({ db }: PreparedEngine): Promise<number> {
  return (await db('blobs').whereNotNull('loose_since').pluck('sha256')).length;
}
