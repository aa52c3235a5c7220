import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { EngineError } from '../core/errors.ts';
import { describeMistakes, type Mistake } from '../core/mistakes.ts';
import type { Db } from '../store/database.ts';
import { applyPlan, type Change, type ProvisionOptions, rulesOf } from './provision.ts';
import { createPlanReader, type Plan, type ProvisionReading } from './provision-file.ts';

/** How often each action was taken. */
export type ChangeCounts = Readonly<Record<Change['action'], number>>;

const BATCH = 200; // organisations of one transaction
const LINE_BYTES = 4 * 1024 * 1024;
const MOST_MISTAKES = 100;

/**
 * Makes the registry agree with a file of JSON Lines: one organisation a line, as in the YAML file, in the order of
 * their enterprise numbers. Memory does not grow with the file. Every line is checked before the first change; then
 * 200 organisations at a time are applied, each such part whole or not at all, so a file that meets a conflict in the
 * store half-way is applied up to there, and again from the start when it is mended: what is done stays as it is.
 * Throws provision_invalid with the first 100 mistakes and their lines.
 */
export async function provisionLines(
  db: Db,
  path: string,
  now: Date,
  options: ProvisionOptions = {},
): Promise<ChangeCounts> {
  const read = createPlanReader(rulesOf(resolve(path, '..'), now, options));
  const mistakes: Mistake[] = [];
  let last = '';
  for await (const { at, reading } of readings(path, read)) {
    const own = reading.kind === 'mistakes' ? reading.mistakes : orderFaults(reading.plan, last);
    mistakes.push(...own.map((mistake) => ({ ...mistake, path: `line ${at}: ${mistake.path}` })));
    if (reading.kind === 'plan') last = reading.plan.organisations[0]?.enterpriseNumber ?? last;
    if (mistakes.length >= MOST_MISTAKES) break;
  }
  if (mistakes.length > 0)
    throw new EngineError('provision_invalid', describeMistakes(path, mistakes.slice(0, MOST_MISTAKES)));
  return applyAll(db, path, now, { ...options, read });
}

async function applyAll(
  db: Db,
  path: string,
  now: Date,
  options: ProvisionOptions & { read: Read },
): Promise<ChangeCounts> {
  const counts = { added: 0, changed: 0, removed: 0, kept: 0, warning: 0 };
  let batch: Plan['organisations'] = [];
  let first = 1;

  async function flush(next: number): Promise<void> {
    const plan = { kind: 'plan', plan: { organisations: batch }, warnings: [] } as const;
    const changes = await applyPlan(db, `${path}, from line ${first}`, { organisations: batch }, plan, now, options);
    for (const { action } of changes) counts[action] += 1;
    batch = [];
    first = next;
  }

  for await (const { at, reading } of readings(path, options.read)) {
    if (reading.kind === 'mistakes')
      throw new EngineError('provision_invalid', `${path}: line ${at} has changed meanwhile`);
    batch.push(...reading.plan.organisations);
    if (batch.length >= BATCH) await flush(at + 1);
  }
  if (batch.length > 0) await flush(first);
  return counts;
}

type Read = (content: unknown) => ProvisionReading;

async function* readings(
  path: string,
  read: Read,
): AsyncGenerator<{ readonly at: number; readonly reading: ProvisionReading }> {
  let at = 0;
  for await (const line of linesOf(path)) {
    at += 1;
    if (line.trim() !== '') yield { at, reading: readLine(line, read) };
  }
}

/** The lines of a file; of one that is too long only as much as shows that it is. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > LINE_BYTES) break;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new EngineError('provision_invalid', `${path}: cannot be read (${code})`);
  }
  yield rest;
}

function readLine(line: string, read: Read): ProvisionReading {
  const wrong = (reason: string): ProvisionReading => ({
    kind: 'mistakes',
    mistakes: [{ path: '', reason, allowed: 'one organisation, as JSON' }],
  });
  if (line.length > LINE_BYTES) return wrong(`longer than ${LINE_BYTES} characters`);
  try {
    return read({ organisations: [JSON.parse(line)] });
  } catch {
    return wrong('not JSON');
  }
}

/** So that none stands twice, which would else be seen only by remembering all. */
function orderFaults({ organisations: [organisation] }: Plan, last: string): Mistake[] {
  if (organisation && organisation.enterpriseNumber > last) return [];
  return [
    {
      path: 'enterpriseNumber',
      reason: 'it does not come after the one of the line before',
      allowed: 'lines in their order, each number once',
    },
  ];
}
