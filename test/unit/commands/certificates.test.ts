import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { saveOrganisation } from '../../../engine/registry/organisations.ts';
import { addQuality } from '../../../engine/registry/qualities.ts';
import { saveSender } from '../../../engine/registry/senders.ts';
import { aSender } from '../../support/builders.ts';
import { asPem, extension } from '../../support/certificate-writer.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';
import { labName, openPathLab } from '../../support/path-lab.ts';
import { temporaryDir } from '../../support/pki.ts';

const DAY_MS = 86_400_000;

describe('bode certificates and bode mandates', () => {
  let dir: string;
  let close: () => Promise<void>;
  const bode = useBode();
  const lab = openPathLab();
  const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

  before(async () => {
    const store = await openTestStore();
    const temporary = await temporaryDir();
    ({ dir } = temporary);
    close = async () => {
      await store.close();
      await temporary.remove();
    };
    const write = (name: string, der: Buffer) => writeFile(join(dir, `${name}.pem`), asPem('CERTIFICATE', der));
    await write('ca', lab.anchor.certificate);
    await write('good', lab.entity({ subject: labName('good'), until: inDays(40) }));
    await write('long', lab.entity({ subject: labName('long') }));
    await write('weak', lab.entity({ extensions: [extension.keyUsage(0x20)], until: inDays(-1) }));
    await writeFile(join(dir, 'words.pem'), 'hello');
    await writeFile(join(dir, 'bode.yaml'), `store: { url: "${store.url}" }\ntrust: { anchors: [ca.pem] }\n`);
    const names = { nl: 'Voorbeeld' };
    await saveOrganisation(store.db, {
      enterpriseNumber: '0206731645',
      names,
      language: 'nl',
      mailboxType: 'enterprise',
    });
    for (const quality of ['employer', 'social-secretariat']) await addQuality(store.db, '0206731645', quality);
    for (const number of ['123456', '123457']) await saveSender(store.db, aSender({ number, login: number }));
  });
  after(() => close());

  it('registers certificates that can sign, and refuses others with each reason', async () => {
    for (const name of ['good', 'long'])
      expect(await bode(['certificates', 'add', '123456', `${name}.pem`], dir)).to.include({
        status: 0,
        stdout: 'registered for sender 123456\n',
      });
    const weak = await bode(['certificates', 'add', '123456', 'weak.pem'], dir);
    expect(weak.status).to.equal(1);
    expect(weak.stderr).to.match(
      /^weak\.pem: it could not sign: validity: .* expired on .*; usage: the key usage of the certificate does not include signing\n$/,
    );
    const elsewhere = await bode(['certificates', 'add', '123457', 'good.pem'], dir);
    expect(elsewhere.stderr).to.match(/registered elsewhere: it is registered for sender 123456/);
    expect(await bode(['certificates', 'add', '123456', 'words.pem'], dir)).to.include({
      status: 2,
      stderr: 'words.pem: a certificate cannot be read\n',
    });
  });

  it('lists them with what there is to see, and those that end soon', async () => {
    const { items } = JSON.parse((await bode(['certificates', '--json'], dir)).stdout);
    expect(items).to.have.length(2);
    expect(items[0]).to.include.keys(
      'sender',
      'subject',
      'issuer',
      'serial',
      'key',
      'validFrom',
      'validUntil',
      'usage',
      'fingerprint',
      'endsAt',
    );
    expect(items[0]).to.deep.include({
      sender: '123456',
      key: 'EC P-256',
      usage: ['digitalSignature', 'nonRepudiation'],
    });
    expect(items[0].fingerprint).to.match(/^[0-9a-f]{64}$/);
    const soon = JSON.parse((await bode(['certificates', '--expiring', '90d', '--json'], dir)).stdout).items;
    expect(soon.map(({ subject }: { subject: string }) => subject)).to.deep.equal([
      'C=BE, O=Test Certificates, CN=good',
    ]);
    expect((await bode(['certificates', '--expiring', '30d'], dir)).stdout).to.equal('no certificates\n');
    expect((await bode(['certificates'], dir)).stdout).to.match(/^SENDER +ENDS +SUBJECT/);
  });

  it('tells whether one would verify on a day, without sending anything', async () => {
    const verify = (...args: string[]) => bode(['certificates', 'verify', ...args], dir);
    expect(await verify('good.pem')).to.deep.include({ status: 0, stderr: '' });
    const later = await verify('good.pem', '--at', inDays(50).toISOString().slice(0, 10));
    expect([later.status, later.stdout]).to.satisfy(
      ([status, text]: [number, string]) =>
        status === 1 && /would be refused on .*\n {2}validity: .* expired on/.test(text),
    );
    const nobody = JSON.parse((await verify('ca.pem', '--json')).stdout);
    expect(nobody).to.deep.include({
      good: false,
      owner: { senders: [], fault: 'it is not registered for any sender' },
    });
    expect(nobody.reasons.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['usage']);
    const asked = JSON.parse((await verify('long.pem', '--revocation', '--json')).stdout);
    expect(asked).to.deep.include({
      good: true,
      revocation: { status: 'unknown', detail: 'there is no revocation list of its issuer' },
    });
    expect((await verify('long.pem', '--sender', '123457')).stdout).to.match(
      /registered elsewhere: it is registered for sender 123456\n {2}owner: it is not registered for sender 123457/,
    );
    expect(await verify('good.pem', '--at', '2026-02-30')).to.include({ status: 2 });
  });

  it('ends one at a moment', async () => {
    const { items } = JSON.parse((await bode(['certificates', '--json'], dir)).stdout);
    const { fingerprint } = items.find(({ subject }: { subject: string }) => subject.endsWith('long'));
    expect((await bode(['certificates', 'end', '123456', fingerprint, '--at', '2030-01-01'], dir)).status).to.equal(0);
    const after = await bode(['certificates', 'verify', 'long.pem', '--at', '2030-01-02'], dir);
    expect(after.stdout).to.match(
      /owner: it is not the sender’s at that moment: sender 123456 until 2030-01-01T00:00:00\.000Z/,
    );
    const unknown = await bode(['certificates', 'end', '123456', '0'.repeat(64), '--at', '2030-01-01'], dir);
    expect(unknown).to.include({ status: 1, stderr: `sender 123456 has no certificate ${'0'.repeat(64)}\n` });
  });

  it('registers, lists and ends mandates', async () => {
    const mandates = (...args: string[]) => bode(['mandates', ...args], dir);
    const added = await mandates(
      'add',
      '0206731645',
      'social-secretariat',
      '0403019261',
      '--from',
      '2026-01-01',
      '--goals',
      'DMFA',
      '--json',
    );
    const { id } = JSON.parse(added.stdout);
    const { items } = JSON.parse((await mandates('list', '--employer', '0403019261', '--json')).stdout);
    const mandate = {
      organisation: '0206731645',
      quality: 'social-secretariat',
      employer: '0403019261',
      from: '2026-01-01',
      goals: ['DMFA'],
    };
    expect(items).to.deep.equal([{ id, ...mandate }]);
    expect((await mandates('list')).stdout).to.match(
      /^ID +ORGANISATION .*\n1 +0206731645 +social-secretariat +any +0403019261 +2026-01-01 +- +DMFA\n$/,
    );
    expect((await mandates('add', '0206731645', 'social-secretariat', '0403019261')).stderr).to.match(
      /end it first, or choose other days/,
    );
    expect(await mandates('end', String(id), '--on', '2026-12-31')).to.include({ status: 0 });
    expect((await mandates('list', '--on', '2027-01-01')).stdout).to.equal('no mandates\n');
    for (const wrong of [['0403019262'], ['0403019261', '--from', '2026-02-30'], ['0403019261', '--goals', 'dmfa']])
      expect((await mandates('add', '0206731645', 'social-secretariat', ...wrong)).status).to.equal(2);
    expect(await mandates('end', '99', '--on', '2026-12-31')).to.include({ status: 1, stderr: 'no mandate 99\n' });
  });
});
