import { expect } from 'chai';
import { bode } from '../support/command-line.ts';
import { useBode } from '../support/command-runner.ts';
import { createTestDatabase, STORES, type StoreKind, type TestDatabase } from '../support/database.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { goalSender } from '../support/institution.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../support/provisioning.ts';
import { openClient } from '../support/sender.ts';
import * as loop from '../support/signal-loop.ts';

const Y = new Date().getFullYear() + 1; // ahead of whoever runs this, on either side of the half-year Y-10 to Y+1-02
const CLOCK = new URL('../support/command-clock.js', import.meta.url).href;
/** A goes from paper to the electronic way in the middle of the half-year, B stays on paper, C goes back to paper. */
const PLACES = {
  A: { number: '0403019261', sender: '200001' },
  B: { number: '0428759497', sender: '200002' },
  C: { number: '0212227189', sender: '200003' },
} as const;
type Place = keyof typeof PLACES;
const OTHER_LISTS = [
  ...['statement-leefloon', 'statement-equivalent', 'statement-employment', 'annual-leefloon', 'annual-equivalent'],
  ...['forms-received', 'blocked', 'overlaps', 'status-changes'],
];

for (const store of STORES) suite(store);

function suite(store: StoreKind): void {
  describe(`warning signals through a half-year, on paper and electronically (${store})`, function () {
    this.timeout(180_000);
    const runBode = useBode();
    const { clock, goTo } = loop.movableClock(`${Y}-09-15T09:00:00Z`);
    let database: TestDatabase;
    let engine: TestEngine;
    let institution: ReturnType<typeof goalSender>;
    let at: Record<Place, loop.Authority>;

    before(async () => {
      database = await createTestDatabase(store);
      const lists = Object.fromEntries(OTHER_LISTS.map((name) => [name, false]));
      const config = { store: { url: database.url }, lists };
      engine = await startEngine({ config, senders: [{ goals: ['KNIP'] }], driven: { clock, tickMs: 50 } });
      await provision();
      institution = goalSender(await openClient(engine), '123456', undefined, clock);
      const open = (place: Place) => loop.openAuthority(engine, PLACES[place], clock, runBode);
      at = { A: await open('A'), B: await open('B'), C: await open('C') };
    });
    after(async () => {
      await engine?.stop();
      await database?.remove();
    });

    const command = (...args: string[]) => runBode([...args, '--config', engine.configFile], engine.dir);
    /** A command of its own, whose clock is that of the engine. */
    const commandInTime = (...args: string[]) => {
      const env = { BODE_TEST_NOW: clock().toISOString(), NODE_OPTIONS: `--import=${CLOCK}` };
      return bode([...args, '--config', engine.configFile], engine.dir, env);
    };
    async function provision(suspended: readonly Place[] = []): Promise<void> {
      const organisations = Object.entries(PLACES).map(([place, { number, sender }]) => {
        const keys = { sshKeys: ['login.pub'], certificates: ['pki/other-sender.pem'], goals: ['KNFB'] };
        const state = suspended.includes(place as Place) ? { state: 'suspended' } : {};
        const planned = aPlannedSender({ number: sender, login: `sender-${sender}`, ...keys, ...state });
        const qualities = [{ code: 'ocmw', senders: [planned] }];
        return aPlannedOrganisation({ enterpriseNumber: number, name: { nl: `OCMW ${place}` }, qualities });
      });
      const { stderr, status } = await command(
        'provision',
        await writePlan(engine.dir, organisations, 'authorities.yaml'),
      );
      expect([status, stderr]).to.deep.equal([0, '']);
    }
    const electronic = async (place: Place, way: 'on' | 'off') => {
      const { stdout } = await commandInTime('signals', 'electronic', PLACES[place].number, way);
      return stdout.trim();
    };
    const count = async () => (await engine.db('records').where({ source: 'signals' })).length;
    /** The institution opens signals of these days; waits until they are taken in. */
    async function open(place: Place, signals: Record<string, string>, fresh = Object.keys(signals).length) {
      const before = await count();
      const receipt = await institution(loop.signalsOf(PLACES[place].number, signals, clock()));
      expect(receipt.errors).to.deep.equal([]);
      await eventually(async () => expect(await count()).to.equal(before + fresh));
    }
    async function sunday(month: string, ...lists: readonly (readonly [string, string])[]): Promise<void> {
      goTo(`${loop.firstSunday(month)}T09:00:00Z`);
      for (const [list, period] of lists) await loop.made(engine, list, period);
    }
    const went = async (place: Place, way: loop.Sighting['way'], period: string) =>
      (await at[place].look())
        .filter((one) => one.way === way && one.period === period)
        .map(({ signal, correctionOf }) => (correctionOf === '' ? signal : `${signal} of ${correctionOf}`))
        .toSorted();
    const sent = (place: Place, month: string, ...signals: string[]) =>
      eventually(async () => expect(await went(place, 'electronic', month)).to.deep.equal(signals));
    async function answer(place: Place, ...answers: (readonly [string, string])[]) {
      const { number, send } = at[place];
      expect((await send(loop.answersOf(number, answers, clock()))).errors).to.deep.equal([]);
    }
    async function sendBack(place: Place, list: string, codes: Record<string, string>) {
      const file = loop.filledIn(await at[place].list(list), codes);
      expect((await at[place].send(file)).errors).to.deep.equal([]);
    }
    const shown = async (signal: string) => JSON.parse((await command('signals', 'show', signal, '--json')).stdout);
    const answered = (signal: string, ...outcomes: string[]) =>
      eventually(async () => {
        const { answers, closedAt } = await shown(signal);
        expect(answers.map(({ code, outcome }: Record<string, string>) => `${code} ${outcome}`)).to.deep.equal(
          outcomes,
        );
        expect(closedAt !== null, `${signal} is closed`).to.equal(outcomes.some((one) => one.endsWith(' closed')));
      });

    it('switches from the next month on, and nobody whom nothing would reach', async () => {
      expect(await electronic('C', 'on')).to.equal(`${PLACES.C.number}: on from ${Y}-10-01 on`);
      expect(await electronic('C', 'on')).to.equal(`${PLACES.C.number}: it is on already`);
      const nobody = await commandInTime('signals', 'electronic', '0316380841', 'on');
      expect([nobody.status, nobody.stderr]).to.deep.equal([
        1,
        '0316380841 has no active sender of quality ocmw: nothing would reach it electronically\n',
      ]);
    });

    it('sends signals on the way of their authority, each once however often they are opened', async () => {
      goTo(`${Y}-10-10T09:00:00Z`);
      await open('A', { 'A-1': `${Y}-10-08`, 'A-2': `${Y}-10-08`, 'A-3': `${Y}-10-09` });
      await open('B', { 'B-1': `${Y}-10-08`, 'B-2': `${Y}-10-08`, 'B-3': `${Y}-10-08`, 'B-4': `${Y}-10-08` });
      await open('C', { 'C-1': `${Y}-10-08`, 'C-2': `${Y}-10-09` });
      await open('C', { 'C-1': `${Y}-10-08` }, 0);
      await sent('C', `${Y}-10`, 'C-1', 'C-2');
      await sunday(`${Y}-11`, ['signals-monthly', `${Y}-10`]);
      expect(await went('A', 'signals-monthly', `${Y}-10`)).to.deep.equal(['A-1', 'A-2', 'A-3']);
      expect(await went('B', 'signals-monthly', `${Y}-10`)).to.deep.equal(['B-1', 'B-2', 'B-3', 'B-4']);
    });

    it('takes answers by either way, whichever the signal came by, also repeated and contradicted', async () => {
      await sendBack('A', `signals-monthly ${Y}-10`, { 'A-1': '01', 'A-2': '03' });
      await answered('A-1', '01 closed');
      await answered('A-2', '03 noted');
      await answer('A', ['A-3', '02']); // it came on paper
      await answer('B', ['B-1', '02'], ['B-1', '02']);
      await answer('C', ['C-1', '01']);
      await answered('A-3', '02 closed');
      await answered('B-1', '02 closed', '02 repeated');
      await answered('C-1', '01 closed');
      goTo(`${Y}-11-20T09:00:00Z`);
      await sendBack('A', `signals-monthly ${Y}-10`, { 'A-1': '01', 'A-2': '03', 'A-3': '01' });
      await answered('A-2', '03 noted', '03 repeated');
      await answered('A-3', '02 closed', '01 contradicted');
      await answer('A', ['A-1', '02']);
      await answered('A-1', '01 closed', '01 repeated', '02 contradicted');
    });

    it('takes the list itself, filled in as a PDF: each answer once, however it was saved, and a refusal with its reason', async () => {
      const list = await at.B.pdf(`signals-monthly ${Y}-10`);
      const answers = { 'B-3': { Code: '1', Remark: 'déjà vu <=1>' }, 'B-4': { Code: '03' }, 'B-2': { Code: '77' } };
      const { ticket, errors } = await at.B.send(await loop.filledInPdf(list, answers));
      expect(errors).to.deep.equal([]);
      await answered('B-3', '01 closed');
      await answered('B-4', '03 noted');
      await answered('B-2');
      const [first] = (await shown('B-3')).answers;
      expect(first).to.include({ code: '01', remark: 'déjà vu <=1>' });
      const { forms } = JSON.parse((await command('submission', ticket, '--json')).stdout);
      const refused = forms.filter(({ outcome }: { outcome: string }) => outcome === 'refused');
      const [row] = refused.map(({ anomalies }: { anomalies: object[] }) => anomalies);
      expect([forms.length, refused.length]).to.deep.equal([3, 1]);
      expect(row).to.have.length(1);
      expect(row[0]).to.include({ value: '77', label: 'there is no such code', tagName: 'Code', line: 3 });
      const again = await loop.filledInPdf(list, { ...answers, 'B-4': { Code: '02' } }, 'packed');
      expect((await at.B.send(again)).errors).to.deep.equal([]);
      await answered('B-3', '01 closed', '01 repeated');
      await answered('B-4', '03 noted', '02 closed');
      const broken = await at.B.send({ goal: 'KNFB', content: list.subarray(0, 100) });
      expect([broken.resultCode, broken.errors]).to.deep.equal(['0', ['138']]);
    });

    it('closes a signal for its authority and nobody else', async () => {
      const stranger = await at.B.send(loop.answersOf(PLACES.A.number, [['A-2', '01']], clock()));
      expect([stranger.resultCode, stranger.errors]).to.deep.equal(['0', ['101']]);
      const refused = await at.B.send(loop.answersOf(PLACES.B.number, [['A-2', '01']], clock()));
      const { forms } = JSON.parse((await command('submission', refused.ticket, '--json')).stdout);
      expect(forms.map(({ outcome }: { outcome: string }) => outcome)).to.deep.equal(['refused']);
      await answered('A-2', '03 noted', '03 repeated');
    });

    it('lists a late signal of a paper month as a correction in the next list', async () => {
      await open('A', { 'A-4': `${Y}-10-30`, 'A-5': `${Y}-11-18` });
      await sunday(`${Y}-12`, ['signals-monthly', `${Y}-11`]);
      expect(await went('A', 'signals-monthly', `${Y}-11`)).to.deep.equal([`A-4 of ${Y}-10`, 'A-5']);
    });

    it('has the switch thrown in the middle of the half-year, either way, without a signal by two ways', async () => {
      goTo(`${Y}-12-15T09:00:00Z`);
      expect(await electronic('A', 'on')).to.equal(`${PLACES.A.number}: on from ${Y + 1}-01-01 on`);
      expect(await electronic('C', 'off')).to.equal(`${PLACES.C.number}: off from ${Y + 1}-01-01 on`);
      await open('A', { 'A-6': `${Y}-12-14` });
      await open('C', { 'C-3': `${Y}-12-14` });
      await sent('C', `${Y}-12`, 'C-3');
      expect(await went('A', 'electronic', `${Y}-12`)).to.deep.equal([]);
    });

    it('sends late signals by themselves when their day or their arrival is electronic', async () => {
      goTo(`${Y + 1}-01-01T12:00:00Z`); // before the list of December
      await open('A', { 'A-7': `${Y}-12-20`, 'A-8': `${Y}-09-20`, 'A-9': `${Y + 1}-01-01` });
      await open('C', { 'C-4': `${Y}-12-20`, 'C-5': `${Y + 1}-01-01` });
      await sent('A', `${Y + 1}-01`, 'A-7', 'A-8', 'A-9');
      await sent('C', `${Y + 1}-01`, 'C-4');
      await sunday(`${Y + 1}-01`, ['signals-monthly', `${Y}-12`]);
      expect(await went('A', 'signals-monthly', `${Y}-12`)).to.deep.equal(['A-6']);
      await sunday(`${Y + 1}-02`, ['signals-monthly', `${Y + 1}-01`]);
      expect(await went('C', 'signals-monthly', `${Y + 1}-01`)).to.deep.equal(['C-5']);
    });

    it('closes once what is answered by both ways at a time, and what went by the other way before the switch', async () => {
      const csv = { goal: 'KNFB', content: `CompanyID;SignalNumber;Code\r\n${PLACES.A.number};A-7;02\r\n` };
      const both = [at.A.send(csv), answer('A', ['A-7', '01'], ['A-6', '01'])];
      await Promise.all(both);
      await answered('A-6', '01 closed');
      await eventually(async () => {
        const outcomes = (await shown('A-7')).answers.map(({ outcome }: { outcome: string }) => outcome);
        expect(outcomes).to.deep.equal(['closed', 'contradicted']);
      });
      await answer('A', ['A-9', '03'], ['A-9', '01'], ['A-9', '03']);
      await answered('A-9', '03 noted', '01 closed', '03 contradicted');
      await answer('C', ['C-3', '02'], ['C-5', '03']);
      await answered('C-3', '02 closed');
    });

    it('summarises what is unanswered to whom it reached on paper in that half-year', async () => {
      await sunday(`${Y + 1}-03`, ['signals-monthly', `${Y + 1}-02`], ['signals-summary', `${Y}-H2`]);
      expect(await went('A', 'signals-summary', `${Y}-H2`)).to.deep.equal(['A-2', 'A-4', 'A-5']);
      expect(await went('B', 'signals-summary', `${Y}-H2`)).to.deep.equal(['B-2']);
      expect(await went('C', 'signals-summary', `${Y}-H2`)).to.deep.equal(['C-5']);
    });

    it('stops the summaries with the first whole half-year, and takes them up again after switching back', async () => {
      goTo(`${Y + 1}-04-10T09:00:00Z`);
      await open('C', { 'C-6': `${Y}-12-22` }); // of an electronic month, half a year later
      await sent('C', `${Y + 1}-04`, 'C-6');
      await provision(['A']);
      await open('A', { 'A-10': `${Y + 1}-04-09` }); // nobody would get it electronically
      await provision();
      await sunday(`${Y + 1}-05`, ['signals-monthly', `${Y + 1}-04`]);
      expect(await went('A', 'signals-monthly', `${Y + 1}-04`)).to.deep.equal(['A-10']);
      await sunday(`${Y + 1}-10`, ['signals-monthly', `${Y + 1}-09`], ['signals-summary', `${Y + 1}-H1`]);
      expect(await went('A', 'signals-summary', `${Y + 1}-H1`), 'what it got on paper').to.deep.equal(['A-10']);
      expect(await went('B', 'signals-summary', `${Y + 1}-H1`)).to.deep.equal(['B-2']);
      expect(await went('C', 'signals-summary', `${Y + 1}-H1`)).to.deep.equal(['C-2', 'C-4', 'C-5']);
    });

    it('has brought every signal by exactly one way in each period, and closed each at most once', async () => {
      const { items } = JSON.parse((await command('signals', '--limit', '100', '--json')).stdout);
      const sightings = (await Promise.all(Object.values(at).map((one) => one.look()))).flat();
      expect(items.length).to.equal(20);
      for (const { reference, authority } of items) {
        const own = sightings.filter(({ signal }) => signal === reference);
        expect(own.filter(({ way }) => way !== 'signals-summary').length, `${reference} of ${authority}`).to.equal(1);
        const ways = own.map(({ way, period }) => {
          const half = way === 'signals-summary' ? period : loop.halfOf(period);
          return `${half} ${way === 'electronic' ? 'electronic' : 'paper'}`;
        });
        const halves = new Set(ways.map((one) => one.split(' ')[0]));
        expect(new Set(ways).size, `${reference}: ${ways.join(', ')}`).to.equal(halves.size);
        const closed = (await shown(reference)).answers.filter(
          ({ outcome }: { outcome: string }) => outcome === 'closed',
        );
        expect(closed.length, reference).to.be.at.most(1);
      }
    });
  });
}
