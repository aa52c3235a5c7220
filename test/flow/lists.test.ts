import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { protocolTime } from '../../engine/core/calendar.ts';
import { addDays, periodBefore, periodOf } from '../../engine/lists/period.ts';
import { switchOn } from '../../engine/records/electronic.ts';
import { storyOf } from '../../engine/submissions/story.ts';
import { bode } from '../support/command-line.ts';
import { useBode } from '../support/command-runner.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { aGoalFile, goalSender } from '../support/institution.ts';
import { aPayment } from '../support/lists.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { xmllint } from '../support/xmllint.ts';

const OWN = '0206731645';
const OTHER = '0403019261';
const today = protocolTime(new Date()).date;
const month = { kind: 'month' } as const;
const last = periodBefore(month, periodOf(month, today));
const YearMonth = last.name.replace('-', '');
async function faultIn(path: string, schema: string): Promise<string> {
  const [result] = await xmllint(join(packageRoot(), 'schemas', 'xsd', schema), [await readFile(path)]);
  return result?.valid ? '' : `invalid: ${result?.said}`;
}

/** What the lines of a log say of lists. */
const toldBy = (log: string) =>
  log.split('\n').flatMap((line) => {
    const { list, msg } = line === '' ? {} : JSON.parse(line);
    return list === undefined ? [] : [msg];
  });

const compact = (day: string) => day.replaceAll('-', '');

describe('lists of an institution', () => {
  const runBode = useBode(); // commands of lists hear signals: they have processes of their own
  let engine: TestEngine;
  let client: TestClient;
  let send: ReturnType<typeof goalSender>;

  before(async () => {
    const config = {
      sources: { signals: { alone: { quality: 'employer' } } }, // the one sender of this test is authority and institution
      lists: { 'statement-leefloon': { out: { quality: 'employer' } } },
    };
    engine = await startEngine({ config, senders: [{ goals: ['PAYM', 'OCMW', 'EVNT', 'KNIP', 'KNFB'] }] });
    client = await openClient(engine);
    send = goalSender(client);
  });
  after(() => engine?.stop());

  const records = (source: string, count: number) =>
    eventually(async () => {
      const rows = await engine.db('records').where({ source });
      expect(rows.length).to.equal(count);
      return rows;
    });
  const bodeJson = async (...args: string[]) => {
    const run = args[0] === 'signals' ? runBode : bode;
    const ran = await run([...args, '--json', '--config', engine.configFile], engine.dir);
    return JSON.parse(ran.stdout);
  };
  const payments = (form: string, ...list: Record<string, string>[]) => ({
    form: { CompanyID: form, Nis: '44021' },
    records: list.map(({ Nis: _, ...payment }) => orderOf(payment)),
  });
  const orderOf = ({ Law = '', DossierNumber = '', INSS = '', ...rest }: Record<string, string>) => {
    const {
      Reference = '',
      AmountType = '',
      FirstDay = '',
      LastDay = '',
      BudgetArticle = '',
      Sign = '',
      Amount = '',
      Category = '',
      Name = '',
    } = rest;
    return {
      Law,
      YearMonth,
      DossierNumber,
      INSS,
      Reference,
      AmountType,
      FirstDay,
      LastDay,
      BudgetArticle,
      Sign,
      Amount,
      Category,
      Name,
    };
  };

  it('takes in payments as XML and as CSV, each line once, and answers both like any submission', async () => {
    const paid = aPayment({ YearMonth });
    const xml = aGoalFile(
      'PAYM',
      ['Payments', 'Payment'],
      [
        payments(
          OWN,
          { ...paid, DossierNumber: '1' },
          { ...paid, DossierNumber: '2', Sign: '-', Amount: '00000460', Name: 'A &amp; B' },
        ),
        payments(OTHER, { ...paid, DossierNumber: '3' }),
      ],
    );
    expect((await send(xml)).errors).to.deep.equal([]);
    const titles = ['Name', 'CompanyID', 'Nis', ...Object.keys(orderOf(paid)).slice(0, -1)];
    const row = Object.values(orderOf({ ...paid, DossierNumber: '4' })).slice(0, -1);
    const lines = [titles, ['"Dupont; Élodie"', OWN, '44021', ...row], ["'=cmd", OWN, '44021', ...row]];
    const csv = lines.map((cells) => cells.join(';')).join('\r\n');
    const receipt = await send({ goal: 'PAYM', content: `${csv}\r\n` });
    expect(receipt.errors).to.deep.equal([]);
    const rows = await records('payments', 5);
    const names = rows.map(({ fields }) => JSON.parse(fields).Name).toSorted();
    expect(names).to.deep.equal(['=cmd', 'A & B', 'Dupont Élodie', 'Dupont Élodie', 'Dupont; Élodie'].toSorted());
    expect((await storyOf(engine.db, receipt.ticket))?.forms.map(({ outcome }) => outcome)).to.deep.equal(['accepted']);
  });

  it('says at which line of the CSV something is wrong', async () => {
    const paid = orderOf({ ...aPayment(), Amount: '12' });
    const csv = [
      ['CompanyID', 'Nis', ...Object.keys(paid)],
      [OWN, '44021', ...Object.values(paid)],
    ];
    const receipt = await send({ goal: 'PAYM', content: csv.map((cells) => cells.join(',')).join('\n') });
    expect(receipt.resultCode).to.equal('0');
    const story = await storyOf(engine.db, receipt.ticket);
    expect(story?.receipt?.errors.map(({ line, element }) => [line, element])).to.deep.include([2, 'Amount']);
    expect((await send({ goal: 'PAYM', content: 'Law,Name\n1,x\n' })).errors).to.deep.equal(['138']);
  });

  it('makes the statement: mailbox, signed trio in OUT, every format right', async () => {
    const made = await bode(
      ['lists', 'run', 'statement-leefloon', last.name, '--config', engine.configFile],
      engine.dir,
    );
    expect(made.stdout).to.contain('2 documents with 5 lines');
    expect(toldBy(made.stderr)).to.deep.equal(['list made']);
    const trio = await eventually(async () => {
      const { dir, names } = await client.fetched();
      const found = names.filter((name) => name.includes('.MSTA.999999.'));
      expect(found.map((name) => name.slice(0, 2))).to.deep.equal(['FO', 'FS', 'GO']);
      return join(dir, found[0] ?? '');
    });
    const statement = (await readFile(trio, 'utf8')).split('\r\n').slice(0, -1);
    expect(statement.map((record) => [...record].length)).to.deep.equal([111, 111, 111, 111]);
    expect(statement.map((record) => record.slice(71, 80))).to.deep.equal([
      '+00001460',
      '-00000460',
      '+00001460',
      '+00001460',
    ]);
    const saved = join(engine.dir, 'saved');
    await bode(['mailbox', OWN, '--save', saved, '--config', engine.configFile], engine.dir);
    const folder = join(saved, (await readdir(saved))[0] ?? '');
    const xml = (await readdir(folder)).find((name) => name.endsWith('.xml')) ?? '';
    expect(await faultIn(join(folder, xml), 'List_1.xsd')).to.equal('');
    expect(await readFile(join(folder, xml), 'utf8')).to.contain('<Total field="Amount">3920</Total>');
  });

  it('is made once, shows no difference, and agrees with its records', async () => {
    const again = await bode(
      ['lists', 'run', 'statement-leefloon', last.name, '--config', engine.configFile],
      engine.dir,
    );
    expect(again.stdout).to.contain('made before, 2 documents');
    const compared = await bode(
      ['lists', 'diff', 'statement-leefloon', last.name, '--config', engine.configFile],
      engine.dir,
    );
    expect([compared.stdout, toldBy(compared.stderr)]).to.deep.equal(['no difference\n', ['list compared']]);
    const replacing = ['lists', 'run', 'statement-leefloon', last.name, '--replace', '--config', engine.configFile];
    const replaced = await bode(replacing, engine.dir);
    expect([replaced.stdout, toldBy(replaced.stderr)]).to.deep.equal([
      `statement-leefloon ${last.name}: 0 documents replaced\n`,
      ['list replaced'],
    ]);
    const { items } = await bodeJson('lists', 'reconcile');
    expect(items.find(({ list }: { list: string }) => list === 'statement-leefloon')).to.include({
      balanced: true,
      records: 5,
      listed: 5,
    });
    const early = await bode(
      ['lists', 'run', 'statement-leefloon', today.slice(0, 7), '--config', engine.configFile],
      engine.dir,
    );
    expect([early.status, early.stderr]).to.deep.equal([
      1,
      `${today.slice(0, 7)} is not over before ${periodOf(month, today).until}: look at it with --preview\n`,
    ]);
  });

  it('checks decisions, with the codes that are configured, and lists refused ones too', async () => {
    const decision = {
      ...{ FormType: 'B', Law: '1', DossierNumber: '1', INSS: '93051822361', Name: 'X', DecisionDate: compact(today) },
      ...{ EffectiveDate: `${compact(today).slice(0, 6)}15`, Category: '1', Status: '0', Sequence: '1' },
    };
    const form = { CompanyID: OWN, Nis: '44021' };
    const late = { ...decision, DecisionDate: compact(addDays(today, -120)), INSS: '93051822362' };
    const receipt = await send(
      aGoalFile(
        'OCMW',
        ['Decisions', 'Decision'],
        [
          { form, records: [decision] },
          { form, records: [late] },
        ],
      ),
    );
    expect(receipt.errors).to.deep.equal([]);
    const rows = (await records('forms', 2)).map(({ fields }) => JSON.parse(fields));
    expect(rows.map(({ Outcome, Codes }) => [Outcome, Codes])).to.deep.equal([
      ['accepted', '324211'],
      ['refused', '00024-001 90601-001 324211'],
    ]);
  });

  describe('warning signals', () => {
    const signal = (SignalNumber: string, CompanyID = OWN) => ({
      form: { CompanyID },
      records: [
        {
          SignalNumber,
          Day: compact(today),
          Origin: 'pensions',
          DossierNumber: '1',
          INSS: '93051822361',
          Name: 'X',
          Text: 'income',
        },
      ],
    });
    const answer = (SignalNumber: string, Code: string) => ({
      form: { CompanyID: OWN },
      records: [{ SignalNumber, Code }],
    });
    const shown = (number: string) => bodeJson('signals', 'show', number);

    it('are refused when they are of no day that there is', async () => {
      const wrong = signal('S0');
      const forms = [{ ...wrong, records: wrong.records.map((one) => ({ ...one, Day: '20270229' })) }];
      const { ticket, errors } = await send(aGoalFile('KNIP', ['Signals', 'Signal'], forms));
      expect(errors).to.deep.equal([]);
      const story = await storyOf(engine.db, ticket);
      expect(story?.forms.map(({ outcome, anomalies }) => [outcome, anomalies[0]?.errorId])).to.deep.equal([
        ['refused', '90901-001'],
      ]);
    });

    it('are opened once, and each answer is accepted or refused with a reason', async () => {
      const signals = aGoalFile('KNIP', ['Signals', 'Signal'], [signal('S1'), signal('S2'), signal('S3', OTHER)]);
      expect((await send(signals)).errors).to.deep.equal([]);
      await records('signals', 3);
      const answers = [
        answer('S1', '01'),
        answer('S2', '03'),
        answer('S2', '99'),
        answer('S3', '01'),
        answer('S9', '01'),
      ];
      const { ticket } = await send(aGoalFile('KNFB', ['Answers', 'Answer'], answers));
      const story = await storyOf(engine.db, ticket);
      expect(
        story?.forms.map(({ outcome, anomalies }) => [outcome, ...anomalies.map(({ errorId }) => errorId)]),
      ).to.deep.equal([
        ...[['accepted'], ['accepted']],
        ...[
          ['refused', '90701-002'],
          ['refused', '90701-001'],
          ['refused', '90701-001'],
        ],
      ]);
      await eventually(async () => expect((await shown('S2')).answers.length).to.equal(1));
      const outcomes = async (number: string) =>
        (await shown(number)).answers.map((one: { outcome: string }) => one.outcome);
      expect([await outcomes('S1'), await outcomes('S2'), await outcomes('S3')]).to.deep.equal([
        ['closed'],
        ['noted'],
        [],
      ]);
      const open = (await bodeJson('signals', 'list', '--open')).items.map(
        ({ reference }: { reference: string }) => reference,
      );
      expect(open).to.deep.equal(['S2', 'S3']);
    });

    it('are answered by the list itself, filled in and sent back', async () => {
      const out = join(engine.dir, 'preview');
      const period = today.slice(0, 7);
      const args = [
        'lists',
        'run',
        'signals-monthly',
        period,
        '--preview',
        '--out',
        out,
        '--config',
        engine.configFile,
      ];
      const previewed = await bode(args, engine.dir);
      expect(previewed.stdout).to.contain('nothing published');
      expect(toldBy(previewed.stderr)).to.deep.equal(['list previewed']);
      const csv = await readFile(join(out, `signals-monthly.${period}.${OWN}.csv`), 'utf8');
      const lines = csv.trimEnd().split('\r\n');
      const at = (lines[0] ?? '').split(';').indexOf('Code');
      expect(at).to.be.above(0);
      const filled = lines.map((line) => {
        const cells = line.split(';');
        if (cells.includes('S2')) cells[at] = '2';
        return cells.map((cell) => (/^0\d*$/.test(cell) ? String(Number(cell)) : cell)).join(';'); // as a spreadsheet saves it
      });
      const { errors, ticket } = await send({ goal: 'KNFB', content: `${filled.join('\r\n')}\r\n` });
      expect(errors).to.deep.equal([]);
      expect((await storyOf(engine.db, ticket))?.forms.length, 'lines without an answer are left out').to.equal(1);
      await eventually(async () => expect((await shown('S2')).answers.at(-1)?.outcome).to.equal('closed'));
    });

    it('go out one by one to an authority that gets them electronically, and are in no list then', async () => {
      await switchOn(engine.db, { source: 'signals', authority: OWN, from: `${today.slice(0, 7)}-01` });
      await send(aGoalFile('KNIP', ['Signals', 'Signal'], [signal('S4'), signal('S5', OTHER), signal('S1')]));
      await records('signals', 5);
      const mutation = await eventually(async () => {
        const { dir, names } = await client.fetched();
        const found = names.filter((name) => name.startsWith('FO.MUTA.'));
        expect(found.length).to.equal(1);
        return join(dir, found[0] ?? '');
      });
      expect(await faultIn(mutation, 'Mutation_1.xsd')).to.equal('');
      expect(await readFile(mutation, 'utf8')).to.contain('<SignalNumber>S4</SignalNumber>');
      const { items } = await bodeJson('signals', 'list');
      expect(
        items.filter(({ alone }: { alone: boolean }) => alone).map(({ reference }: { reference: string }) => reference),
      ).to.deep.equal(['S4']);
    });
  });
});
