import { expect } from 'chai';
import { useBode } from '../../support/command-runner.ts';
import { type PreparedEngine, prepareEngine } from '../../support/engine.ts';

describe('bode access', function () {
  this.timeout(60_000);
  const bode = useBode();
  let engine: PreparedEngine;
  before(async () => {
    engine = await prepareEngine();
  });
  after(() => engine.remove());

  const run = (...args: string[]) => bode(['access', ...args], engine.dir);
  const NAMES = ['--given-name', 'Els', '--family-name', 'Peeters'];

  it('appoints a main access manager, who can neither be blocked nor deleted while there is no other', async () => {
    const made = await run('main-manager', 'appoint', '0206731645', ...NAMES, '--json');
    const { userName, temporaryPassword } = JSON.parse(made.stdout);
    expect(temporaryPassword).to.match(/^[A-Za-z]{6}-[A-Za-z]{6}-\d\d$/);
    const blocked = await run('block', 'person', userName);
    expect(blocked).to.include({
      status: 1,
      stderr: 'this is the last main access manager: appoint another one first\n',
    });
    expect((await run('main-manager', 'delete', userName)).status).to.equal(1);
    const again = JSON.parse((await run('main-manager', 'reset', userName, '--json')).stdout);
    expect(again.temporaryPassword).not.to.equal(temporaryPassword);
    const people = JSON.parse((await run('people', '0206731645', '--json')).stdout);
    expect(people.items).to.have.length(1);
    expect(people.items[0]).to.deep.include({ userName, state: 'active', password: 'temporary', numberIsKnown: false });
    expect(people.items[0].appointments).to.deep.include({ role: 'main-manager', quality: null });
    const second = JSON.parse((await run('main-manager', 'appoint', '0206731645', ...NAMES, '--json')).stdout);
    expect(await run('main-manager', 'delete', userName)).to.include({ status: 0, stdout: `${userName}: deleted\n` });
    expect((await run('people', '0206731645')).stdout)
      .to.include(second.userName)
      .and.not.to.include(userName);
  });

  it('blocks and unblocks an organisation and a technical user, and shows it', async () => {
    expect(await run('block', 'organisation', '0206731645')).to.include({ status: 0 });
    const shown = JSON.parse((await run('show', '0206731645', '--json')).stdout);
    expect(shown.access).to.include({ access: 'blocked' });
    expect(shown.structuredMessages[0].senders[0]).to.include({ number: '123456', state: 'blocked' });
    expect(await run('unblock', 'organisation', '0206731645')).to.include({ status: 0 });
    expect(await run('block', 'sender', '123456')).to.include({ status: 0, stdout: 'sender 123456: blocked\n' });
    expect((await run('show', '0206731645')).stdout).to.include('sender 123456 (employer): login voorbeeld, blocked');
  });

  it('refuses in one line what is not there or not right', async () => {
    expect(await run('show', '0403019261')).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'there is no such thing, for you\n',
    });
    expect(await run('show', '0403019262')).to.deep.equal({
      status: 2,
      stdout: '',
      stderr: '0403019262: its check digits are wrong\n',
    });
    expect(await run('block', 'person', 'nobody')).to.include({
      status: 1,
      stderr: 'nobody has the user name nobody\n',
    });
    expect(await run('block', 'sender', '654321')).to.include({ status: 1, stderr: 'no sender 654321\n' });
    const faults = await run('main-manager', 'appoint', '0206731645', '--given-name', '', '--family-name', 'Peeters');
    expect(faults.stderr).to.equal('givenName: not a name; allowed: one line of 1 to 100 characters\n');
  });
});
