import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { acquireLease } from '../../../engine/jobs/lease.ts';
import { SCHEDULER_LEASE } from '../../../engine/jobs/scheduler.ts';
import { every, runKeyOf } from '../../../engine/jobs/timetable.ts';
import type { Db } from '../../../engine/store/database.ts';
import { bode, type Ran } from '../../support/command-line.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';

const HOUR_MS = 3_600_000;

describe('bode jobs', () => {
  const bodeAgain = useBode();
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

  // `run` hears signals and ends its process itself
  const run = (what: string, ...args: string[]): Promise<Ran> =>
    (what === 'run' ? bode : bodeAgain)(['jobs', what, ...args], dir);
  const listed = async () => JSON.parse((await run('list', '--json')).stdout);
  const sweepOf = async () => (await listed()).items.find(({ name }: { name: string }) => name === 'sweep-files');
  const lastHour = () => runKeyOf(every(HOUR_MS).latest(new Date()));

  it('list says that nothing runs, and when each is due', async () => {
    const { leader, items } = await listed();
    expect(leader).to.equal(null);
    expect(items.map(({ name }: { name: string }) => name)).to.include.members([
      'recover-arrivals',
      'sweep-files',
      'alerts',
    ]);
    for (const item of items) {
      expect(item).to.include({ last: null, lastSuccess: null });
      expect(new Date(item.nextDue)).to.be.lessThan(new Date());
    }
    expect((await run('list')).stdout).to.match(/^JOB +DUE +LAST RUN .*\n[\s\S]*no scheduler runs\n$/);
  });

  it('list says which process leads', async () => {
    await acquireLease(db, {
      name: SCHEDULER_LEASE,
      holder: 'h 1',
      now: new Date(),
      until: new Date(Date.now() + 60_000),
    });
    expect((await listed()).leader).to.equal('h 1');
    expect((await run('list')).stdout).to.match(/\nrun by h 1\n$/);
  });

  it('run runs a job under a key, once, and tells who did', async () => {
    const key = lastHour();
    expect(await run('run', 'sweep-files', key)).to.deep.equal({
      status: 0,
      stdout: `sweep-files ${key}: done\n`,
      stderr: '',
    });
    expect(await run('run', 'sweep-files', key)).to.include({
      status: 0,
      stdout: `sweep-files ${key}: already done\n`,
    });
    const sweep = await sweepOf();
    expect(sweep).to.include({ period: 'every 1h', lastSuccess: key });
    expect(sweep.last).to.include({ runKey: key, state: 'done', attempts: 1, failures: 0 });
    expect(new Date(sweep.nextDue).getTime()).to.equal(new Date(key).getTime() + HOUR_MS);
    expect(await db('audit').where({ what: 'job run' }).select('subject', 'outcome')).to.deep.equal([
      { subject: `sweep-files ${key}`, outcome: 'done' },
    ]);
  });

  it('run refuses an unknown job and a key that is none of its slots', async () => {
    expect(await run('run', 'nothing', lastHour())).to.include({ status: 1, stdout: '' });
    const wrong = await run('run', 'sweep-files', '2026-11-22T11:40:00Z');
    expect(wrong).to.include({ status: 2, stdout: '' });
    expect(wrong.stderr).to.match(
      /^sweep-files \(every 1h\) has no slot 2026-11-22T11:40:00Z before now; its latest is \S+Z\n$/,
    );
    expect(await db('job_runs')).to.deep.equal([]);
  });
});
