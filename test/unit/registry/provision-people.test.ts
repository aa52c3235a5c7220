import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findPersonByUserName, type Person } from '../../../engine/registry/people.ts';
import { provisionLines } from '../../../engine/registry/provision-lines.ts';
import { rightsOf } from '../../../engine/registry/rights.ts';
import { userPasswordOf } from '../../../engine/registry/user-passwords.ts';
import { INSS } from '../../support/access.ts';
import { STORES } from '../../support/database.ts';
import { GOALS, NOW, openProvisionCase, type ProvisionCase } from '../../support/provision-case.ts';
import { aPlannedOrganisation } from '../../support/provisioning.ts';

type Group = Record<string, unknown>;
const person = (userName: string, with_: Group = {}): Group => ({
  userName,
  givenName: 'Els',
  familyName: 'Peeters',
  ...with_,
});
const MAIN = { role: 'main-manager' };
const MANAGER = { role: 'access-manager', quality: 'employer' };
const USER = { role: 'user', quality: 'employer' };

for (const kind of STORES) {
  describe(`provisioning of people on ${kind}`, () => {
    let at: ProvisionCase;
    beforeEach(async () => {
      at = await openProvisionCase(kind);
      await writeFile(join(at.dir, 'temporary'), 'voorlopig 4711!\n');
    });
    afterEach(() => at.close());

    const apply = async (people: readonly Group[], with_: Group = {}) =>
      (await at.apply(aPlannedOrganisation({ people, ...with_ }, []))).map(
        ({ action, subject, detail }) => `${action} ${subject} ${detail}`,
      );
    const found = async (userName: string): Promise<Person> => (await findPersonByUserName(at.db, userName)) as Person;
    const faultsOf = async (people: readonly Group[]) =>
      apply(people).then(
        () => [],
        (error) =>
          String(error.message)
            .split('\n')
            .map((line) => line.replace(/^[^:]*: organisations\[0\]\./, '')),
      );

    it('adds people with roles, rights and a temporary password; the same again changes nothing', async () => {
      const people = [
        person('els', { roles: [MAIN, MANAGER], nationalRegisterNumber: INSS.main, passwordFile: 'temporary' }),
        person('jan', { roles: [USER], services: ['dmfa'], protectedTypes: ['social-elections'] }),
      ];
      expect(await apply(people)).to.deep.equal([
        'added organisation 0206731645 ',
        'added quality employer of organisation 0206731645 ',
        'added person els main-manager, access-manager employer',
        'added person jan user employer',
      ]);
      const els = await found('els');
      expect(els).to.deep.include({ inss: INSS.main, passwordKind: 'temporary', state: 'active' });
      expect(await rightsOf(at.db, (await found('jan')).id)).to.deep.equal({
        services: ['dmfa'],
        protectedTypes: ['social-elections'],
      });
      const before = await userPasswordOf(at.db, els.id);
      expect(await apply(people)).to.deep.equal([]);
      expect(await userPasswordOf(at.db, els.id)).to.deep.equal(before);
    });

    it('changes names and rights, adds roles, and keeps those that are not in the file', async () => {
      await apply([person('els', { roles: [MAIN, MANAGER] }), person('jan', { roles: [USER], services: ['dmfa'] })]);
      const changes = await apply([
        person('els', { roles: [MAIN], familyName: 'Janssens' }),
        person('jan', { roles: [USER, { role: 'co-manager', quality: 'employer' }], services: ['dimona'] }),
      ]);
      expect(changes).to.deep.equal([
        'changed person els names',
        'kept access-manager employer of person els not in file',
        'added person jan co-manager employer',
        'changed person jan service rights',
      ]);
      expect((await found('els')).familyName).to.equal('Janssens');
    });

    it('names everything that is wrong, and changes nothing then', async () => {
      expect(
        await faultsOf([
          person('els', { roles: [{ role: 'access-manager', quality: 'curator' }], nickname: 'x' }),
          person('els', { roles: [{ role: 'king' }], nationalRegisterNumber: '85073003329' }),
        ]),
      ).to.deep.equal([
        'people[0].nickname: unknown key; allowed: userName, givenName, familyName, email, nationalRegisterNumber, roles, services, protectedTypes, passwordFile',
        'people[1].nationalRegisterNumber: not a national register number, or its check digits are wrong; allowed: eleven digits in quotes with their check digits',
        'people[1].roles[0].role: not one of the values there are; allowed: main-manager, co-main-manager, access-manager, co-manager, user',
        'people[1].userName: the same user name stands at organisations[0].people[0].userName; allowed: each one once',
      ]);
      expect(
        await faultsOf([
          person('els', { roles: [{ role: 'access-manager', quality: 'curator' }, MANAGER] }),
          person('jan', { roles: [MANAGER] }),
        ]),
      ).to.deep.equal([
        'people[0].roles: not a quality of the organisation; allowed: employer',
        'people[1].roles: somebody else is the access-manager too; allowed: one person only',
      ]);
      expect(await at.db('people').select('id')).to.deep.equal([]);
    });

    it('takes nothing from people who are there', async () => {
      await apply([person('els', { roles: [MANAGER], nationalRegisterNumber: INSS.main })]);
      expect(await faultsOf([person('jan', { roles: [MANAGER], nationalRegisterNumber: INSS.main })])).to.deep.equal([
        'people[0].roles: somebody else is the access-manager; allowed: one person only',
        'people[0].nationalRegisterNumber: somebody else of the organisation has it; allowed: each number once',
      ]);
      await at.db('people').update({ state: 'deleted' });
      expect(await faultsOf([person('els')])).to.deep.equal([
        'people[0].userName: user name els belongs to somebody else, or did; allowed: one that nobody else has or had',
      ]);
    });

    describe('as JSON Lines', () => {
      const NUMBERS = ['0206731645', '0403019261', '0428759497'];
      const lines = async (organisations: readonly unknown[]) => {
        const file = join(at.dir, 'plan.jsonl');
        await writeFile(
          file,
          organisations.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'),
        );
        return provisionLines(at.db, file, NOW, { goals: GOALS });
      };
      const planned = (at_: number, with_: Group = {}) =>
        aPlannedOrganisation(
          { enterpriseNumber: NUMBERS[at_], people: [person(`els-${at_}`, { roles: [USER] })], ...with_ },
          [],
        );

      it('does the same, organisation by organisation', async () => {
        expect(await lines([planned(0), planned(1), planned(2)])).to.deep.equal({
          added: 9,
          changed: 0,
          removed: 0,
          kept: 0,
          warning: 0,
        });
        expect(await lines([planned(0), '', planned(1)])).to.deep.equal({
          added: 0,
          changed: 0,
          removed: 0,
          kept: 0,
          warning: 0,
        });
        expect(await found('els-2')).to.include({ enterpriseNumber: NUMBERS[2] });
      });

      it('says when the file cannot be read, or holds a line without end', async () => {
        const messageOf = (path: string) =>
          provisionLines(at.db, path, NOW).then(String, ({ message }) => message as string);
        expect(await messageOf(join(at.dir, 'none.jsonl'))).to.equal(
          `${join(at.dir, 'none.jsonl')}: cannot be read (ENOENT)`,
        );
        await writeFile(join(at.dir, 'long.jsonl'), 'x'.repeat(5 * 1024 * 1024));
        expect(await messageOf(join(at.dir, 'long.jsonl'))).to.match(/line 1: : longer than 4194304 characters/);
      });

      it('checks every line before the first change, and wants them in order', async () => {
        const error = await lines([planned(1), planned(0), '{', planned(2, { languag: 'nl' })]).catch((one) => one);
        expect(
          String(error.message)
            .split('\n')
            .map((line) => line.replace(/^.*plan\.jsonl: /, '')),
        ).to.deep.equal([
          'line 2: enterpriseNumber: it does not come after the one of the line before; allowed: lines in their order, each number once',
          'line 3: : not JSON; allowed: one organisation, as JSON',
          'line 4: organisations[0].languag: unknown key, did you mean "language"?; allowed: enterpriseNumber, name, language, email, nssoNumber, mailbox, qualities, people',
        ]);
        expect(await at.db('organisations').select('enterprise_number')).to.deep.equal([]);
      });
    });
  });
}
