import { expect } from 'chai';
import { newKeyPair } from '../../../channels/sftp/key-pair.ts';
import { createAuthenticate } from '../../../engine/registry/authenticate.ts';
import { replaceCredentials } from '../../../engine/registry/credentials.ts';
import { saveOrganisation } from '../../../engine/registry/organisations.ts';
import { addQuality } from '../../../engine/registry/qualities.ts';
import { type Sender, saveSender } from '../../../engine/registry/senders.ts';
import { parseSshKey } from '../../../engine/registry/ssh-keys.ts';
import { openTestStore } from '../../support/database.ts';

const newLine = () => newKeyPair('ed25519').public;

describe('createAuthenticate', () => {
  let store: Awaited<ReturnType<typeof openTestStore>>;
  const [first, second, foreign] = [newLine(), newLine(), newLine()];
  const sender: Sender = {
    number: '123456',
    login: 'voorbeeld',
    enterpriseNumber: '0123456749',
    quality: 'employer',
    state: 'active',
    channels: ['sftp'],
    goals: ['DMFA'],
    networks: [],
  };

  before(async () => {
    store = await openTestStore();
    const { enterpriseNumber } = sender;
    const names = { nl: 'Voorbeeld' };
    await saveOrganisation(store.db, { enterpriseNumber, names, language: 'nl', mailboxType: 'enterprise' });
    await addQuality(store.db, enterpriseNumber, sender.quality);
    await saveSender(store.db, sender);
    const wanted = [first, second].map((text) => ({ fingerprint: parseSshKey(text).fingerprint, text }));
    await replaceCredentials(store.db, 'key', sender.number, wanted);
  });
  after(() => store.close());

  const blobOf = (line: string) => parseSshKey(line).blob;

  it('gives the sender with the registered line of the key that came, and no other', async () => {
    const authenticate = createAuthenticate(store.db, 'sftp');
    for (const line of [first, second]) {
      expect(await authenticate('voorbeeld', blobOf(line))).to.deep.include({ number: '123456', publicKey: line });
    }
  });

  it('gives nobody for another key, another login, another channel, and the key of nobody', async () => {
    const authenticate = createAuthenticate(store.db, 'sftp');
    expect(await authenticate('voorbeeld', blobOf(foreign))).to.equal(undefined);
    expect(await authenticate('nobody', blobOf(first))).to.equal(undefined);
    expect(await authenticate('nobody', Buffer.alloc(51))).to.equal(undefined);
    expect(await createAuthenticate(store.db, 'ftp')('voorbeeld', blobOf(first))).to.equal(undefined);
  });
});
