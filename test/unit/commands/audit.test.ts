import { rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { audit } from '../../../engine/store/audit.ts';
import { type ChainDeps, hashOf, linkAudit } from '../../../engine/store/audit-chain.ts';
import type { Db } from '../../../engine/store/database.ts';
import { addAuditLines, anAuditLine, auditSecrets } from '../../support/audit.ts';
import type { Ran } from '../../support/command-line.ts';
import { useBode } from '../../support/command-runner.ts';
import { openTestStore } from '../../support/database.ts';

describe('bode audit', () => {
  const bode = useBode();
  let db: Db;
  let close: () => Promise<void>;
  let deps: ChainDeps;
  let dataDir: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const store = await openTestStore();
    ({ db, close } = store);
    const made = await auditSecrets();
    ({ dataDir, remove } = made);
    deps = { db, ...made.secrets };
    await writeFile(join(dataDir, 'bode.yaml'), `store: { url: "${store.url}" }\ndataDir: "${dataDir}"\n`);
    await addAuditLines(db, 5);
    await linkAudit(deps);
  });
  afterEach(async () => {
    await close();
    await remove();
  });

  const run = (...args: string[]): Promise<Ran> => bode(['audit', ...args], dataDir);

  it('says that the chain is good, prints its head, and what is not linked yet', async () => {
    await addAuditLines(db, 2);
    const { status, stdout } = await run('verify');
    expect(status).to.equal(0);
    expect(stdout).to.match(
      /^good: 5 lines are as they were linked\nhead 5:[0-9a-f]{64}\nnot linked yet: 2, the oldest of 2026-11-22T10:00:00.000Z\n$/,
    );
  });

  it('names what is broken and fails, as text and as JSON', async () => {
    await db('audit').where({ seq: 3 }).update({ outcome: 'refused' });
    await db('audit').where({ seq: 5 }).delete();
    const { status, stdout } = await run('verify');
    expect(status).to.equal(1);
    expect(stdout).to.match(
      /^line 3 was changed\nline 5 was cut off: the head that was kept is line 5\nBROKEN: see above; 4 lines were read\nhead 4:/,
    );
    const json = await run('verify', '--json');
    expect(json.status).to.equal(1);
    const { ok, lines, findings } = JSON.parse(json.stdout);
    expect([ok, lines]).to.deep.equal([false, 4]);
    expect(findings[0]).to.deep.equal({ kind: 'changed', from: 3, to: 3, text: 'line 3 was changed' });
  });

  it('checks against a head that was kept elsewhere', async () => {
    const head = /head (\S+)/.exec((await run('verify')).stdout)?.[1] ?? '';
    expect((await run('verify', '--head', head)).status).to.equal(0);
    await db('audit').delete();
    await rm(deps.headPath);
    const { status, stdout } = await run('verify', '--head', head);
    expect([status, stdout.split('\n')[0]]).to.deep.equal([
      1,
      'lines 1 to 5 were cut off: the head that was kept is line 5',
    ]);
    expect((await run('verify', '--head', '5:abc')).status).to.equal(2);
  });

  it('makes no key of its own to check with', async () => {
    await rm(join(dataDir, 'keys'), { recursive: true });
    const { status, stderr } = await run('verify');
    expect(status).to.equal(1);
    expect(stderr).to.match(/audit\.key: there is no such file, .+\n$/);
  });

  it('exports a period, each line such that it can be checked', async () => {
    await audit(db, anAuditLine({ at: new Date('2026-11-23T00:00:00Z'), subject: '\u202eodd\u009b' }));
    await audit(db, anAuditLine({ at: new Date('2026-11-24T00:00:00Z') }));
    await linkAudit(deps);
    await audit(db, anAuditLine({ at: new Date('2026-11-23T12:00:00Z') }));
    const { status, stdout, stderr } = await run('export', '--from', '2026-11-23', '--to', '2026-11-23');
    expect([status, stderr]).to.deep.equal([0, 'lines of this period that are not linked yet, and left out: 1\n']);
    const [line, ...more] = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(more).to.deep.equal([]);
    expect(line).to.deep.include({ seq: 6, at: '2026-11-23T00:00:00.000Z', facts: { channel: 'sftp' } });
    const { previous, seq, hash, facts, ...rest } = line;
    expect(hashOf(previous, seq, { ...rest, facts: JSON.stringify(facts) }, deps.key)).to.equal(hash);
    const all = await run('export', '--from', '2026-11-22T10:00:00Z', '--to', '2026-11-24T00:00:00Z');
    expect(all.stdout.trimEnd().split('\n')).to.have.length(6);
  });

  it('exports CSV that no spreadsheet takes for formulas', async () => {
    const at = new Date('2026-11-23T00:00:00Z');
    await audit(db, anAuditLine({ at, who: '=cmd()', subject: '-1, "2"', outcome: '@x', facts: { reason: 'a\nb' } }));
    await linkAudit(deps);
    const period = ['--from', '2026-11-23', '--to', '2026-11-23', '--format', 'csv'];
    const [titles, line, ...more] = (await run('export', ...period)).stdout.split('\n');
    expect(titles).to.equal('seq,at,who,what,subject,outcome,facts,hash,previous');
    expect(line).to.match(
      /^6,2026-11-23T00:00:00.000Z,"'=cmd\(\)",submission received,"'-1, ""2""","'@x","\{""reason"":""a\\nb""\}",[0-9a-f]{64},[0-9a-f]{64}$/,
    );
    expect(more).to.deep.equal(['']);
  });

  it('refuses a period that is none', async () => {
    for (const [from, to] of [
      ['2026-02-30', '2026-03-01'],
      ['yesterday', '2026-03-01'],
      ['2026-03-02', '2026-03-01'],
      ['11', '12'],
    ]) {
      const { status, stdout, stderr } = await run('export', '--from', from ?? '', '--to', to ?? '');
      expect([status, stdout]).to.deep.equal([2, '']);
      expect(stderr).to.match(/^[^\n]+\n$/);
    }
  });

  it('lists the latest lines, newest first, by who, what and subject', async () => {
    await audit(
      db,
      anAuditLine({ who: 'jan', what: 'provisioned', subject: 'sender 123456\u001b[2J', outcome: 'added' }),
    );
    const { status, stdout } = await run('list', '--limit', '2');
    expect(status).to.equal(0);
    const [titles, first, second] = stdout.split('\n');
    expect(titles).to.match(/^SEQ +AT +WHO +WHAT +SUBJECT +OUTCOME +FACTS$/);
    expect(first).to.match(/^- +2026-11-22T10:00:00.000Z +jan +provisioned +sender 123456\?\[2J +added /);
    expect(second).to.match(/^5 +.+\{"number":5\}$/);
    const { items } = JSON.parse(
      (await run('list', '--json', '--who', '123456', '--what', 'submission received')).stdout,
    );
    expect(items.map(({ seq }: { seq: number }) => seq)).to.deep.equal([5, 4, 3, 2, 1]);
    expect((await run('list', '--subject', 'nothing')).stdout).to.equal('no lines\n');
  });

  it('takes a restored end for the true one when an operator says why', async () => {
    expect((await run('accept')).status).to.equal(2);
    expect((await run('accept', '--reason', 'restored')).stdout).to.match(/^nothing to accept/);
    await db('audit').where('seq', '>', 3).delete();
    const { status, stdout } = await run('accept', '--reason', 'restored for 85073003328');
    expect([status, stdout]).to.deep.equal([
      0,
      'accepted: the audit goes on after line 3 (lines after 3 are missing: the head that was kept is line 5)\n',
    ]);
    expect((await run('verify')).status).to.equal(0);
    const [line] = await db('audit').where({ what: 'audit end accepted' });
    expect(line.who).to.equal(userInfo().username);
    expect(line.facts).to.match(/"restored for inss:[0-9a-f]{16}"/);
  });
});
