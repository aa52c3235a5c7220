import { expect } from 'chai';
import { systemClock } from '../../engine/core/clock.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { changeOrganisationAccess } from '../../engine/registry/organisation-access.ts';
import { changePassword } from '../../engine/registry/passwords.ts';
import { saveSender, setSenderAccess } from '../../engine/registry/senders.ts';
import { createStandingWatch, type StandingWatch } from '../../engine/registry/standing-watch.ts';
import { type AccessCase, ENTERPRISE, openAccessCase } from '../support/access.ts';
import { aSender } from '../support/builders.ts';
import { STORES } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

for (const kind of STORES) {
  describe(`standing watch contract: ${kind}`, () => {
    let at: AccessCase;
    let watch: StandingWatch;
    let asked: Record<string, number>;
    const confirm = (sender: string) => async () => {
      asked[sender] = (asked[sender] ?? 0) + 1;
      return true;
    };

    beforeEach(async () => {
      at = await openAccessCase(kind);
      asked = {};
      for (const number of ['111111', '222222']) await saveSender(at.db, aSender({ number, login: `s${number}` }));
      watch = createStandingWatch({ db: at.db, clock: systemClock, log: silentLogger(), everyMs: 10 });
      await watch.start();
    });
    afterEach(async () => {
      await watch.stop();
      await at.close();
    });

    it('judges a login once when it begins, and again after each change of its sender, not of another', async () => {
      const leave = watch.join('111111', confirm('111111'));
      watch.join('222222', confirm('222222'));
      await eventually(() => expect(asked).to.deep.equal({ 111111: 1, 222222: 1 }));
      await setSenderAccess(at.db, '111111', 'blocked');
      await eventually(() => expect(asked).to.deep.equal({ 111111: 2, 222222: 1 }));
      await changePassword(at.db, '111111', 'een goed wachtwoord');
      await eventually(() => expect(asked).to.deep.equal({ 111111: 3, 222222: 1 }));
      leave();
      await setSenderAccess(at.db, '111111', 'open');
      await changeOrganisationAccess(at.db, ENTERPRISE, { access: 'blocked' });
      await eventually(() => expect(asked).to.deep.equal({ 111111: 3, 222222: 2 }));
    });

    it('asks again until a login that is under way can tell', async () => {
      let ready = false;
      watch.join('111111', async () => (await confirm('111111')()) && ready);
      await eventually(() => expect(asked['111111']).to.be.greaterThan(2));
      ready = true;
      const before = asked['111111'] ?? 0;
      watch.join('222222', confirm('222222'));
      await eventually(() => expect(asked['222222']).to.equal(1));
      expect(asked['111111']).to.be.at.most(before + 2);
    });

    it('judges the logins of a sender that is not there any more', async () => {
      watch.join('333333', confirm('333333'));
      await eventually(() => expect(asked).to.deep.equal({ 333333: 1 }));
    });
  });
}
