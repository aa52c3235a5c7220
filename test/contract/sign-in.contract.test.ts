import { expect } from 'chai';
import { Secret, TOTP } from 'otpauth';
import { findOrganisationAccess } from '../../engine/registry/organisation-access.ts';
import { changeSettings } from '../../engine/registry/organisation-acts.ts';
import { beginTotp, confirmTotp } from '../../engine/registry/own-account.ts';
import { hashPassword } from '../../engine/registry/passwords.ts';
import type { Person } from '../../engine/registry/people.ts';
import { blockPerson, deletePerson, resetPassword, unblockPerson } from '../../engine/registry/people-acts.ts';
import { findSession } from '../../engine/registry/sessions.ts';
import type { SignInOutcome } from '../../engine/registry/sign-in.ts';
import { type AccessCase, by, ENTERPRISE, INSS, OPERATOR, OWN, openAccessCase, TEMPORARY } from '../support/access.ts';
import { STORES } from '../support/database.ts';

const DAY_MS = 86_400_000;
const MAIN = { role: 'main-manager', quality: '' } as const;
const renewal = { nationalRegisterNumber: INSS.main, newPassword: OWN, newPasswordAgain: OWN };

for (const kind of STORES) {
  describe(`sign-in contract: ${kind}`, () => {
    let at: AccessCase;
    let main: Person;
    const address = '192.0.2.7';
    const tryPassword = (password: string, with_: object = {}) =>
      at.signIn.byPassword({ userName: main.userName, password, address, ...with_ });
    const later = (ms: number) => {
      at.now = new Date(at.now.getTime() + ms);
    };
    const tokenOf = (outcome: SignInOutcome) => (outcome.kind === 'signed in' ? outcome.session.token : outcome.kind);

    beforeEach(async () => {
      at = await openAccessCase(kind);
      main = await at.person(MAIN);
    });
    afterEach(() => at.close());

    it('asks for a number and a new password twice at the first sign-in, then takes the new password only', async () => {
      expect(await tryPassword(TEMPORARY)).to.deep.equal({
        kind: 'needed',
        fields: ['nationalRegisterNumber', 'newPassword', 'newPasswordAgain'],
      });
      const first = await tryPassword(TEMPORARY, { renewal });
      expect(await findSession(at.db, tokenOf(first), at.now)).to.include({ person: main.id, means: 'password' });
      expect(await tryPassword(TEMPORARY, { renewal })).to.include({ kind: 'refused' });
      expect(await tryPassword(OWN)).to.include({ kind: 'signed in' });
      expect((await findOrganisationAccess(at.db, ENTERPRISE))?.activatedAt).to.equal(at.now.toISOString());
    });

    it('takes a temporary password on day 29, and not on day 31', async () => {
      later(31 * DAY_MS);
      expect(await tryPassword(TEMPORARY, { renewal })).to.deep.equal({
        kind: 'refused',
        reason: 'temporary password out of time',
      });
      later(-2 * DAY_MS);
      expect(await tryPassword(TEMPORARY, { renewal })).to.include({ kind: 'signed in' });
    });

    it('says what is wrong with a new password, and changes nothing then', async () => {
      const outcome = await tryPassword(TEMPORARY, {
        renewal: { nationalRegisterNumber: '85073003329', newPassword: 'Wachtwoord12', newPasswordAgain: 'x' },
      });
      expect(outcome.kind === 'faults' && outcome.faults.map(({ field, rule }) => `${field}: ${rule}`)).to.deep.equal([
        'nationalRegisterNumber: its check digits are wrong',
        'newPassword: it is a well-known password',
        'newPasswordAgain: it differs from newPassword',
      ]);
      expect(await tryPassword(TEMPORARY)).to.include({ kind: 'needed' });
    });

    it('takes no other number than the one that is known', async () => {
      const user = await at.person(MAIN, { nationalRegisterNumber: INSS.user });
      const outcome = await at.signIn.byPassword({ userName: user.userName, password: TEMPORARY, address, renewal });
      expect(outcome).to.deep.equal({ kind: 'refused', reason: 'wrong national register number' });
    });

    it('bans after failures, tells nobody which user names there are, and writes each down without a number', async () => {
      for (let count = 0; count < 3; count += 1) expect(await tryPassword('x')).to.include({ kind: 'refused' });
      expect(await tryPassword(TEMPORARY)).to.deep.equal({ kind: 'banned' });
      later(3_600_000);
      expect(await tryPassword(TEMPORARY)).to.include({ kind: 'needed' });
      const nobody = { userName: INSS.user, password: 'x', address };
      expect(await at.signIn.byPassword(nobody)).to.deep.equal({ kind: 'refused', reason: 'unknown user or password' });
      const lines = (await at.audited()).filter(({ what }) => what === 'sign-in refused');
      expect(lines.map(({ organisation }) => organisation)).to.deep.equal([ENTERPRISE, ENTERPRISE, ENTERPRISE, null]);
      expect(JSON.stringify(lines)).not.to.include(INSS.user);
      expect(JSON.parse(lines[0]!.facts)).to.deep.include({ from: address, reason: 'unknown user or password' });
    });

    it('ends sessions when the person is blocked or gets a new password, and not before', async () => {
      const other = await at.person(MAIN);
      const as = at.as(OPERATOR);
      const token = tokenOf(await tryPassword(TEMPORARY, { renewal }));
      await as((acting) => blockPerson(acting, other.id));
      expect(await findSession(at.db, token, at.now)).to.include({ person: main.id });
      await as((acting) => unblockPerson(acting, other.id));
      await as((acting) => blockPerson(acting, main.id));
      expect(await findSession(at.db, token, at.now)).to.equal(undefined);
      expect(await tryPassword(OWN)).to.deep.equal({ kind: 'refused', reason: 'person or organisation blocked' });
      await as((acting) => unblockPerson(acting, main.id));
      const again = tokenOf(await tryPassword(OWN));
      const hash = await hashPassword('nieuw 4711 voorlopig');
      await as((acting) => resetPassword(acting, main.id, hash));
      expect(await findSession(at.db, again, at.now)).to.equal(undefined);
      expect(await tryPassword(OWN)).to.include({ kind: 'refused' });
      expect(await tryPassword('nieuw 4711 voorlopig')).to.include({ kind: 'needed' });
      await as((acting) => deletePerson(acting, main.id));
      expect(await tryPassword('nieuw 4711 voorlopig')).to.include({ kind: 'refused' });
    });

    it('asks for a one-time code once that is on, takes each once, and forgets it at a reset', async () => {
      await tryPassword(TEMPORARY, { renewal });
      const own = at.as(by(main));
      const { secret, uri } = await own(beginTotp);
      expect(uri).to.match(/^otpauth:\/\/totp\/Bode:u\w+\?/);
      const codeAt = (stepsLater = 0) =>
        new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at.now.getTime() + stepsLater * 30_000 });
      expect(await tryPassword(OWN), 'not confirmed yet').to.include({ kind: 'signed in' });
      expect(await own((acting) => confirmTotp(acting, codeAt(5))).catch(({ code }) => code)).to.equal('input_invalid');
      const first = codeAt();
      await own((acting) => confirmTotp(acting, first));
      expect(await tryPassword(OWN)).to.deep.equal({ kind: 'needed', fields: ['code'] });
      expect(await tryPassword(OWN, { code: first }), 'a second time').to.include({ reason: 'wrong one-time code' });
      later(30_000);
      expect(await tryPassword(OWN, { code: codeAt(5) })).to.include({ reason: 'wrong one-time code' });
      expect(await tryPassword(OWN, { code: codeAt() })).to.include({ kind: 'signed in' });
      later(30_000);
      const code = codeAt();
      const both = await Promise.all([tryPassword(OWN, { code }), tryPassword(OWN, { code })]);
      expect(both.map(({ kind }) => kind).sort()).to.deep.equal(['refused', 'signed in']);
      const hash = await hashPassword('nieuw 4711 voorlopig');
      await at.as(OPERATOR)((acting) => resetPassword(acting, main.id, hash));
      expect(await tryPassword('nieuw 4711 voorlopig', { renewal })).to.include({ kind: 'signed in' });
    });

    it('ends by time', async () => {
      const token = tokenOf(await tryPassword(TEMPORARY, { renewal }));
      later(3_600_000 - 1);
      expect(await findSession(at.db, token, at.now)).to.include({ person: main.id });
      later(1);
      expect(await findSession(at.db, token, at.now)).to.equal(undefined);
    });

    it('takes passwords no more, and ends what was begun with one, once the organisation does without', async () => {
      const token = tokenOf(await tryPassword(TEMPORARY, { renewal }));
      await at.as(by(main))((acting) => changeSettings(acting, ENTERPRISE, { passwordSignIn: false }));
      expect(await findSession(at.db, token, at.now)).to.equal(undefined);
      expect(await tryPassword(OWN)).to.deep.equal({ kind: 'refused', reason: 'password sign-in switched off' });
      const proved = { inss: INSS.main, provider: 'eid', address };
      expect(await at.signIn.byProvider(proved)).to.include({ kind: 'signed in' });
      expect(await at.signIn.byProvider({ ...proved, inss: INSS.other })).to.deep.equal({
        kind: 'refused',
        reason: 'no account for this person',
      });
    });
  });
}
