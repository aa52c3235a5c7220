import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { deliverMessage } from '../../../engine/mailboxes/deliver.ts';
import { type Db, openStore } from '../../../engine/store/database.ts';
import { migrate } from '../../../engine/store/migrate.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import { useBode } from '../../support/command-runner.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../../support/mailboxes.ts';

const RULES = { types: typesOf(aMessageType()), provider: 'bode' };
const ARRIVED = new Date('2024-01-31T10:00:00.000Z'); // expires on 2024-07-31

describe('bode expiry, bode hold', () => {
  const bode = useBode();
  let cwd: string;
  let db: Db;
  const ids = ['a', 'b'].map(() => aMessage().id).sort();
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'bode-expiry-'));
    db = openStore({ url: `sqlite:${join(cwd, 'data', 'bode.sqlite')}` });
    await migrate(db);
    for (const id of ids) {
      await inTransaction(db, (tx) => deliverMessage(tx, aMessage({ id }), ENTERPRISE, RULES, ARRIVED));
    }
  });
  after(async () => {
    await db.destroy();
    await rm(cwd, { recursive: true, force: true });
  });

  async function previewed(...options: string[]): Promise<string[]> {
    const { stdout } = await bode(['expiry', 'preview', '--json', ...options], cwd);
    const { items, total } = JSON.parse(stdout);
    expect(items).to.have.length(total);
    return items.map(({ messageId }: { messageId: string }) => messageId).sort();
  }

  it('previews a day to come and a day gone by, and is told when the date is none', async () => {
    expect(await previewed('--at', '2024-08-01T09:59:59Z')).to.deep.equal([]);
    expect(await previewed('--at', '2024-08-01T10:00:00Z')).to.deep.equal(ids);
    const wrong = await bode(['expiry', 'preview', '--at', 'tomorrow'], cwd);
    expect(wrong).to.include({ status: 2, stderr: '--at: must be like 2026-12-31 or 2026-12-31T01:30:00Z\n' });
  });

  it('holds a message, removes the other, and shows what openssl verifies with the certificate of the engine', async () => {
    const [held = '', free = ''] = ids;
    const reason = ['--reason', 'case 12'];
    const added = await bode(['hold', 'add', '--message', held, ...reason], cwd);
    expect(added).to.include({ status: 0, stdout: `hold 1: message ${held}; end it with \`bode hold remove 1\`\n` });
    const announced = await previewed();
    const { status, stdout } = await bode(['expiry', 'run', '--json'], cwd);
    expect({ status, ...JSON.parse(stdout) }).to.include({ status: 0, messages: announced.length });
    expect(announced).to.deep.equal([free]);
    expect((await bode(['expiry', 'record', free, '--out', 'records'], cwd)).status).to.equal(0);
    const [name] = (await readdir(join(cwd, 'records'))).map((file) => file.replace(/\.\w+$/, ''));
    const files = ['-content', `records/${name}.json`, '-in', `records/${name}.p7s`, '-CAfile', 'data/pki/engine.pem'];
    const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-purpose', 'any', ...files];
    expect(
      JSON.parse(execFileSync('openssl', verify, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }).toString()),
    ).to.deep.include({
      reason: 'expired',
      record: name,
    });
    expect((await bode(['expiry', 'record', held], cwd)).status).to.equal(1);
  });

  it('lists and ends holds, and refuses what there is not', async () => {
    const { items } = JSON.parse((await bode(['hold', 'list', '--json'], cwd)).stdout);
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ id: 1, on: `message ${ids[0]}`, reason: 'case 12' });
    const reason = ['--reason', 'case 12 is over'];
    expect((await bode(['hold', 'remove', '1', ...reason], cwd)).status).to.equal(0);
    expect((await bode(['hold', 'remove', '1', ...reason], cwd)).status).to.equal(1);
    expect(await previewed()).to.deep.equal([ids[0]]);
    const both = await bode(['hold', 'add', '--type', 'attest', '--message', 'x', ...reason], cwd);
    expect(both).to.include({ status: 2, stderr: 'name one of --message, --type and --mailbox\n' });
    expect((await bode(['hold', 'add', '--mailbox', 'citizen:1', ...reason], cwd)).status).to.equal(1);
    expect((await bode(['hold', 'add', '--type', 'nothing', ...reason], cwd)).status).to.equal(1);
  });
});
