import { expect } from 'chai';
import type { Person } from '../../engine/registry/people.ts';
import { type AccessCase, INSS, OWN, openAccessCase, TEMPORARY } from '../support/access.ts';
import { type AccessApi, startAccessApi } from '../support/access-api.ts';

describe('a session in a cookie, for pages of this server', () => {
  let at: AccessCase;
  let api: AccessApi;
  let main: Person;
  let cookie: string;

  before(async () => {
    at = await openAccessCase();
    api = await startAccessApi(at);
    main = await at.person({ role: 'main-manager', quality: '' });
  });
  after(async () => {
    await api?.close();
    await at?.close();
  });

  const call = (method: string, path: string, headers: object, body?: unknown) =>
    api.call(method, path, body, undefined, headers);

  it('is given to who asks for it: out of reach of scripts and other sites, and told to nobody', async () => {
    const renewal = { nationalRegisterNumber: INSS.main, newPassword: OWN, newPasswordAgain: OWN };
    const signIn = { userName: main.userName, password: TEMPORARY, cookie: true, ...renewal };
    const { status, body, headers } = await call('POST', '/sessions', {}, signIn);
    expect([status, body.token]).to.deep.equal([201, undefined]);
    const [set = ''] = headers['set-cookie'] ?? [];
    expect(set).to.match(
      /^__Host-bode-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=(3600|3599)$/,
    );
    cookie = set.split(';')[0] ?? '';
  });

  it('reads, and changes only what a page of this server asks for', async () => {
    expect((await call('GET', '/session', { cookie })).status).to.equal(200);
    const change = { givenName: 'Eva', familyName: 'Peeters' };
    const path = `/people/${main.id}`;
    for (const headers of [{ cookie }, { cookie, origin: 'https://elsewhere.example' }, { cookie, origin: 'null' }]) {
      expect((await call('PATCH', path, headers, change)).status, JSON.stringify(headers)).to.equal(401);
    }
    expect((await call('DELETE', '/session', { cookie })).status, 'signed out from elsewhere').to.equal(401);
    expect((await call('GET', '/session', { cookie })).body.person.givenName).to.equal('Els');
    expect((await call('GET', '/session', { cookie: `${cookie}x` })).status, 'another token').to.equal(401);
  });

  it('ends with the session', async () => {
    const out = await call('DELETE', '/session', { cookie, origin: api.url });
    expect([out.status, out.headers['set-cookie']]).to.deep.equal([
      204,
      ['__Host-bode-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0'],
    ]);
    expect((await call('GET', '/session', { cookie })).status).to.equal(401);
  });
});
