import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry, type Telemetry } from '../../engine/core/telemetry.ts';
import { createLoginDefence, type LoginDefenceOptions } from '../../engine/registry/login-defence.ts';
import { addFailure, forgetFaded, liftBans, scoresOf, standingBans } from '../../engine/registry/login-scores.ts';
import type { RefusalReason } from '../../engine/registry/refusals.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';

const NOW = new Date('2026-03-14T09:00:00Z');
const MINUTE = 60_000;
const POLICY = { perAddress: 8, perAddressAndLogin: 4, perLogin: 12, halfLifeMs: 10 * MINUTE };
const WRONG: RefusalReason = 'unknown login or password';

for (const kind of STORES) contract(kind);

/** How failed logins are scored, on both stores. */
function contract(kind: StoreKind): void {
  describe(`login scores contract: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;
    let now: Date;
    let counted: string[];

    const telemetry: Telemetry = {
      ...noTelemetry,
      count: (name, labels) => void counted.push([name, ...Object.values(labels)].join(' ')),
    };
    const newDefence = (with_: Partial<LoginDefenceOptions> = {}) =>
      createLoginDefence({ db, clock: () => now, log: silentLogger(), telemetry, policy: POLICY, ...with_ });
    const from = (address: string, login = 'voorbeeld') => ({ channel: 'ftp', address, login });
    const later = (ms: number) => {
      now = new Date(now.getTime() + ms);
    };

    beforeEach(async () => {
      ({ db, url, close } = await openTestStore(kind));
      now = NOW;
      counted = [];
    });
    afterEach(() => close());

    it('bans a login from an address at its limit, and neither the address nor the login elsewhere', async () => {
      const defence = newDefence();
      for (let count = 0; count < POLICY.perAddressAndLogin; count += 1) {
        expect(await defence.mayTry(from('192.0.2.1')), String(count)).to.equal(true);
        await defence.refused(from('192.0.2.1'), WRONG);
      }
      expect(await defence.mayTry(from('192.0.2.1'))).to.equal(false);
      expect(await defence.mayTry(from('192.0.2.1', 'ander'))).to.equal(true);
      expect(await defence.mayTry(from('192.0.2.2'))).to.equal(true);
      expect(await defence.admits(from('192.0.2.1'))).to.equal(true);
      expect(counted.slice(-2)).to.deep.equal([
        'bode_login_bans_total address and login',
        'bode_refusals_total ftp login banned from this address',
      ]);
    });

    it('bans an address at its limit, whatever the logins, and 64 bits of IPv6 as one', async () => {
      const defence = newDefence();
      for (let count = 0; count < POLICY.perAddress; count += 1) {
        await defence.refused(from(`2001:db8::${count + 1}`, `login${count}`), WRONG);
      }
      expect(await defence.admits(from('2001:db8::ffff'))).to.equal(false);
      expect(await defence.mayTry(from('2001:db8::ffff', 'another'))).to.equal(false);
      expect(await defence.admits(from('2001:db8:0:1::1'))).to.equal(true);
      expect(counted.at(-1)).to.equal('bode_refusals_total ftp address banned');
    });

    it('tells of each ban once when it begins, however slowly the failures come and whichever process sees them', async () => {
      const login = { perAddress: 100, perAddressAndLogin: 100, perLogin: 4, halfLifeMs: 100 * MINUTE };
      for (let count = 0; count < 8; count += 1) {
        await newDefence({ policy: login }).refused(from(`198.51.100.${count}`), WRONG);
        later(10_000);
      }
      const told = (kind: string) => counted.filter((line) => line === `bode_login_bans_total ${kind}`).length;
      // the fourth failure and all after it leave their address no second try
      expect([told('login'), told('address and login'), told('address')]).to.deep.equal([1, 5, 0]);
    });

    it('holds in another process, and after a restart', async () => {
      const defence = newDefence();
      for (let count = 0; count < POLICY.perAddress; count += 1)
        await defence.refused(from('192.0.2.1', `l${count}`), WRONG);
      const other = openStore({ url });
      const elsewhere = newDefence({ db: other });
      expect(await elsewhere.admits(from('192.0.2.1'))).to.equal(false);
      expect(await elsewhere.admits(from('192.0.2.2'))).to.equal(true);
      await other.destroy();
    });

    it('counts the failures of several processes at the same moment together', async () => {
      const processes = [newDefence(), newDefence(), newDefence(), newDefence()];
      await Promise.all(processes.flatMap((one) => [1, 2].map(() => one.refused(from('192.0.2.1'), WRONG))));
      const [score] = await scoresOf(db, [{ network: '192.0.2.1', login: '' }]);
      expect(score?.score.value).to.equal(8);
    });

    it('ends a ban by itself when half of the limit is left, and needs as many failures again for the next', async () => {
      const defence = newDefence();
      for (let count = 0; count < POLICY.perAddress; count += 1)
        await defence.refused(from('192.0.2.1', `l${count}`), WRONG);
      later(POLICY.halfLifeMs - 1_000);
      expect(await defence.admits(from('192.0.2.1'))).to.equal(false);
      later(2_000);
      expect(await defence.admits(from('192.0.2.1'))).to.equal(true);
      await defence.refused(from('192.0.2.1', 'again'), WRONG);
      expect(await defence.admits(from('192.0.2.1'))).to.equal(true);
    });

    it('never lasts longer than two half-lives after the last failure', async () => {
      for (let count = 0; count < 100; count += 1)
        await addFailure(db, { network: '192.0.2.1', login: 'x' }, NOW, POLICY);
      later(2 * POLICY.halfLifeMs + 1_000);
      expect(await standingBans(db, now, 10)).to.deep.equal([]);
    });

    it('does not let strangers lock a sender out: over the limit of a login each address has one try', async () => {
      const defence = newDefence();
      for (let count = 0; count < 40; count += 1) await defence.refused(from(`198.51.100.${count}`), WRONG);
      expect(await defence.mayTry(from('192.0.2.1')), 'its own address').to.equal(true);
      expect(await defence.mayTry(from('198.51.100.200'))).to.equal(true);
      await defence.refused(from('198.51.100.200'), WRONG);
      expect(await defence.mayTry(from('198.51.100.200')), 'a guesser, for the second time').to.equal(false);
      expect(await defence.mayTry(from('198.51.100.200', 'ander'))).to.equal(true);
      expect(counted.filter((line) => line === 'bode_login_bans_total login')).to.have.length(1);
    });

    it('takes back what a login has failed from an address once it succeeds there, and nothing of others', async () => {
      const defence = newDefence();
      for (const login of ['voorbeeld', 'voorbeeld', 'voorbeeld', 'ander']) {
        await defence.refused(from('192.0.2.1', login), WRONG);
      }
      await defence.mayTry(from('192.0.2.1'));
      await defence.succeeded(from('192.0.2.1'));
      const left = await db('login_scores').where('score', '>', 0).orderBy(['network', 'login']);
      expect(left.map(({ network, login, score }) => [network, login, score])).to.deep.equal([
        ['', 'ander', 1],
        ['192.0.2.1', '', 1],
        ['192.0.2.1', 'ander', 1],
      ]);
    });

    it('writes nothing for a success without earlier failures, and reads little', async () => {
      const statements: string[] = [];
      const note = ({ sql }: { sql: string }) => void statements.push(sql);
      db.on('query', note);
      const defence = newDefence();
      for (let count = 0; count < 50; count += 1) {
        await defence.admits(from('192.0.2.1'));
        await defence.mayTry(from('192.0.2.1'));
        await defence.succeeded(from('192.0.2.1'));
      }
      db.removeListener('query', note);
      expect(statements.filter((sql) => !/^\s*select/i.test(sql))).to.deep.equal([]);
      expect(statements.length).to.be.below(5);
      expect(await db('login_scores')).to.deep.equal([]);
    });

    it('does not score what is no guess, nor an address that is allowed', async () => {
      const defence = newDefence({ allow: ['192.0.2.0/24'] });
      for (let count = 0; count < 20; count += 1) await defence.refused(from('192.0.2.1'), WRONG);
      await defence.refused(from('198.51.100.1'), 'too many connections of the sender');
      expect(await db('login_scores')).to.deep.equal([]);
      expect(await defence.admits(from('192.0.2.1'))).to.equal(true);
      expect(counted).to.have.length(21);
    });

    it('treats any login alike, and stores no password or national number that was typed as one', async () => {
      const defence = newDefence();
      const odd = ['', 'geheim wachtwoord', '85073003328', 'x\0y', "'; drop table login_scores; --", 'é'.repeat(300)];
      for (const login of odd) await defence.refused(from('192.0.2.1', login), WRONG);
      const stored = (await db('login_scores')).map(({ login }) => login).filter((login) => login !== '');
      for (const login of stored) expect(login).to.match(/^#[0-9a-f]{32}$/);
      expect(new Set(stored)).to.have.property('size', odd.length);
    });

    it('is lifted by an operator, for an address, a login, or both, and audited', async () => {
      for (const address of ['192.0.2.1', '192.0.2.2']) {
        const key = { network: address, login: 'voorbeeld' };
        for (let count = 0; count < 8; count += 1) await addFailure(db, key, NOW, POLICY);
      }
      expect(await standingBans(db, NOW, 10)).to.have.length(5);
      const decision = { by: 'operator', reason: 'mended', now: NOW };
      expect(await liftBans(db, { ...decision, network: '192.0.2.1', login: 'voorbeeld' })).to.equal(1);
      expect(await liftBans(db, { ...decision, network: '192.0.2.2' })).to.equal(2);
      expect(await liftBans(db, decision)).to.equal(2);
      expect(await db('login_scores')).to.deep.equal([]);
      const lines = await db('audit').where({ what: 'login ban lifted' }).orderBy('id');
      expect(lines.map(({ who, subject, outcome, facts }) => [who, subject, outcome, JSON.parse(facts)])).to.deep.equal(
        [
          ['operator', 'voorbeeld from 192.0.2.1', '1 lifted', { reason: 'mended', scores: 1 }],
          ['operator', '192.0.2.2', '2 lifted', { reason: 'mended', scores: 2 }],
          ['operator', 'all', '2 lifted', { reason: 'mended', scores: 2 }],
        ],
      );
    });

    it('is deleted when nothing of it is left', async () => {
      await addFailure(db, { network: '192.0.2.1', login: 'x' }, NOW, POLICY);
      expect(await forgetFaded(db, NOW)).to.equal(0);
      later(POLICY.halfLifeMs + 1_000);
      expect(await forgetFaded(db, now)).to.equal(3);
    });

    it('bans nobody while the store is away, and does not fail', async () => {
      const away = openStore({ url });
      const defence = newDefence({ db: away });
      await away.destroy();
      expect(await defence.admits(from('192.0.2.1'))).to.equal(true);
      await defence.refused(from('192.0.2.1'), WRONG);
      await defence.succeeded(from('192.0.2.1'));
      expect(counted).to.deep.equal([`bode_refusals_total ftp ${WRONG}`]);
    });

    it('makes 10,000 wrong passwords from one address cheap: few are judged, and few statements run', async () => {
      let statements = 0;
      db.on('query', () => {
        statements += 1;
      });
      const defence = newDefence();
      let judged = 0;
      for (let count = 0; count < 10_000; count += 1) {
        const attempt = from('192.0.2.1', `login${count % 100}`);
        if (!(await defence.admits(attempt)) || !(await defence.mayTry(attempt))) continue;
        judged += 1;
        await defence.refused(attempt, WRONG);
      }
      expect(judged).to.equal(POLICY.perAddress);
      expect(statements).to.be.below(300);
    });
  });
}
