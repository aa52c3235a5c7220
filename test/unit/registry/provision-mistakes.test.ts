import { expect } from 'chai';
import { provision } from '../../../engine/registry/provision.ts';
import { STORES } from '../../support/database.ts';
import { makeCertificate } from '../../support/pki.ts';
import { GOALS, NOW, openProvisionCase, type ProvisionCase } from '../../support/provision-case.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../../support/provisioning.ts';

for (const kind of STORES) {
  describe(`a bad provisioning file on ${kind}`, () => {
    let at: ProvisionCase;
    beforeEach(async () => {
      at = await openProvisionCase(kind);
    });
    afterEach(() => at.close());

    it('has every mistake named at once', async () => {
      const lines = await at.mistakesIn(
        aPlannedOrganisation(
          {
            enterpriseNumber: '0206731646',
            language: 'es',
            nssoNumber: '212345610',
            email: 'nobody',
            mailbox: { type: 'x' },
          },
          [
            aPlannedSender({
              number: '12345',
              login: '-rf',
              channels: ['sftpp'],
              goals: ['DMFA', 'XXXX'],
              sshKeys: ['voorbeeld.key', 'none.pub'],
              certificates: ['voorbeeld.pub'],
              passwordFile: 'none',
              colour: 'red',
              state: 'asleep',
              mandates: [{ employer: '0403019262' }, { employer: '0403019261', from: '2026-02-30' }],
            }),
          ],
        ),
      );
      const sender = 'organisations[0].qualities[0].senders[0]';
      expect(lines.map((line) => line.split(': ')[0])).to.have.members([
        ...['enterpriseNumber', 'language', 'nssoNumber', 'email', 'mailbox.type'].map(
          (key) => `organisations[0].${key}`,
        ),
        ...['number', 'login', 'channels[0]', 'goals[1]', 'passwordFile', 'colour', 'state'].map(
          (key) => `${sender}.${key}`,
        ),
        ...['mandates[0].employer', 'mandates[1].from', 'sshKeys[0]', 'sshKeys[1]', 'certificates[0]'].map(
          (key) => `${sender}.${key}`,
        ),
      ]);
      for (const line of lines) expect(line).to.include('; allowed: ');
    });

    const wrong: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
      'numbers that are not in quotes': [
        { enterpriseNumber: 206731645 },
        /enterpriseNumber: must be text, not a number/,
      ],
      'no name at all': [{ name: {} }, /name: is empty/],
      'a name in an unknown language': [{ name: { nl: 'x', es: 'y' } }, /name\.es: unknown key/],
      'a name of two lines': [{ name: { nl: 'a\nb' } }, /name\.nl: /],
      'a quality with a blank': [{ qualities: [{ code: 'my quality' }] }, /qualities\[0\]\.code: /],
      'a misspelt key': [{ mailbx: {} }, /mailbx: unknown key, did you mean "mailbox"\?/],
    };
    for (const [name, [change, reason]] of Object.entries(wrong)) {
      it(`is refused: ${name}`, async () => {
        const lines = await at.mistakesIn(aPlannedOrganisation(change));
        expect(lines).to.have.length(1);
        expect(lines[0]).to.match(reason);
      });
    }

    it('is refused when a number or login stands twice', async () => {
      const lines = await at.mistakesIn(
        aPlannedOrganisation({ nssoNumber: '212345609' }, [aPlannedSender(), aPlannedSender({ number: '123457' })]),
        aPlannedOrganisation({ nssoNumber: '0212345609' }, [aPlannedSender({ login: 'ander' })]),
      );
      const first = 'organisations[0].qualities[0].senders[0]';
      expect(lines).to.have.members([
        'organisations[1].enterpriseNumber: the same enterprise number stands at organisations[0].enterpriseNumber; allowed: each one once',
        'organisations[1].nssoNumber: the same NSSO number stands at organisations[0].nssoNumber; allowed: each one once',
        `organisations[0].qualities[0].senders[1].login: the same login stands at ${first}.login; allowed: each one once`,
        `organisations[1].qualities[0].senders[0].number: the same sender number stands at ${first}.number; allowed: each one once`,
      ]);
    });

    it('is refused when a number or login belongs to somebody else', async () => {
      await at.apply(aPlannedOrganisation({ nssoNumber: '212345609' }));
      const other = { enterpriseNumber: '0403019261', nssoNumber: '212345609' };
      const lines = await at.mistakesIn(
        aPlannedOrganisation(other, [aPlannedSender({ login: 'x' }), aPlannedSender({ number: '123457' })]),
      );
      expect(lines).to.have.members([
        'organisations[0].nssoNumber: NSSO number 212345609 belongs to organisation 0206731645; allowed: one that nobody else has',
        'organisations[0].qualities[0].senders[0].number: sender number 123456 belongs to organisation 0206731645; allowed: one that nobody else has',
        'organisations[0].qualities[0].senders[1].login: login voorbeeld belongs to sender 123456; allowed: one that nobody else has',
      ]);
    });

    it('changes nothing of what is right in it', async () => {
      await at.mistakesIn(
        aPlannedOrganisation(),
        aPlannedOrganisation({ enterpriseNumber: '0403019261', language: 'xx' }, []),
      );
    });

    it('is refused with a certificate whose RSA key is short, unless the operator allows it', async () => {
      await makeCertificate(at.dir, { name: `short-${kind}`, key: 'rsa:1024' });
      const organisation = aPlannedOrganisation({}, [aPlannedSender({ certificates: [`short-${kind}.pem`] })]);
      expect((await at.mistakesIn(organisation)).join()).to.match(/certificates\[0\]: .*1024 bits/);
      const path = await writePlan(at.dir, [organisation]);
      expect(await provision(at.db, path, NOW, { goals: GOALS, minRsaBits: 1024 })).to.have.length(5);
    });
  });
}
