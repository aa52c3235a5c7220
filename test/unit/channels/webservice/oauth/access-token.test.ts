import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AccessTokens, createAccessTokens } from '../../../../../channels/webservice/oauth/access-token.ts';
import { loadIdentity } from '../../../../../engine/outbound/identity.ts';

const GRANT = { client: 'client', sender: '123456', scopes: ['bode:batch:send'], certificate: 'thumb' } as const;
const LIFE_S = 300;

describe('access tokens', () => {
  let dir: string;
  let now: Date;
  let tokens: AccessTokens;
  const start = new Date('2026-06-01T10:00:00.400Z');
  const makeTokens = async (url = 'https://bode.test', name = 'engine') =>
    createAccessTokens({
      identity: await loadIdentity({ dir: join(dir, name), commonName: 'Bode test', now: start }),
      url: () => url,
      lifeMs: LIFE_S * 1_000,
      clock: () => now,
    });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-tokens-'));
    now = start;
    tokens = await makeTokens();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('says what was granted, each time it is read and in another process too', async () => {
    const token = await tokens.issue(GRANT);
    const issuedAt = Math.floor(start.getTime() / 1_000);
    const good = { kind: 'good', grant: { ...GRANT, issuedAt, expiresAt: issuedAt + LIFE_S } };
    for (const reader of [tokens, tokens, await makeTokens()]) expect(await reader.read(token)).to.deep.equal(good);
  });

  it('expires at the same instant, whether it has been read before or not', async () => {
    const [read, unread] = [await tokens.issue(GRANT), await tokens.issue(GRANT)];
    const kinds = async () => [(await tokens.read(read)).kind, (await (await makeTokens()).read(unread)).kind];
    const end = Math.floor(start.getTime() / 1_000 + LIFE_S) * 1_000;
    for (const [at, kind] of [
      [start.getTime(), 'good'],
      [end - 1, 'good'],
      [end, 'expired'],
      [end + 60_000, 'expired'],
    ] as const) {
      now = new Date(at);
      expect(await kinds(), now.toISOString()).to.deep.equal([kind, kind]);
    }
  });

  it('refuses what is not just so, also beside one that it knows', async () => {
    const token = await tokens.issue(GRANT);
    expect((await tokens.read(token)).kind).to.equal('good');
    const [head = '', claims = '', signature = ''] = token.split('.');
    const other = Buffer.from(claims, 'base64url').toString().replace('123456', '654321');
    const wrong = [
      [head, Buffer.from(other).toString('base64url'), signature].join('.'),
      [head, claims, signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.'),
      [head, claims, ''].join('.'),
      await (await makeTokens('https://else.test')).issue(GRANT),
      await (await makeTokens(undefined, 'else')).issue(GRANT),
      '',
    ];
    for (const one of wrong) expect(await tokens.read(one), one).to.deep.equal({ kind: 'invalid' });
  });
});
