import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { addFailure } from '../../../engine/registry/login-scores.ts';
import type { Db } from '../../../engine/store/database.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { temporaryDir } from '../../support/pki.ts';

const NOW = new Date(); // one moment for all: a score fades
const POLICY = { perAddress: 3, perAddressAndLogin: 2, perLogin: 100, halfLifeMs: 600_000 };

describe('bode bans', () => {
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

  const lift = (...args: string[]) => bode(['bans', 'lift', ...args, '--reason', 'their fault is mended'], dir);

  it('says when there are none', async () => {
    expect(await bode(['bans', 'list'], dir)).to.deep.equal({ status: 0, stdout: 'no bans\n', stderr: '' });
  });

  it('lists what is banned, what that means and until when', async () => {
    for (let count = 0; count < 3; count += 1) {
      await addFailure(db, { network: '192.0.2.1', login: 'voorbeeld' }, NOW, POLICY);
    }
    const { items } = JSON.parse((await bode(['bans', 'list', '--json'], dir)).stdout);
    expect(
      items.map(({ address, login, means }: Record<string, string>) => [address, login, means]),
    ).to.have.deep.members([
      ['192.0.2.1', 'voorbeeld', 'not judged'],
      ['192.0.2.1', null, 'turned away'],
    ]);
    const text = (await bode(['bans', 'list'], dir)).stdout;
    expect(text).to.match(/^ADDRESS +LOGIN +SCORE +LAST FAILED +UNTIL +MEANS\n192\.0\.2\.1 /);
  });

  it('lifts them, of one login or of all, with a reason that is audited', async () => {
    expect((await lift('--address', '::ffff:192.0.2.1', '--login', 'voorbeeld')).stdout).to.match(/^1 lifted/);
    expect((await lift('--address', '192.0.2.1')).stdout).to.match(/^1 lifted/);
    expect((await lift('--all')).stdout).to.match(/^0 lifted/);
    const lines = await db('audit').where({ what: 'login ban lifted' });
    expect(lines.map(({ facts }) => JSON.parse(facts).reason)).to.deep.equal(Array(3).fill('their fault is mended'));
  });

  it('finds the network of an IPv6 address, however it is written', async () => {
    for (const address of ['2001:0db8:0000::7', '2001:db8:0:0::/64']) {
      const key = { network: '2001:db8:0:0::/64', login: 'x' };
      for (let count = 0; count < 3; count += 1) await addFailure(db, key, NOW, POLICY);
      expect((await lift('--address', address)).stdout, address).to.match(/^2 lifted/);
    }
  });

  it('does nothing when it is not said what to lift', async () => {
    for (const args of [[], ['--all', '--login', 'x'], ['--address', 'host']]) {
      expect((await lift(...args)).status, args.join(' ')).to.equal(2);
    }
    expect((await bode(['bans', 'lift', '--all'], dir)).status).to.equal(2);
  });
});
