import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { newKeyPair } from '../../channels/sftp/key-pair.ts';
import { activateQuality } from '../../engine/registry/organisation-acts.ts';
import type { Person } from '../../engine/registry/people.ts';
import { appoint } from '../../engine/registry/people-acts.ts';
import { messagesOverview } from '../../engine/registry/sender-overview.ts';
import { findSenderByLogin, saveSender } from '../../engine/registry/senders.ts';
import * as steps from '../../engine/registry/structured-messages.ts';
import { type AccessCase, by, ENTERPRISE, openAccessCase } from '../support/access.ts';
import { aSender } from '../support/builders.ts';
import { STORES } from '../support/database.ts';
import { makeCertificate, temporaryDir } from '../support/pki.ts';

const CONTACT = { givenName: 'An', familyName: 'Techniek', email: 'an@example.be' };
const CHOICES = {
  goals: ['DMFA'],
  networks: ['publilink'],
  localAuthorities: ['ocmw'],
  minRsaBits: 2048,
  now: new Date(),
};
const employer = { enterpriseNumber: ENTERPRISE, quality: 'employer' };
const ocmw = { enterpriseNumber: ENTERPRISE, quality: 'ocmw' };

for (const kind of STORES) {
  describe(`structured messages contract: ${kind}`, () => {
    let at: AccessCase;
    let main: Person;
    const own = <T>(work: Parameters<ReturnType<AccessCase['as']>>[0]) => at.as(by(main))(work) as Promise<T>;
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        ({ code, message }) => `${code}: ${message}`,
      );

    beforeEach(async () => {
      at = await openAccessCase(kind);
      main = await at.person({ role: 'main-manager', quality: '' });
    });
    afterEach(() => at.close());

    async function technicalUser(login: string, place = employer): Promise<string> {
      await own((acting) => steps.saveConfiguration(acting, place));
      const { number } = await own<{ number: string }>((acting) =>
        steps.nameTechnicalUser(acting, place, { login, contact: CONTACT }),
      );
      return number;
    }

    it('gives numbers in their order, past those that operators chose, and none twice', async () => {
      await saveSender(at.db, aSender({ number: '100001', login: 'chosen' }));
      const first = await technicalUser('een');
      await own((acting) => steps.deleteSender(acting, { ...employer, number: first }));
      const second = await technicalUser('twee');
      expect([first, second]).to.deep.equal(['100002', '100003']);
      expect(await findSenderByLogin(at.db, 'een')).to.include({ number: first, barred: 'deleted' });
      await own((acting) => steps.deleteSender(acting, { ...employer, number: second }));
      await own((acting) => steps.saveConfiguration(acting, employer));
      const again = own((acting) => steps.nameTechnicalUser(acting, employer, { login: 'een', contact: CONTACT }));
      expect(await codeOf(again)).to.match(/^input_invalid: login: it is taken/);
    });

    it('goes step by step: each says what comes before it, and the overview what comes next', async () => {
      const next = async () => (await own<{ next: string }>((acting) => messagesOverview(acting, employer))).next;
      expect(await next()).to.equal('save');
      const early = own((acting) => steps.nameTechnicalUser(acting, employer, { login: 'een', contact: CONTACT }));
      expect(await codeOf(early)).to.equal('state_conflict: save the configuration of this quality first');
      const number = await technicalUser('een');
      const key = { ...employer, number };
      expect(await next()).to.equal('channels');
      expect(await codeOf(own((acting) => steps.registerKeys(acting, key, ['x'])))).to.equal(
        'state_conflict: choose the channel sftp first',
      );
      const strange = own((acting) =>
        steps.chooseChannels(acting, key, { channels: ['sftp', 'drop', 'sftp'] }, CHOICES),
      );
      expect(await codeOf(strange)).to.equal(
        'input_invalid: channels: not one of those there are; allowed: sftp, ftp, webservice\nchannels: one stands twice; allowed: each one once',
      );
      await own((acting) => steps.chooseChannels(acting, key, { channels: ['sftp'] }, CHOICES));
      expect(await next()).to.equal('keys');
      const bad = own((acting) => steps.registerKeys(acting, key, ['ssh-dss AAAA']));
      expect(await codeOf(bad)).to.match(
        /^input_invalid: sshKeys: the SSH public key is refused: DSA keys are no longer safe/,
      );
      await own((acting) => steps.registerKeys(acting, key, [newKeyPair('ed25519').public]));
      expect(await next()).to.equal('certificates');
    });

    it('takes PEM and DER, several at once, and refuses what could not sign with the reasons of whoever judges', async () => {
      const { dir, remove } = await temporaryDir();
      const pem = await readFile((await makeCertificate(dir, { name: 'one', key: 'ec:P-256' })).cert);
      const other = await readFile((await makeCertificate(dir, { name: 'two', key: 'ec:P-256' })).cert, 'utf8');
      const der = Buffer.from(other.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      const weak = await readFile((await makeCertificate(dir, { name: 'weak', key: 'rsa:1024' })).cert);
      await remove();
      const key = { ...employer, number: await technicalUser('een') };
      await own((acting) => steps.chooseChannels(acting, key, { channels: ['webservice'] }, CHOICES));
      const put = (bytes: Buffer, choices: steps.MessageChoices = CHOICES) =>
        own<{ certificates: { subject: string }[] }>((acting) =>
          steps.registerCertificate(acting, key, bytes, choices),
        );
      await put(pem);
      const { certificates } = await put(der);
      expect(certificates.map(({ subject }) => subject.split('CN=')[1]).sort()).to.deep.equal(['one', 'two']);
      expect(await codeOf(put(weak))).to.match(
        /^input_invalid: certificate: the certificate has an RSA key of 1024 bits/,
      );
      expect(await codeOf(put(Buffer.from('nonsense')))).to.match(
        /^input_invalid: certificate: there is no X\.509 certificate in it/,
      );
      const judge = async (_pem: string, sender: string) => [`not for ${sender}`];
      expect(await codeOf(put(pem, { ...CHOICES, judge }))).to.match(
        new RegExp(`^input_invalid: certificate: not for ${key.number}`),
      );
    });

    it('lets local authorities choose fixed links for FTP, and nobody else', async () => {
      await own((acting) => activateQuality(acting, ENTERPRISE, 'ocmw', ['employer', 'ocmw']));
      const strange = codeOf(own((acting) => steps.saveConfiguration(acting, ocmw)));
      expect(await strange, 'the main access manager is not the one of this quality').to.match(/^access_denied/);
      await own((acting) => appoint(acting, main.id, { role: 'access-manager', quality: 'ocmw' }));
      const key = { ...ocmw, number: await technicalUser('ocmw', ocmw) };
      const choose = (channels: string[]) =>
        own<{ networks: string[] }>((acting) =>
          steps.chooseChannels(acting, key, { channels, networks: ['publilink'] }, CHOICES),
        );
      expect(await codeOf(choose(['sftp']))).to.match(
        /networks: not one of those there are; allowed: none without the channel ftp$/,
      );
      expect((await choose(['ftp'])).networks).to.deep.equal(['publilink']);
      const other = { ...employer, number: await technicalUser('gewoon') };
      const refused = own((acting) =>
        steps.chooseChannels(acting, other, { channels: ['ftp'], networks: ['publilink'] }, CHOICES),
      );
      expect(await codeOf(refused)).to.match(/allowed: none: fixed links are for local authorities$/);
    });

    it('shows and changes nothing of another quality or organisation', async () => {
      await own((acting) => activateQuality(acting, ENTERPRISE, 'ocmw', ['employer', 'ocmw']));
      const manager = await at.person({ role: 'access-manager', quality: 'ocmw' }, {}, by(main));
      const number = await technicalUser('een');
      const theirs = at.as(by(manager));
      for (const work of [
        () => theirs((acting) => messagesOverview(acting, employer)),
        () => theirs((acting) => steps.setBlocked(acting, { ...employer, number }, true)),
        () => theirs((acting) => steps.deleteSender(acting, { ...employer, number })),
        () => own((acting) => steps.setBlocked(acting, { enterpriseNumber: '0403019261', number }, true)),
      ]) {
        expect(await codeOf(work())).to.equal('not_found: there is no such thing, for you');
      }
      const refusals = (await at.audited()).filter(({ what }) => what === 'access refused');
      expect(refusals.map(({ who }) => who)).to.deep.equal([manager.id, manager.id, manager.id, main.id]);
    });
  });
}
