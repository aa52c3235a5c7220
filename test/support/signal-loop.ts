import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import papaparse from 'papaparse';
import { packageRoot } from '../../config/package-root.ts';
import type { RunBode } from './command-runner.ts';
import type { TestEngine } from './engine.ts';
import { eventually } from './eventually.ts';
import { aGoalFile, type GoalFile, goalSender, type SentFile } from './institution.ts';
import { fieldsOf, filledPdf, type Saving } from './pdf-forms.ts';
import { openClient, type Receipt, type TestClient } from './sender.ts';
import { xmllint } from './xmllint.ts';

/** The shipped half-years, [October, February] and [March, September], by a month (YYYY-MM) in them. */
export function halfOf(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  if (number >= 10) return `${year}-H2`;
  return number < 3 ? `${year - 1}-H2` : `${year}-H1`;
}

/** The first Sunday of a month (YYYY-MM), as YYYY-MM-DD. */
export function firstSunday(month: string): string {
  const weekday = new Date(`${month}-01T00:00:00Z`).getUTCDay();
  return `${month}-${String(1 + ((7 - weekday) % 7)).padStart(2, '0')}`;
}

/** A clock that goes on, and can be put forward. */
export function movableClock(start: string) {
  let ahead = Date.parse(start) - Date.now();
  const clock = () => new Date(Date.now() + ahead);
  const goTo = (instant: string) => {
    ahead = Date.parse(instant) - Date.now();
  };
  return { clock, goTo };
}

/** How a signal reached an authority. */
export interface Sighting {
  readonly signal: string;
  readonly way: 'electronic' | 'signals-monthly' | 'signals-summary';
  /** YYYY-MM, or the name of the half-year for a summary. */
  readonly period: string;
  /** For a line that came late: the month that it is of. */
  readonly correctionOf: string;
}

/** One local authority: what reaches it, and how it answers. */
export interface Authority {
  readonly number: string;
  readonly client: TestClient;
  send(file: SentFile): Promise<Receipt>;
  /** Everything in its OUT folders and its mailbox, each once, in the order in which it was seen. */
  look(): Promise<readonly Sighting[]>;
  /** The list of this name in its mailbox, as CSV. */
  list(name: string): Promise<string>;
  /** The same as PDF. */
  pdf(name: string): Promise<Buffer>;
}

const FILE = /(signals-monthly|signals-summary)\.(\S+)\.\d{10}\.(csv|pdf)$/;

/** Opens an authority that is a sender; every mutation that it gets is checked against its schema. */
export async function openAuthority(
  engine: TestEngine,
  { number, sender }: { readonly number: string; readonly sender: string },
  clock: () => Date,
  runBode: RunBode,
): Promise<Authority> {
  const client = await openClient(engine, `sender-${sender}`);
  const seen: Sighting[] = [];
  const known = new Set<string>();
  const once = async (key: string, read: () => Promise<readonly Sighting[]>) => {
    if (known.has(key)) return;
    known.add(key);
    seen.push(...(await read()));
  };
  async function lists(format: 'csv' | 'pdf'): Promise<ReadonlyMap<string, string>> {
    const args = ['mailbox', number, '--save', join(engine.dir, `mailbox-${number}`), '--json'];
    const { stdout, stderr } = await runBode([...args, '--config', engine.configFile], engine.dir);
    expect(stderr).to.equal('');
    const paths: string[] = JSON.parse(stdout).items.flatMap(({ saved }: { saved: string[] }) => saved);
    return new Map(
      paths
        .filter((path) => FILE.exec(path)?.[3] === format)
        .map((path) => [FILE.exec(path)?.slice(1, 3).join(' ') ?? '', path]),
    );
  }
  async function look(): Promise<readonly Sighting[]> {
    const { dir, names } = await client.fetched();
    for (const name of names.filter((one) => one.startsWith('FO.MUTA.'))) {
      await once(name, async () => [await mutation(await readFile(join(dir, name), 'utf8'), number, clock())]);
    }
    for (const [key, path] of await lists('csv'))
      await once(key, async () => linesOf(key, await readFile(path, 'utf8'), number));
    return seen;
  }
  const list = async (name: string) => readFile((await lists('csv')).get(name) ?? `no list ${name}`, 'utf8');
  const pdf = async (name: string) => readFile((await lists('pdf')).get(name) ?? `no list ${name}`);
  return { number, client, send: goalSender(client, sender, engine.pki.otherSender, clock), look, list, pdf };
}

async function mutation(xml: string, authority: string, seenAt: Date): Promise<Sighting> {
  const [checked] = await xmllint(join(packageRoot(), 'schemas', 'xsd', 'Mutation_1.xsd'), [xml]);
  expect(checked?.valid, checked?.said).to.equal(true);
  expect(xml).to.contain(`<Authority>${authority}</Authority>`);
  const signal = /<SignalNumber>([^<]+)</.exec(xml)?.[1] ?? '';
  return { signal, way: 'electronic', period: seenAt.toISOString().slice(0, 7), correctionOf: '' };
}

function linesOf(key: string, csv: string, authority: string): Sighting[] {
  const [way = '', period = ''] = key.split(' ');
  return rowsOf(csv).map((row) => {
    expect(row['Bestuur']).to.equal(authority);
    return {
      signal: row['Knipperlicht'] ?? '',
      way: way as Sighting['way'],
      period,
      correctionOf: row['Correctie van'] ?? '',
    };
  });
}

/** The lines of a list in Dutch, by their titles. */
export function rowsOf(csv: string): Record<string, string>[] {
  const text = csv.replace('\ufeff', '');
  const { data, errors } = papaparse.parse<Record<string, string>>(text, {
    header: true,
    delimiter: ';',
    skipEmptyLines: true,
  });
  expect(errors).to.deep.equal([]);
  return data;
}

/** A list as it is sent back: with codes filled in, by signal. */
export function filledIn(csv: string, codes: Readonly<Record<string, string>>): GoalFile {
  const rows = rowsOf(csv).map((row) => ({ ...row, Code: codes[row['Knipperlicht'] ?? ''] ?? '' }));
  return { goal: 'KNFB', content: `${papaparse.unparse(rows, { delimiter: ';', newline: '\r\n' })}\r\n` };
}

/** The same as a PDF: with fields filled in, by signal, in whatever program. */
export async function filledInPdf(
  pdf: Buffer,
  answers: Readonly<Record<string, { readonly Code: string; readonly Remark?: string }>>,
  saving?: Saving,
): Promise<SentFile> {
  const keys = (await fieldsOf(pdf)).filter(({ name }) => name.startsWith('SignalNumber_'));
  const texts = keys.flatMap(({ name, value }) =>
    Object.entries(answers[value] ?? {}).map(([field, text]) => [`${field}_${name.split('_')[1]}`, text]),
  );
  return { goal: 'KNFB', content: await filledPdf(pdf, Object.fromEntries(texts), saving) };
}

/** Answers as XML: one form for each signal and code. */
export function answersOf(authority: string, answers: readonly (readonly [string, string])[], now: Date): GoalFile {
  const forms = answers.map(([SignalNumber, Code]) => ({
    form: { CompanyID: authority },
    records: [{ SignalNumber, Code }],
  }));
  return aGoalFile('KNFB', ['Answers', 'Answer'], forms, now);
}

/** Signals as the institution opens them: number and day (YYYY-MM-DD) for each authority. */
export function signalsOf(authority: string, signals: Readonly<Record<string, string>>, now: Date): GoalFile {
  const records = Object.entries(signals).map(([SignalNumber, day]) => ({
    ...{ SignalNumber, Day: day.replaceAll('-', ''), Origin: 'pensions', DossierNumber: SignalNumber.replace('-', '') },
    ...{ INSS: '93051822361', Name: 'Dupont Élodie', Text: 'other income' },
  }));
  return aGoalFile('KNIP', ['Signals', 'Signal'], [{ form: { CompanyID: authority }, records }], now);
}

/** Waits until the run of a list for a period is done. */
export async function made(engine: TestEngine, list: string, period: string): Promise<void> {
  await eventually(async () => {
    const rows = await engine.db('list_runs').where({ list, period, state: 'done' });
    expect(rows.length, `${list} ${period}`).to.equal(1);
  }, 20_000);
}
