import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ZipArchive } from 'archiver';
import { expect } from 'chai';
import { antivirusCheck } from '../../app/antivirus.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { judgeAlerts } from '../../engine/jobs/alerts.ts';
import { failingCheck } from '../../engine/jobs/conditions.ts';
import { createClamd } from '../../engine/pipelines/antivirus/clamd.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { INFECTED, prepareClamd, type RealClamd, SIGNATURE } from '../support/clamd.ts';
import { bode } from '../support/command-line.ts';
import { aDeclaration } from '../support/declarations.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';

const WITHIN_MS = 20_000;

describe('the real clamd', function () {
  this.timeout(120_000);
  let dir: string;
  let clamd: RealClamd;
  let engine: TestEngine;
  let client: TestClient;
  let sequence = 0;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-clamd-'));
    clamd = await prepareClamd(dir, { StreamMaxLength: '1M' });
    await clamd.start();
    engine = await startEngine({ config: { antivirus: { clamd: `unix:${clamd.socket}` } } });
    client = await openClient(engine);
  });
  after(async () => {
    await engine?.stop();
    await clamd?.kill();
    await rm(dir, { recursive: true, force: true });
  });

  /** Sends a signed set; `comment` goes into the declaration, where it is no fault of the form. */
  async function send(comment: string, persons = 1): Promise<string> {
    sequence += 1;
    const stem = `DMFA.123456.${fileDate(new Date())}.${String(sequence).padStart(5, '0')}.R`;
    const names = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`] as const;
    const declaration = aDeclaration({ forms: [{ companyId: '0206731645', persons }] }).toString();
    await client.write(names[0], declaration.replace(/<\/DmfAOriginal>/, `<!-- ${comment} -->$&`));
    await client.sign(names[0]);
    await client.write(names[2], '');
    await client.sftp(`${names.map((name) => `put ${name} IN/`).join('\n')}\n`);
    return stem;
  }

  const receiptOf = (stem: string) =>
    eventually(async () => {
      const receipt = (await client.receipts()).get(`GO.${stem}.1`);
      expect(receipt, stem).not.to.equal(undefined);
      return receipt!;
    }, WITHIN_MS);
  const submission = async (stem: string) =>
    (await engine.db('submissions').where({ stem }).select('ticket', 'state', 'errors').first())!;
  const waiting = async (ticket: string) => engine.db('outbox').where({ message_id: ticket }).select('attempt').first();
  const alerts = (name: string) => engine.db('alerts').where({ name }).select('subject', 'detail', 'cleared_at');

  it('lets clean sets through', async () => {
    const receipt = await receiptOf(await send('nothing special'));
    expect(receipt).to.deep.include({ resultCode: '1', errors: [] });
  });

  it('has an infected set refused and kept apart, and an operator hears of it', async () => {
    const stem = await send(INFECTED);
    expect(await receiptOf(stem)).to.deep.include({ resultCode: '0', errors: ['163'] });
    const { ticket, state, errors } = await submission(stem);
    expect({ state, errors: JSON.parse(errors) }).to.deep.equal({
      state: 'refused',
      errors: [{ code: '163', detail: `the virus scanner found ${SIGNATURE}.UNOFFICIAL`, file: `FI.${stem}.1.1` }],
    });
    const events = await engine.db('events').where({ ticket }).orderBy('id').select('what');
    expect(events.map(({ what }) => what))
      .to.include('quarantined')
      .and.not.to.include('accepted');
    expect(await engine.db('messages').where({ ticket })).to.deep.equal([]);
    expect(await engine.db('forms').where({ ticket })).to.deep.equal([]);
    await eventually(async () => {
      const [alert] = (await alerts('virus found')).filter(({ subject }) => subject === ticket);
      expect(alert?.detail).to.include('sender 123456').and.include(SIGNATURE);
    }, 40_000);
  });

  it('never gives on what is kept apart, until an operator releases it', async () => {
    const [kept] = await engine.db('quarantine').select('sha256');
    const blobs = createBlobStore({ dir: join(engine.config.dataDir, 'blobs'), log: silentLogger() });
    const read = () =>
      blobs.open(engine.db, kept!.sha256).then(
        ({ kind }) => kind,
        ({ code }) => code,
      );
    expect(await read()).to.equal('content_quarantined');
    const command = (...args: string[]) => bode([...args, '--config', engine.configFile], engine.dir);
    const { stdout } = await command('quarantine', 'list', '--json');
    expect(JSON.parse(stdout).items).to.have.length(1);
    const released = await command('quarantine', 'release', kept!.sha256, '--reason', 'a false alarm');
    expect(released).to.deep.include({ status: 0, stdout: `${kept!.sha256}: released\n` });
    expect(await read()).not.to.equal('content_quarantined');
    expect((await command('quarantine', 'release', kept!.sha256, '--reason', 'again')).status).to.equal(1);
    const audited = await engine.db('audit').where({ subject: kept!.sha256 }).orderBy('id').select('what');
    expect(audited.map(({ what }) => what)).to.deep.equal(['content quarantined', 'quarantine ended']);
  });

  it('looks into archives', async () => {
    const archive = new ZipArchive();
    archive.append(`some text ${INFECTED}`, { name: 'FI.xml' });
    await archive.finalize();
    const zip = await buffer(archive);
    const address = { path: clamd.socket };
    const scanner = createClamd({ address, connectWithinMs: 5_000, answerWithinMs: 10_000 });
    expect((await scanner.scan(Readable.from([zip]))).kind).to.equal('infected');
  });

  it('gives a set up, for an operator to decide, that is too large to be scanned', async () => {
    const stem = await send('large', 700);
    const { ticket } = await submission(stem);
    const letter = await eventually(async () => {
      const row = await engine.db('dead_letters').where({ message_id: ticket }).first();
      expect(row).not.to.equal(undefined);
      return row!;
    }, WITHIN_MS);
    expect(letter).to.include({ code: 'content_unscannable' });
    expect((await submission(stem)).state).to.equal('received'); // until then: never accepted
  });

  it('lets sets wait while it is away, and accepts them when it is back', async () => {
    await clamd.kill();
    const stems = [await send('first'), await send('second')];
    const tickets = await Promise.all(stems.map(async (stem) => (await submission(stem)).ticket));
    await eventually(async () => expect(await alerts('virus scanner away')).to.have.length(1), 40_000);
    for (const [at, ticket] of tickets.entries()) {
      expect((await submission(stems[at]!)).state).to.equal('received');
      expect(await waiting(ticket)).to.deep.equal({ attempt: 1 }); // tried for a while, and none was spent
    }
    expect(await engine.db('events').where({ what: 'attempt failed' }).whereIn('ticket', tickets)).to.deep.equal([]);
    await clamd.start();
    for (const stem of stems) expect(await receiptOf(stem)).to.deep.include({ resultCode: '1', errors: [] });
    await judgeLater(120_000);
    await judgeLater(240_000);
    const all = await alerts('virus scanner away');
    expect(all.map(({ cleared_at }) => cleared_at !== null)).to.deep.equal([true]);
  });

  /** Judges the alert as a scheduler would some time from now. */
  async function judgeLater(ms: number): Promise<void> {
    const condition = failingCheck('virus scanner away', 'error', antivirusCheck(engine.config)!);
    await judgeAlerts({ db: engine.db, clock: () => new Date(Date.now() + ms), log: silentLogger() }, [condition]);
  }
});
