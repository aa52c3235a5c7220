import { expect } from 'chai';
import { deletePerson } from '../../engine/registry/people-acts.ts';
import { mayRead } from '../../engine/registry/rights.ts';
import { type AccessCase, ENTERPRISE, INSS, OPERATOR, openAccessCase, TEMPORARY } from '../support/access.ts';
import { type AccessApi, startAccessApi } from '../support/access-api.ts';
import { STORES } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const DAY_MS = 86_400_000;
const PASSWORDS = {
  main: 'hoofd 42 toegang x',
  manager: 'beheer 42 hoedanigheid',
  co: 'helper 42 beheren',
  user: 'gewoon 42 iemand',
};
const names = (givenName: string) => ({ givenName, familyName: 'Peeters', email: `${givenName}@example.be` });
const ELECTIONS = { type: 'social-elections', protected: true };
const DECLARATION = { type: 'declaration-copy', protected: false, service: 'dmfa' };

for (const kind of STORES) {
  describe(`the life of an enterprise by the API alone, on ${kind}`, function () {
    this.timeout(60_000);
    let at: AccessCase;
    let api: AccessApi;
    const tokens: Record<string, string> = {};
    const ids: Record<string, string> = {};
    const refusals: string[] = [];

    before(async () => {
      at = await openAccessCase(kind);
      api = await startAccessApi(at);
    });
    after(async () => {
      await api.close();
      await at.close();
    });

    const call = (who: string, method: string, path: string, body?: unknown) =>
      api.call(method, path, body, tokens[who]);

    /** A try that must be refused; that it is audited is seen at the end. */
    async function refused(
      who: string,
      status: 403 | 404,
      method: string,
      path: string,
      body?: unknown,
    ): Promise<void> {
      const answer = await call(who, method, path, body);
      expect([answer.status, answer.headers['content-type']], `${who} ${method} ${path}`).to.deep.equal([
        status,
        'application/problem+json',
      ]);
      refusals.push(`${ids[who]} ${status === 403 ? 'access_denied' : 'not_found'}`);
    }

    /** Somebody signs in for the first time. */
    async function firstSignIn(
      who: keyof typeof PASSWORDS,
      userName: string,
      password: string,
      nationalRegisterNumber: string,
    ) {
      const newPassword = PASSWORDS[who];
      const body = { userName, password, nationalRegisterNumber, newPassword, newPasswordAgain: newPassword };
      const answer = await api.call('POST', '/sessions', body);
      expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
      tokens[who] = answer.body.token;
      ids[who] = answer.body.person.id;
    }

    async function create(
      by: string,
      who: keyof typeof PASSWORDS,
      role: string,
      quality: string,
      inss: string,
    ): Promise<void> {
      const created = await call(by, 'POST', '/people', { ...names(who), role, quality });
      expect(created.status, JSON.stringify(created.body)).to.equal(201);
      await firstSignIn(who, created.body.userName, created.body.temporaryPassword, inss);
    }

    it('begins with a main access manager, whose temporary password works on day 29 and not on day 31', async () => {
      const main = await at.person({ role: 'main-manager', quality: '' });
      const signIn = { userName: main.userName, password: TEMPORARY };
      at.now = new Date(at.now.getTime() + 31 * DAY_MS);
      expect(await api.call('POST', '/sessions', signIn)).to.deep.include({ status: 401 });
      at.now = new Date(at.now.getTime() - 2 * DAY_MS);
      const needed = await api.call('POST', '/sessions', signIn);
      expect([needed.status, needed.body.issues.map(({ name }: { name: string }) => name)]).to.deep.equal([
        400,
        ['nationalRegisterNumber', 'newPassword', 'newPasswordAgain'],
      ]);
      const bad = { ...signIn, nationalRegisterNumber: INSS.main, newPassword: 'kort', newPasswordAgain: 'kort' };
      const fault = await api.call('POST', '/sessions', bad);
      expect(fault.body.issues[0]).to.include({ in: 'body', name: 'newPassword', rule: 'it has 4 characters' });
      expect(fault.body.issues[0].allowed).to.match(/^10 to 256 characters/);
      await firstSignIn('main', main.userName, TEMPORARY, INSS.main);
      const who = await call('main', 'GET', '/session');
      expect(who.body.person.appointments).to.deep.equal([
        { role: 'access-manager', quality: 'employer' },
        { role: 'main-manager', quality: null },
      ]);
    });

    it('has a default quality, and gets a second one', async () => {
      const before = await call('main', 'GET', '/organisation');
      expect(before.body.qualities).to.deep.equal([{ code: 'employer', state: 'active', isDefault: true }]);
      expect(before.body.activatedAt).to.equal(at.now.toISOString());
      const strange = await call('main', 'PUT', '/organisation/qualities/wizard');
      expect([strange.status, strange.body.issues[0].allowed]).to.deep.equal([
        400,
        'employer, social-secretariat, ocmw',
      ]);
      const after = await call('main', 'PUT', '/organisation/qualities/social-secretariat');
      expect(after.body.qualities.map(({ code }: { code: string }) => code)).to.deep.equal([
        'employer',
        'social-secretariat',
      ]);
      const kept = await call('main', 'DELETE', '/organisation/qualities/employer');
      expect([kept.status, kept.body.type]).to.deep.equal([409, 'urn:problem-type:belgif:conflict']);
    });

    it('has an access manager for it, who appoints a co-manager, who makes a user; each may only what the table says', async () => {
      await create('main', 'manager', 'access-manager', 'social-secretariat', INSS.manager);
      const second = await call('main', 'POST', '/people', {
        ...names('tweede'),
        role: 'access-manager',
        quality: 'social-secretariat',
      });
      expect(second.status).to.equal(409);
      await refused('main', 403, 'POST', '/people', {
        ...names('co'),
        role: 'co-manager',
        quality: 'social-secretariat',
      });
      await create('manager', 'co', 'co-manager', 'social-secretariat', INSS.other);
      await create('co', 'user', 'user', 'social-secretariat', INSS.user);
      await refused('manager', 404, 'POST', '/people', { ...names('x'), role: 'user', quality: 'employer' });
      await refused('manager', 404, 'GET', `/people/${ids['main']}`);
      await refused('manager', 404, 'POST', `/people/${ids['main']}/block`);
      await refused('co', 403, 'DELETE', `/people/${ids['manager']}`);
      await refused('co', 403, 'POST', `/people/${ids['manager']}/temporaryPassword`, {});
      await refused('user', 404, 'GET', `/people/${ids['co']}`);
      await refused('user', 403, 'POST', '/people', { ...names('x'), role: 'user', quality: 'social-secretariat' });
      await refused('user', 403, 'GET', '/audit');
      await refused('manager', 403, 'PATCH', '/organisation', { passwordSignIn: false });
      await refused('main', 404, 'GET', '/people/abcdefghijklmnopqrstu');
      const mine = await call('manager', 'GET', '/people');
      expect(mine.body.items.map(({ id }: { id: string }) => id)).to.have.members([
        ids['manager'],
        ids['co'],
        ids['user'],
      ]);
      const hidden = await call('manager', 'GET', '/organisation');
      expect(hidden.body.qualities.map(({ code }: { code: string }) => code)).to.deep.equal(['social-secretariat']);
    });

    it('lets users read by their rights, and protected documents only whom the access manager names', async () => {
      const reads = async (who: string, message: typeof ELECTIONS | typeof DECLARATION) =>
        mayRead(at.db, { kind: 'person', id: ids[who] ?? '' }, ENTERPRISE, {
          ...message,
          quality: 'social-secretariat',
        });
      expect([
        await reads('manager', ELECTIONS),
        await reads('co', ELECTIONS),
        await reads('user', ELECTIONS),
      ]).to.deep.equal([true, false, false]);
      expect(await reads('user', DECLARATION)).to.equal(false);
      await refused('co', 403, 'PUT', `/people/${ids['user']}/rights`, { protectedTypes: ['social-elections'] });
      const path = `/people/${ids['user']}/rights`;
      expect((await call('co', 'PUT', path, { services: ['dmfa'] })).body).to.deep.equal({
        services: ['dmfa'],
        protectedTypes: [],
      });
      const named = await call('manager', 'PUT', path, { protectedTypes: ['social-elections'] });
      expect(named.body).to.deep.equal({ services: ['dmfa'], protectedTypes: ['social-elections'] });
      expect([await reads('user', ELECTIONS), await reads('user', DECLARATION)]).to.deep.equal([true, true]);
    });

    it('blocks, unblocks and deletes, with effect at once; the last main access manager stays', async () => {
      const { userName } = (await call('user', 'GET', '/session')).body.person;
      expect((await call('co', 'POST', `/people/${ids['user']}/block`)).body.state).to.equal('blocked');
      expect((await call('user', 'GET', '/session')).status).to.equal(401);
      const signIn = () => api.call('POST', '/sessions', { userName, password: PASSWORDS.user });
      expect((await signIn()).status).to.equal(401);
      await call('manager', 'POST', `/people/${ids['user']}/unblock`);
      const again = await signIn();
      expect(again.status).to.equal(201);
      tokens['user'] = again.body.token;
      expect((await call('manager', 'DELETE', `/people/${ids['user']}`)).status).to.equal(204);
      expect([(await call('user', 'GET', '/session')).status, (await signIn()).status]).to.deep.equal([401, 401]);
      await refused('manager', 404, 'GET', `/people/${ids['user']}`);
      await refused('main', 403, 'DELETE', `/people/${ids['main']}`);
      const byOperator = await at
        .as(OPERATOR)((acting) => deletePerson(acting, ids['main'] ?? ''))
        .catch((error) => error);
      expect(byOperator).to.include({ code: 'state_conflict' });
    });

    it('asks for a changed password again after a manager has given one, and for one-time codes from who wants them', async () => {
      const given = await call('manager', 'POST', `/people/${ids['co']}/temporaryPassword`, {});
      expect((await call('co', 'GET', '/session')).status).to.equal(401);
      expect(
        (await api.call('POST', '/sessions', { userName: given.body.userName, password: PASSWORDS.co })).status,
      ).to.equal(401);
      await firstSignIn('co', given.body.userName, given.body.temporaryPassword, INSS.other);
      const wrong = { newPassword: 'iets nieuws 42', newPasswordAgain: 'iets nieuws 42', password: 'mis' };
      expect((await call('co', 'PUT', '/session/password', wrong)).status).to.equal(401);
      expect((await call('co', 'PUT', '/session/password', { ...wrong, password: PASSWORDS.co })).status).to.equal(204);
      expect((await call('co', 'GET', '/session')).status, 'this session goes on').to.equal(200);
    });

    it('has audited each forbidden try, and shows each manager the part that is for that manager', async () => {
      await eventually(async () => {
        const lines = (await at.audited()).filter(({ what }) => what === 'access refused');
        const all = lines.map(({ who, outcome }) => `${who} ${outcome}`);
        for (const one of new Set(refusals)) {
          const wanted = refusals.filter((other) => other === one).length;
          expect(all.filter((other) => other === one).length, one).to.be.at.least(wanted);
        }
      });
      const main = await call('main', 'GET', '/audit?pageSize=500');
      const acts = main.body.items.map(({ what, outcome }: { what: string; outcome: string }) => `${what}: ${outcome}`);
      expect(acts).to.include.members([
        'person created: user',
        'person changed: blocked',
        'signed in: password',
        'rights changed: done',
      ]);
      const blocked = main.body.items.find(({ outcome }: { outcome: string }) => outcome === 'blocked');
      expect(blocked.facts).to.deep.include({ from: '127.0.0.1', organisation: ENTERPRISE });
      expect([blocked.facts.before.state, blocked.facts.after.state]).to.deep.equal(['active', 'blocked']);
      const manager = await call('manager', 'GET', '/audit?pageSize=500');
      const kinds = new Set(manager.body.items.map(({ facts }: { facts: { quality: string } }) => facts.quality));
      expect([...kinds]).to.deep.equal(['social-secretariat']);
      const text = JSON.stringify(await at.audited());
      for (const secret of [...Object.values(PASSWORDS), TEMPORARY, ...Object.values(INSS)])
        expect(text).not.to.include(secret);
    });
  });
}
