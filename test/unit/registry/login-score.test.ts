import { expect } from 'chai';
import { afterFailure, fadesAt, leftOf, type Score, scoredLogin } from '../../../engine/registry/login-score.ts';
import { createStandings } from '../../../engine/registry/standings.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const HALF = 600_000;
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function failures(count: number, limit: number): Score {
  let score: Score | undefined;
  for (let at = 0; at < count; at += 1) score = afterFailure(score, NOW, limit, HALF);
  if (!score) throw new Error('none');
  return score;
}

describe('a login score', () => {
  it('fades by half in each half-life, and not at all when a clock goes back', () => {
    const score = failures(4, 10);
    expect([0, HALF, 2 * HALF, -HALF].map((ms) => leftOf(score, inMs(ms), HALF))).to.deep.equal([4, 2, 1, 4]);
    expect(fadesAt(score, HALF)).to.deep.equal(inMs(3 * HALF));
  });

  it('bans at its limit until half of it is left, and counts no more than twice the limit', () => {
    expect(failures(9, 10).bannedUntil).to.equal(null);
    expect(failures(10, 10).bannedUntil).to.deep.equal(inMs(HALF));
    expect(failures(500, 10)).to.deep.equal({ value: 20, at: NOW, bannedUntil: inMs(2 * HALF) });
    expect(failures(1, 1).bannedUntil).to.deep.equal(inMs(HALF));
  });

  it('keeps a ban that stands when a failure comes under its limit', () => {
    const banned = { ...failures(10, 10), value: 6 };
    expect(afterFailure(banned, inMs(1), 10, HALF).bannedUntil).to.deep.equal(inMs(HALF));
    expect(afterFailure(banned, inMs(HALF), 10, HALF).bannedUntil).to.equal(null);
  });

  it('is kept under a login that looks like one, else under a mark', () => {
    for (const login of ['voorbeeld', 'A.b-c_1', '123456']) expect(scoredLogin(login)).to.equal(login);
    for (const login of ['', '85073003328', 'a b', 'a@b', 'x'.repeat(65)]) {
      expect(scoredLogin(login), login).to.match(/^#[0-9a-f]{32}$/);
    }
  });
});

describe('what a process knows for a moment', () => {
  it('is read once, however many ask, and again after its life', async () => {
    let now = 0;
    let reads = 0;
    const standings = createStandings<number>({ lifeMs: 10, size: 2, nowMs: () => now });
    const ask = (key: string) => standings.of(key, async () => ++reads);
    expect(await Promise.all([ask('a'), ask('a'), ask('a')])).to.deep.equal([1, 1, 1]);
    now = 10;
    expect(await ask('a')).to.equal(2);
    standings.set('a', 7);
    expect(await ask('a')).to.equal(7);
  });

  it('is bounded, and does not keep a failure', async () => {
    const standings = createStandings<number>({ lifeMs: 10, size: 2, nowMs: () => 0 });
    for (const key of ['a', 'b', 'c']) await standings.of(key, async () => 1);
    expect(await standings.of('a', async () => 2), 'the oldest went').to.equal(2);
    const failed = await standings
      .of('x', () => Promise.reject(new Error('away')))
      .catch((error: Error) => error.message);
    expect(failed).to.equal('away');
    expect(await standings.of('x', async () => 3)).to.equal(3);
  });
});
