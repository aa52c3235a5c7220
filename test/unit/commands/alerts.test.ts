import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { clearAlert, noteAlert, raiseAlert } from '../../../engine/jobs/alert-rows.ts';
import type { Db } from '../../../engine/store/database.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';

const AT = new Date('2026-11-22T11:40:00.000Z');

describe('bode alerts', () => {
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

  it('says when there is nothing to act on', async () => {
    expect(await bode(['alerts'], dir)).to.deep.equal({ status: 0, stdout: 'no alerts\n', stderr: '' });
  });

  it('lists what stands, and with --all what is over, without anything that a terminal would obey', async () => {
    await raiseAlert(db, { name: 'dead letters', subject: 'forms', detail: '3 given\u001b up' }, AT);
    const id = await raiseAlert(db, { name: 'disk', subject: '', detail: 'full' }, AT);
    await noteAlert(db, id ?? 0, 'full', AT);
    await clearAlert(db, id ?? 0, AT);
    const text = (await bode(['alerts'], dir)).stdout;
    expect(text).to.match(/^ID +ALERT +ABOUT +RAISED +CLEARED +DETAIL\n/);
    expect(text).to.include('dead letters  forms  2026-11-22T11:40:00.000Z  stands   3 given? up');
    expect(text).not.to.include('disk');
    const { items } = JSON.parse((await bode(['alerts', '--all', '--json'], dir)).stdout);
    expect(items).to.deep.equal([
      {
        id,
        name: 'disk',
        subject: '',
        detail: 'full',
        raisedAt: AT.toJSON(),
        goneSince: AT.toJSON(),
        clearedAt: AT.toJSON(),
      },
      {
        id: items[1].id,
        name: 'dead letters',
        subject: 'forms',
        detail: '3 given\u001b up',
        raisedAt: AT.toJSON(),
        goneSince: null,
        clearedAt: null,
      },
    ]);
  });
});
