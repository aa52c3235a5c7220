import { expect } from 'chai';
import type { OidcProvider } from '../../channels/webservice/access/oidc.ts';
import { CALLBACK_PATH } from '../../channels/webservice/access/paths.ts';
import type { Person } from '../../engine/registry/people.ts';
import { type AccessCase, ENTERPRISE, INSS, openAccessCase } from '../support/access.ts';
import { type AccessApi, startAccessApi } from '../support/access-api.ts';
import { browse, OIDC_CLIENT, startImpostor, startProvider, type TestProvider } from '../support/oidc-provider.ts';

describe('sign-in by OpenID Connect at a real provider', function () {
  this.timeout(60_000);
  let at: AccessCase;
  let api: AccessApi;
  let provider: TestProvider;
  let impostor: { issuer: string; close(): Promise<void> };
  let main: Person;

  before(async () => {
    at = await openAccessCase('sqlite', new Date().toISOString());
    provider = await startProvider(() => 'https://portal.example.be/REST/access/v1/sessions/oidc/callback');
    impostor = await startImpostor(provider);
    const known = { ...OIDC_CLIENT, scope: 'openid', claim: 'national_register_number' };
    const providers: Record<string, OidcProvider> = {
      eid: { ...known, issuer: provider.issuer },
      impostor: { ...known, issuer: impostor.issuer },
      away: { ...known, issuer: 'http://127.0.0.1:9' },
      'wrong-claim': { ...known, issuer: provider.issuer, claim: 'egn' },
    };
    api = await startAccessApi(at, providers, 'https://portal.example.be');
    main = await at.person({ role: 'main-manager', quality: '' }, { nationalRegisterNumber: INSS.main });
  });
  after(async () => {
    await api.close();
    await Promise.all([provider.close(), impostor.close(), at.close()]);
  });

  /** A browser begins at a provider: the address that it is sent to, and the cookie that it keeps. */
  async function begin(name = 'eid', body: object = {}): Promise<{ url: string; cookie: string }> {
    const { status, body: answer, headers } = await api.call('POST', `/sessions/oidc/${name}`, body);
    expect(status, JSON.stringify(answer)).to.equal(201);
    const [line = ''] = headers['set-cookie'] ?? [];
    expect(line).to.match(/^__Host-bode-sign-in=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax/);
    return { url: answer.authorizationUrl, cookie: line.split(';')[0] ?? '' };
  }

  /** The browser comes back from the provider. */
  async function comeBack(url: string, cookie: string, change: (back: URL) => void = () => undefined) {
    const back = new URL(await browse(url, 'https://portal.example.be/'));
    change(back);
    return api.call('GET', CALLBACK_PATH + back.search, undefined, undefined, { cookie });
  }

  const lastRefusal = async () =>
    JSON.parse((await at.audited()).filter(({ what }) => what === 'sign-in refused').at(-1)?.facts ?? '{}').reason;

  it('begins with PKCE, state and nonce, and lets in the person with the number that the provider proves', async () => {
    provider.person = INSS.main;
    const { url, cookie } = await begin();
    const asked = new URL(url).searchParams;
    expect([asked.get('code_challenge_method'), asked.get('response_type'), asked.get('scope')]).to.deep.equal([
      'S256',
      'code',
      'openid',
    ]);
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name), name).to.match(/^[\w-]{43}$/);
    const answer = await comeBack(url, cookie);
    expect([answer.status, answer.body.person.id]).to.deep.equal([201, main.id]);
    const who = await api.call('GET', '/session', undefined, answer.body.token);
    expect(who.body).to.include({ means: 'oidc', enterpriseNumber: ENTERPRISE });
    const signedIn = (await at.audited()).find(({ what }) => what === 'signed in');
    expect(JSON.parse(signedIn?.facts ?? '{}')).to.include({ provider: 'eid', from: '127.0.0.1' });
  });

  it('takes no answer twice, of another browser, or that it did not ask for', async () => {
    const first = await begin();
    let search = '';
    const good = await comeBack(first.url, first.cookie, (back) => {
      search = back.search;
    });
    expect(good.status).to.equal(201);
    const again = await api.call('GET', CALLBACK_PATH + search, undefined, undefined, { cookie: first.cookie });
    expect([again.status, await lastRefusal()]).to.deep.equal([401, 'sign-in answer not of this browser']);
    const [mine, theirs] = [await begin(), await begin()];
    expect((await comeBack(mine.url, theirs.cookie)).status, 'the cookie of another browser').to.equal(401);
    const forged = await begin();
    const strange = await comeBack(forged.url, forged.cookie, (back) => back.searchParams.set('state', 'x'.repeat(43)));
    expect(strange.status, 'another state').to.equal(401);
  });

  it('refuses a token with another nonce', async () => {
    const { url, cookie } = await begin();
    const other = new URL(url);
    other.searchParams.set('nonce', 'n'.repeat(43));
    expect((await comeBack(other.href, cookie)).status).to.equal(401);
    expect(await lastRefusal()).to.equal('identity not proved by the provider');
  });

  it('refuses a code whose verifier is another’s', async () => {
    const { url, cookie } = await begin();
    const other = new URL(url);
    other.searchParams.set('code_challenge', 'c'.repeat(43));
    expect((await comeBack(other.href, cookie)).status).to.equal(401);
  });

  it('refuses an answer, and a token, of another issuer', async () => {
    const { url, cookie } = await begin();
    const renamed = await comeBack(url, cookie, (back) => back.searchParams.set('iss', 'https://idp.example.org'));
    expect([renamed.status, await lastRefusal()]).to.deep.equal([401, 'identity not proved by the provider']);
    const mixed = await begin('impostor');
    const token = await comeBack(mixed.url, mixed.cookie, (back) => back.searchParams.delete('iss'));
    expect([token.status, await lastRefusal()]).to.deep.equal([401, 'identity not proved by the provider']);
  });

  it('refuses a person without an account, and one who is blocked, in the same words', async () => {
    provider.person = INSS.other;
    const { url, cookie } = await begin();
    const stranger = await comeBack(url, cookie);
    expect([stranger.status, await lastRefusal()]).to.deep.equal([401, 'no account for this person']);
    provider.person = INSS.user;
    const user = await at.person(
      { role: 'user', quality: 'employer' },
      { nationalRegisterNumber: INSS.user },
      { kind: 'person', id: main.id, from: 'test' },
    );
    await at.db('people').where({ id: user.id }).update({ state: 'blocked' });
    const back = await begin();
    const blocked = await comeBack(back.url, back.cookie);
    expect([blocked.status, await lastRefusal()]).to.deep.equal([401, 'person or organisation blocked']);
    expect(blocked.body.detail).to.equal(stranger.body.detail);
    expect(JSON.stringify(await at.audited())).not.to.include(INSS.other);
  });

  it('refuses who proves no number, and says when a provider is away or unknown', async () => {
    provider.person = INSS.main;
    const { url, cookie } = await begin('wrong-claim');
    expect((await comeBack(url, cookie)).status).to.equal(401);
    expect((await api.call('POST', '/sessions/oidc/away', {})).status).to.equal(503);
    expect((await api.call('POST', '/sessions/oidc/nobody', {})).status).to.equal(404);
  });
});
