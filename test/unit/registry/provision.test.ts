import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { newKeyPair } from '../../../channels/sftp/key-pair.ts';
import { certificatesOf, sshKeysOf } from '../../../engine/registry/credentials.ts';
import { listMandates } from '../../../engine/registry/mandates.ts';
import { findOrganisation, findOrganisationByNsso } from '../../../engine/registry/organisations.ts';
import { provision } from '../../../engine/registry/provision.ts';
import { qualitiesOf } from '../../../engine/registry/qualities.ts';
import { findSender, findSenderByLogin } from '../../../engine/registry/senders.ts';
import { STORES } from '../../support/database.ts';
import { makeCertificate } from '../../support/pki.ts';
import { GOALS, NOW, openProvisionCase, type ProvisionCase } from '../../support/provision-case.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../../support/provisioning.ts';

for (const kind of STORES) {
  describe(`provision on ${kind}`, () => {
    let at: ProvisionCase;
    beforeEach(async () => {
      at = await openProvisionCase(kind);
    });
    afterEach(() => at.close());

    it('adds organisation, qualities, sender, keys and certificates', async () => {
      const mandates = [{ employer: '0403019261', from: '2026-01-01' }];
      const changes = await at.apply(
        aPlannedOrganisation({ nssoNumber: '0212345609', email: 'ebox@example.be' }, [aPlannedSender({ mandates })]),
      );
      expect(changes.map(({ action, subject }) => `${action} ${subject}`)).to.deep.equal([
        'added organisation 0206731645',
        'added quality employer of organisation 0206731645',
        'added sender 123456',
        'added key of sender 123456',
        'added certificate of sender 123456',
        'changed mandates of sender 123456',
      ]);
      expect(await findOrganisation(at.db, '0206731645')).to.deep.equal({
        enterpriseNumber: '0206731645',
        names: { nl: 'Voorbeeld NV' },
        language: 'nl',
        email: 'ebox@example.be',
        nssoNumber: '212345609',
        mailboxType: 'enterprise',
      });
      expect(await findOrganisationByNsso(at.db, '0212345609')).to.deep.include({ enterpriseNumber: '0206731645' });
      const sender = {
        number: '123456',
        login: 'voorbeeld',
        enterpriseNumber: '0206731645',
        quality: 'employer',
        state: 'active',
        channels: ['sftp'],
        goals: ['DMFA'],
        networks: [],
        mandated: true,
      };
      expect(await findSender(at.db, '123456')).to.deep.equal(sender);
      expect(await findSenderByLogin(at.db, 'voorbeeld')).to.deep.equal(sender);
      const employer = { kind: 'enterprise', number: '0403019261' };
      expect((await listMandates(at.db, { limit: 9 })).map(({ id: _, ...rest }) => rest)).to.deep.equal([
        { organisation: '0206731645', quality: 'employer', sender: '123456', employer, from: '2026-01-01' },
      ]);
      expect((await sshKeysOf(at.db, '123456'))[0]).to.match(/^ssh-ed25519 AAAA\S+$/);
      expect((await certificatesOf(at.db, '123456'))[0]).to.match(/^-----BEGIN CERTIFICATE-----/);
    });

    it('changes nothing when it is applied again', async () => {
      const organisation = aPlannedOrganisation({ nssoNumber: '0212345609', email: 'a@example.be' });
      await at.apply(organisation);
      const before = await at.everything();
      expect(await at.apply(organisation)).to.deep.equal([]);
      expect(await at.everything()).to.deep.equal(before);
    });

    it('changes what is different, and says what', async () => {
      await at.apply(aPlannedOrganisation());
      const changes = await at.apply(
        aPlannedOrganisation({ language: 'fr', mailbox: { type: 'institution' } }, [
          aPlannedSender({ state: 'suspended', goals: ['DMFA', 'DIMN'] }),
        ]),
      );
      expect(changes).to.deep.equal([
        {
          action: 'changed',
          subject: 'organisation 0206731645',
          detail: 'language: "nl" → "fr"; mailboxType: "enterprise" → "institution"',
        },
        {
          action: 'changed',
          subject: 'sender 123456',
          detail: 'state: "active" → "suspended"; goals: ["DMFA"] → ["DMFA","DIMN"]',
        },
      ]);
      expect((await findSender(at.db, '123456'))?.state).to.equal('suspended');
    });

    it('makes the keys and certificates of a listed sender exactly those of the file', async () => {
      await at.apply(aPlannedOrganisation());
      await writeFile(join(at.dir, 'next.pub'), `${newKeyPair('ed25519').public}\n`);
      const changes = await at.apply(
        aPlannedOrganisation({}, [aPlannedSender({ sshKeys: ['next.pub'], certificates: [] })]),
      );
      expect(changes.map(({ action, subject }) => `${action} ${subject}`)).to.deep.equal([
        'added key of sender 123456',
        'removed key of sender 123456',
        'removed certificate of sender 123456',
      ]);
      expect(await sshKeysOf(at.db, '123456')).to.have.length(1);
      expect(await certificatesOf(at.db, '123456')).to.deep.equal([]);
    });

    it('leaves a sender and a quality that it does not name, and reports them', async () => {
      await at.apply(aPlannedOrganisation());
      const changes = await at.apply(aPlannedOrganisation({ qualities: [] }));
      expect(changes).to.deep.equal([
        { action: 'kept', subject: 'quality employer of organisation 0206731645', detail: 'not in file' },
        { action: 'kept', subject: 'sender 123456', detail: 'not in file' },
      ]);
      expect(await findSender(at.db, '123456')).to.not.equal(undefined);
      expect(await sshKeysOf(at.db, '123456')).to.have.length(1);
    });

    it('leaves organisations that it does not name as they are', async () => {
      await at.apply(aPlannedOrganisation());
      const other = { enterpriseNumber: '0403019261', name: { fr: 'Autre' }, language: 'fr' };
      expect((await at.apply(other)).map(({ subject }) => subject)).to.deep.equal(['organisation 0403019261']);
      expect(await findSender(at.db, '123456')).to.not.equal(undefined);
      expect(await qualitiesOf(at.db, '0206731645')).to.deep.equal(['employer']);
    });

    it('moves a sender to another quality of its organisation', async () => {
      await at.apply(aPlannedOrganisation());
      const qualities = [{ code: 'employer' }, { code: 'social-secretariat', senders: [aPlannedSender()] }];
      await at.apply(aPlannedOrganisation({ qualities }));
      expect((await findSender(at.db, '123456'))?.quality).to.equal('social-secretariat');
    });

    it('warns of what is of no use', async () => {
      await makeCertificate(at.dir, {
        name: 'old',
        from: '20240101000000Z',
        until: '20250101000000Z',
        key: 'ec:P-256',
      });
      const sender = aPlannedSender({ channels: ['sftp', 'ftp'], certificates: ['old.pem'], sshKeys: [] });
      const warnings = (await at.apply(aPlannedOrganisation({}, [sender]))).filter(
        ({ action }) => action === 'warning',
      );
      expect(warnings).to.have.deep.members([
        { action: 'warning', subject: 'old.pem', detail: 'the certificate expired on 2025-01-01' },
        { action: 'warning', subject: 'sender 123456', detail: 'has no SSH key: it cannot log in by sftp' },
        { action: 'warning', subject: 'sender 123456', detail: 'has no password: it cannot log in by ftp' },
      ]);
    });

    it('keeps the hash of a password, changes it only for another, and refuses a short one', async () => {
      const sender = aPlannedSender({ channels: ['ftp'], passwordFile: 'password' });
      const apply = async (password: string) => {
        await writeFile(join(at.dir, 'password'), `${password}\n`);
        const changes = await at.apply(aPlannedOrganisation({}, [sender]));
        return changes.filter(({ subject }) => subject.startsWith('password'));
      };
      const changed = [{ action: 'changed', subject: 'password of sender 123456', detail: '' }];
      expect(await apply('hunter2 hunter2')).to.deep.equal(changed);
      expect(await apply('hunter2 hunter2')).to.deep.equal([]);
      expect(await apply('hunter3 hunter3')).to.deep.equal(changed);
      expect(JSON.stringify(await at.everything()))
        .to.include('$argon2id$')
        .and.not.to.match(/hunter/);
      const refused = await apply('hunter4').catch((error: unknown) => String(error));
      expect(refused).to.include('10 to 256 characters').and.not.to.include('hunter4');
    });

    it('may be run by several at once', async () => {
      const path = await writePlan(at.dir, [aPlannedOrganisation()]);
      const runs = await Promise.all(Array.from({ length: 4 }, () => provision(at.db, path, NOW, { goals: GOALS })));
      expect(runs.map((changes) => changes.length).sort()).to.deep.equal([0, 0, 0, 5]);
    });
  });
}
