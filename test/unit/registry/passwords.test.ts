import { expect } from 'chai';
import { createAuthenticatePassword } from '../../../engine/registry/authenticate-password.ts';
import { createNetworks } from '../../../engine/registry/networks.ts';
import { changePassword, hashPassword, isPassword, passwordFault } from '../../../engine/registry/passwords.ts';
import { saveSender } from '../../../engine/registry/senders.ts';
import type { Db } from '../../../engine/store/database.ts';
import { aSender } from '../../support/builders.ts';
import { openTestStore } from '../../support/database.ts';

const PASSWORD = 'een goed wachtwoord';

describe('passwords', () => {
  it('are hashed by argon2id with a salt of their own, and told from others', async () => {
    const [one, two] = [await hashPassword(PASSWORD), await hashPassword(PASSWORD)];
    expect(one)
      .to.match(/^\$argon2id\$/)
      .and.not.to.equal(two);
    expect(await isPassword(PASSWORD, one)).to.equal(true);
    for (const hash of [two.slice(0, -4), 'nonsense', undefined]) {
      expect(await isPassword(PASSWORD, hash)).to.equal(false);
    }
    expect(await isPassword(`${PASSWORD} `, one)).to.equal(false);
  });

  it('need ten characters and no control character', () => {
    expect([passwordFault('123456789'), passwordFault('1234567890'), passwordFault('123456789\u0007')]).to.deep.equal([
      'the password must have 10 to 256 characters',
      undefined,
      'the password holds a control character',
    ]);
  });
});

describe('a login by password', () => {
  let db: Db;
  let close: () => Promise<void>;
  const networks = createNetworks({ publilink: ['10.1.0.0/16'], irisnet: ['10.2.0.0/16'] });
  const from = (address: string, encrypted: boolean, with_: object = {}) =>
    createAuthenticatePassword(
      db,
      'ftp',
      networks,
    )({
      ...{ login: 'voorbeeld', password: PASSWORD, address, encrypted },
      ...with_,
    });
  const reasonOf = async (outcome: ReturnType<typeof from>) => {
    const settled = await outcome;
    return settled.kind === 'refused' ? settled.reason : settled.number;
  };

  beforeEach(async () => {
    ({ db, close } = await openTestStore('sqlite'));
    await db('organisations').insert({
      enterprise_number: '0206731645',
      names: '{}',
      language: 'nl',
      mailbox_type: 'enterprise',
    });
    await db('qualities').insert({ enterprise_number: '0206731645', code: 'employer' });
    await saveSender(db, aSender({ channels: ['ftp'], networks: ['publilink'] }));
    await changePassword(db, '123456', PASSWORD);
  });
  afterEach(() => close());

  it('without encryption is taken only from a fixed link that the sender is bound to', async () => {
    expect(await reasonOf(from('10.1.2.3', false))).to.equal('123456');
    expect(await reasonOf(from('::ffff:10.1.2.3', false))).to.equal('123456');
    for (const address of ['10.2.0.1', '192.0.2.1', '']) {
      expect(await reasonOf(from(address, false)), address).to.match(/not from a fixed link/);
    }
    expect(await reasonOf(from('192.0.2.1', true))).to.equal('123456');
  });

  it('is refused for a wrong password, an unknown login, or a sender without the channel', async () => {
    expect(await reasonOf(from('10.1.2.3', true, { password: 'x' }))).to.equal('unknown login or password');
    expect(await reasonOf(from('10.1.2.3', true, { login: 'niemand' }))).to.equal('unknown login or password');
    await saveSender(db, aSender({ channels: ['sftp'], networks: ['publilink'] }));
    expect(await reasonOf(from('10.1.2.3', true))).to.equal('no such channel for the sender');
  });

  it('holds until the password, the channel or the sender changes', async () => {
    const login = await from('10.1.2.3', true);
    if (login.kind === 'refused') throw new Error(login.reason);
    expect(await login.stillHolds()).to.equal(true);
    await changePassword(db, '123456', 'een ander wachtwoord');
    expect(await login.stillHolds()).to.equal(false);
  });
});
