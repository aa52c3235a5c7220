import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { addToOutbox } from '../../../engine/broker/outbox.ts';
import { provision } from '../../../engine/registry/provision.ts';
import type { Db } from '../../../engine/store/database.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { aMessage } from '../../support/messages.ts';
import { temporaryDir } from '../../support/pki.ts';
import { aPlannedOrganisation, aPlannedSender, writeMaterials, writePlan } from '../../support/provisioning.ts';

describe('bode senders', () => {
  const bode = useBode();
  let db: Db;
  let close: () => Promise<void>;
  let dir: string;
  let remove: () => Promise<void>;
  before(async () => {
    const store = await openTestStore();
    ({ db, close } = store);
    ({ dir, remove } = await temporaryDir());
    await writeFile(join(dir, 'bode.yaml'), `store: { url: "${store.url}" }\n`);
  });
  after(async () => {
    await close();
    await remove();
  });

  async function addSender() {
    await writeMaterials(dir);
    const plan = await writePlan(dir, [aPlannedOrganisation({}, [aPlannedSender()])]);
    await provision(db, plan, new Date(), { goals: ['DMFA'] });
  }

  it('says when there are none', async () => {
    expect(await bode(['senders'], dir)).to.deep.equal({ status: 0, stdout: 'no senders\n', stderr: '' });
  });

  it('lists what waits of each sender and whether it is paused, without any INSS number', async () => {
    await addSender();
    const at = new Date().toISOString();
    const until = '2099-01-01T00:00:00.000Z';
    await addToOutbox(db, aMessage(), { now: new Date(), sender: '123456' });
    await db('breakers').insert({
      ...{ sender: '123456', failures: 10, state: 'open', trips: 1, until, failed_at: at, changed_at: at },
      reason: 'no place for 85073003328',
    });
    const { items } = JSON.parse((await bode(['senders', '--json'], dir)).stdout);
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ number: '123456', login: 'voorbeeld', state: 'active', waiting: 1, inHand: 0 });
    expect(items[0]).to.include({ breaker: 'open', failures: 10, until });
    const text = (await bode(['senders'], dir)).stdout;
    expect(text).to.match(/^SENDER +LOGIN +STATE +WAITING +IN HAND +BREAKER +FAILURES +UNTIL +REASON\n/);
    expect(text).to.include('no place for').and.not.include('85073003328');
  });

  it('ends a pause with a reason that is audited', async () => {
    const resumed = await bode(['sender', 'resume', '123456', '--reason', 'mended'], dir);
    expect(resumed).to.deep.equal({ status: 0, stdout: '123456: resumed\n', stderr: '' });
    expect((await bode(['sender', 'resume', '123456', '--reason', 'again'], dir)).stdout).to.include('was not paused');
    const lines = await db('audit').where({ what: 'sender resumed' });
    expect(lines.map(({ subject, facts }) => [subject, JSON.parse(facts)])).to.deep.equal([
      ['123456', { reason: 'mended' }],
    ]);
  });

  it('refuses a number that is no sender’s', async () => {
    expect(await bode(['sender', 'resume', '999999', '--reason', 'x'], dir)).to.include({
      status: 1,
      stderr: 'no sender 999999\n',
    });
    expect((await bode(['sender', 'resume', 'abc', '--reason', 'x'], dir)).status).to.equal(2);
  });
});
