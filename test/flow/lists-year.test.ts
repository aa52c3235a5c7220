import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { reconcileLists } from '../../engine/lists/reconcile.ts';
import { switchOn } from '../../engine/records/electronic.ts';
import { provision } from '../../engine/registry/provision.ts';
import { rowsOf } from '../../engine/store/sql.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { AUTHORITIES, DAYS, ELECTRONIC, filesOf, INSTITUTION, SENDING } from '../support/made-up-year.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../support/provisioning.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { type Due, type ExpectedYear, expectedYear } from '../support/year-expected.ts';
import { createMailboxReader, type MailboxReader, statementLine } from '../support/year-mailboxes.ts';

const MINUTE = 60_000;
const PATIENCE = 60_000;
const GOALS = ['PAYM', 'OCMW', 'EVNT', 'KNIP', 'KNFB'];
const LANGUAGES = ['nl', 'fr', 'de', 'en'];

/** A set that is sent on a day, prepared beforehand. */
interface PreparedSet {
  readonly day: string;
  readonly sender: string;
  readonly batch: string;
  readonly records: number;
  readonly answers: number;
}

/** A year of twenty authorities through SFTP, on the engine's own scheduler, whose clock the test sets. */
/** The institution sends for all of them, and answers for those that are no senders. */
const MANDATES = AUTHORITIES.map((employer) => ({ employer }));

describe('a made-up year of lists', function () {
  this.timeout(600_000);
  let engine: TestEngine;
  const clients = new Map<string, TestClient>();
  const sets: PreparedSet[] = [];
  let year: ExpectedYear;
  let mailboxes: MailboxReader;
  /** Names in the OUT folders, and at which moment they were first seen there. */
  const seenInOut = new Map<string, string>();
  const fetched = new Map<string, { readonly dir: string; readonly names: readonly string[] }>();
  let ahead = 0;
  const clock = () => new Date(Date.now() + ahead);
  const setClock = (at: number) => {
    ahead = at - Date.now();
  };

  before(async () => {
    setClock(Date.parse(`${DAYS[0]}T10:00:00Z`));
    engine = await startEngine({ senders: [{ goals: GOALS, mandates: MANDATES }], driven: { clock, tickMs: 25 } });
    mailboxes = createMailboxReader(engine);
    await provisionAuthorities();
    clients.set(INSTITUTION, await openClient(engine));
    for (const [index, authority] of SENDING.entries())
      clients.set(authority, await openClient(engine, `ocmw${index}`));
    year = await expectedYear(await prepareYear(), ELECTRONIC);
    await live();
    for (const [authority, client] of clients) fetched.set(authority, await client.fetched());
  });
  after(() => engine?.stop());

  async function provisionAuthorities(): Promise<void> {
    const keys = { sshKeys: ['login.pub'], certificates: ['pki/sender.pem'], goals: ['OCMW', 'KNFB'] };
    const organisations = AUTHORITIES.map((enterpriseNumber, index) => {
      const language = LANGUAGES[index % 4] ?? '';
      const sender = aPlannedSender({ ...keys, number: `20000${index}`, login: `ocmw${index}` });
      const mailbox = { type: index % 2 === 0 ? 'institution' : 'enterprise' };
      const head = { enterpriseNumber, language, name: { [language]: `Bestuur é${index}` }, mailbox };
      const senders = SENDING.includes(enterpriseNumber) ? [sender] : [];
      return aPlannedOrganisation({ ...head, qualities: [{ code: 'ocmw', senders }] });
    });
    const plan = await writePlan(engine.dir, organisations, 'authorities.yaml');
    await provision(engine.db, plan, clock(), { goals: GOALS });
  }

  /** Writes and signs everything that will be sent, and gives the paths of the files. */
  async function prepareYear(): Promise<string[]> {
    const paths: string[] = [];
    for (const day of DAYS) for (const sender of clients.keys()) paths.push(...(await prepareSets(day, sender)));
    return paths;
  }

  async function prepareSets(day: string, sender: string): Promise<string[]> {
    const client = clients.get(sender) as TestClient;
    const number = sender === INSTITUTION ? '123456' : `20000${SENDING.indexOf(sender)}`;
    const files = filesOf(day, sender);
    const stems = files.map(({ goal }) => `${goal}.${number}.${day.replaceAll('-', '')}.00001.R`);
    for (const [at, stem] of stems.entries()) {
      await client.write(`FI.${stem}.1.1`, files[at]?.content ?? '');
      await client.sign(`FI.${stem}.1.1`);
      await client.write(`GO.${stem}.1`, '');
    }
    const batch = stems
      .map((stem) => `put FI.${stem}.1.1 IN/\nput FS.${stem}.1.1 IN/\nput GO.${stem}.1 IN/\n`)
      .join('');
    const count = (what: RegExp) => files.flatMap(({ content }) => content.match(what) ?? []).length;
    const [records, answers] = [count(/<\/(Payment|Decision|Event|Signal)>/g), count(/<\/Answer>/g)];
    if (batch !== '') sets.push({ day, sender, batch, records, answers });
    return stems.map((stem) => join(client.dir, `FI.${stem}.1.1`));
  }

  /** Lets the clock go from one moment at which something happens to the next. */
  async function live(): Promise<void> {
    const slots = new Set(year.documents.map(({ slot }) => slot));
    const moments = [...DAYS.map((day) => `${day}T11:00:00.000Z`), ...slots].toSorted();
    for (const moment of moments) {
      if (slots.has(moment)) await pass(moment);
      else await sendAll(moment);
    }
  }

  async function sendAll(moment: string): Promise<void> {
    setClock(Date.parse(moment));
    if (moment.startsWith('2028-06'))
      await switchOn(engine.db, { source: 'signals', authority: ELECTRONIC, from: '2028-07-01' });
    const today = sets.filter(({ day }) => day === moment.slice(0, 10));
    await Promise.all(today.map(({ sender, batch }) => clients.get(sender)?.sftp(batch)));
    const sent = sets.filter(({ day }) => day <= moment.slice(0, 10));
    await eventually(async () => {
      expect(await count('records')).to.equal(sent.reduce((sum, { records }) => sum + records, 0));
      expect(await count('record_answers')).to.equal(sent.reduce((sum, { answers }) => sum + answers, 0));
      expect(await count('outbox')).to.equal(0);
    }, PATIENCE);
  }

  const count = async (table: string) => Number((await engine.db(table).count({ n: '*' }))[0]?.['n']);

  /** Stops a minute before a slot, when all that was due before is done, and then passes it. */
  async function pass(slot: string): Promise<void> {
    for (const at of [Date.parse(slot) - MINUTE, Date.parse(slot) + 1_000]) {
      setClock(at);
      await eventually(() => settled(new Date(at).toISOString()), PATIENCE);
      await mailboxes.look();
      if (year.documents.some((one) => one.slot === slot && one.type === 'list-statement'))
        await Promise.all(
          SENDING.map((authority) => lookIntoOut(authority, at < Date.parse(slot) ? 'before' : 'after', slot)),
        );
    }
  }

  /** Every list has made what was due last, and nothing is on its way. */
  async function settled(now: string): Promise<void> {
    const wanted = new Map<string, string>();
    for (const { list, slot } of year.due) if (slot <= now && slot > (wanted.get(list) ?? '')) wanted.set(list, slot);
    const sql = "select list, max(slot) as slot from list_runs where state = 'done' group by list";
    const made = new Map((await rowsOf<Due>(engine.db, sql)).map(({ list, slot }) => [list, slot]));
    expect([...wanted].filter(([list, slot]) => made.get(list) !== slot)).to.deep.equal([]);
    expect(await count('outbox')).to.equal(0);
  }

  async function lookIntoOut(authority: string, when: 'before' | 'after', slot: string): Promise<void> {
    const listed = await clients.get(authority)?.sftp('ls -1 OUT\n');
    for (const [name] of (listed ?? '').matchAll(/FO\.MSTA\.[\w.]+/g)) {
      const key = `${authority} ${name}`;
      if (!seenInOut.has(key)) seenInOut.set(key, `${when} ${slot}`);
    }
  }

  it('puts every list of every period into the right mailboxes, with the totals of what was sent', () => {
    const { documents } = year;
    const inMailboxes = mailboxes.seen();
    const lists = Object.keys(engine.config.lists).filter((name) => engine.config.lists[name]);
    expect([...new Set(documents.map(({ list }) => list))]).to.have.members(lists);
    expect(inMailboxes.filter(({ fault }) => fault !== '')).to.deep.equal([]);
    const keys = ['list', 'type', 'period', 'authority', 'lines', 'corrections', 'cents', 'slot'];
    const [had, wanted] = [inMailboxes, documents].map((all) => all.map((one) => JSON.stringify(one, keys)));
    expect(wanted?.filter((one) => !had?.includes(one)).slice(0, 5), 'missing').to.deep.equal([]);
    expect(had?.filter((one) => !wanted?.includes(one)).slice(0, 5), 'too many').to.deep.equal([]);
    expect(had?.length).to.equal(wanted?.length);
  });

  it('puts them there within a minute of six o’clock on their day, also when the clocks change and on 29 February', () => {
    const inMailboxes = mailboxes.seen();
    const late = inMailboxes.filter(({ slot, receivedAt }) => {
      const waited = Date.parse(receivedAt) - Date.parse(slot);
      return waited < 0 || waited >= MINUTE;
    });
    expect(late.slice(0, 5)).to.deep.equal([]);
    const daily = new Map(
      inMailboxes.filter(({ list }) => list === 'blocked').map(({ period, slot }) => [period, slot]),
    );
    expect(
      ['2028-02-29', '2028-03-25', '2028-03-26', '2028-10-28', '2028-10-29'].map((day) => daily.get(day)),
    ).to.deep.equal([
      ...['2028-03-01T05:00:00.000Z', '2028-03-26T04:00:00.000Z', '2028-03-27T04:00:00.000Z'],
      ...['2028-10-29T05:00:00.000Z', '2028-10-30T05:00:00.000Z'],
    ]);
  });

  it('makes each list for each of its periods, also those without a document, once', async () => {
    const runs = await engine.db('list_runs').where('slot', '>', `${DAYS[0]}T11:00`);
    const had = runs.map(({ list, period, slot, state }) => `${list} ${period} ${slot} ${state}`);
    const wanted = year.due.map(({ list, period, slot }) => `${list} ${period} ${slot} done`);
    expect(had.toSorted()).to.deep.equal(wanted.toSorted());
  });

  it('places each statement of a sender in its OUT folder, on the same day and with the same lines, signed', async () => {
    for (const authority of SENDING) {
      const { dir = '', names = [] } = fetched.get(authority) ?? {};
      const had = [];
      for (const name of names.filter((one) => one.startsWith('FO.MSTA.'))) {
        expect(names).to.include.members([name.replace('FO', 'FS'), name.replace('FO', 'GO')]);
        const records = (await readFile(join(dir, name), 'utf8')).split('\r\n').slice(0, -1);
        const day = (name.split('.')[3] ?? '').replace(/(....)(..)(..)/, '$1-$2-$3');
        expect(seenInOut.get(`${authority} ${name}`)).to.match(new RegExp(`^after ${day}`));
        expect([...new Set(records.map((record) => [...record].length))]).to.deep.equal([111]);
        had.push({ day, law: records[0]?.slice(0, 1) ?? '', lines: records.map(statementLine).toSorted() });
      }
      const key = ({ day, law }: { day: string; law: string }) => day + law;
      const inOrder = <T extends { day: string; law: string }>(all: readonly T[]) =>
        all.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
      expect(inOrder(had)).to.deep.equal(inOrder(year.statements(authority)));
      expect(had.length).to.equal(36);
    }
  });

  it('answers every set with a positive receipt', async () => {
    for (const client of clients.values()) {
      const receipts = [...(await client.receipts()).values()];
      expect(receipts.filter(({ resultCode }) => resultCode !== '1')).to.deep.equal([]);
      expect(receipts.length).to.be.above(20);
    }
  });

  it('lets no record of the year be lost or counted twice', async () => {
    const found = await reconcileLists({ db: engine.db, clock, log: silentLogger() }, engine.config.lists);
    expect(found.filter(({ balanced }) => !balanced)).to.deep.equal([]);
  });

  it('brings each signal by one way, and closes each once', async () => {
    const mutations = fetched.get(ELECTRONIC)?.names.filter((name) => name.startsWith('FO.MUTA.')) ?? [];
    const days = DAYS.filter((day) => day > '2028-07' && day !== '2028-10-29').map((day) => day.replaceAll('-', ''));
    expect(mutations.map((name) => name.split('.')[3])).to.deep.equal(days);
    const answers = await engine.db('record_answers').orderBy('id');
    for (const { id, reference, closed_at } of await engine.db('records').where({ source: 'signals' })) {
      const outcomes = answers.filter((one) => one.record_id === id).map(({ outcome }) => outcome);
      const codes = year.sent.filter(({ goal, number }) => goal === 'KNFB' && number === reference);
      const closes = codes.some(({ code }) => code !== '03');
      expect(closed_at !== null, reference).to.equal(closes);
      const wanted = closes ? ['closed', 'repeated', 'contradicted'] : ['noted', 'repeated'];
      expect(outcomes, reference).to.deep.equal(codes.length === 0 ? [] : wanted);
    }
  });
});
