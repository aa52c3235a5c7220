import type { Figure } from '../bench.ts';
import type { Contender } from './flow-contender.ts';
import { quantile } from './flow-run.ts';
import type { Step } from './flow-stages.ts';

/** What one contender came to, over all rounds. */
export interface Result {
  readonly contender: Contender;
  readonly rate: number;
  readonly burst: readonly number[];
  readonly paced: readonly number[];
  /** Submissions a second when each is sent by a client that logs in for it, as an employer's does. */
  readonly loginRate: number;
  readonly cpu: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

const SHELL_BAR = 2;
const RECEIVING_BAR = 0.3;

/** What is said of the engine, beside both references; the bars are for the best of several. */
export function* figuresOf(ours: Result, shell: Result, receiving: Result, best: boolean): Iterable<Figure> {
  const { name } = ours.contender;
  yield rated(`${name}: rate against the shell pipeline`, ours.rate, shell.rate, best ? SHELL_BAR : null);
  yield rated(`${name}: rate against OpenSSH merely receiving`, ours.rate, receiving.rate, best ? RECEIVING_BAR : null);
  const each = `${name}: rate with a log-in for each`;
  yield rated(`${each}, against the shell pipeline so`, ours.loginRate, shell.loginRate, best ? SHELL_BAR : null);
  const receivingBar = best ? RECEIVING_BAR : null;
  yield rated(`${each}, against OpenSSH merely receiving so`, ours.loginRate, receiving.loginRate, receivingBar);
  for (const [how, share] of [
    ['median', 0.5],
    ['p99', 0.99],
  ] as const) {
    yield faster(
      `${name}: ${how} of single ones against the shell pipeline`,
      quantile(ours.paced, share),
      quantile(shell.paced, share),
    );
    yield faster(
      `${name}: ${how} under full load against the shell pipeline`,
      quantile(ours.burst, share),
      quantile(shell.burst, share),
    );
  }
  for (const [what, ms] of Object.entries(ours.cpu)) yield alone(`${name}: CPU of one submission, ${what}`, ms, 'ms');
  const all = ours.steps.reduce((sum, { ms }) => sum + ms, 0);
  for (const step of ours.steps)
    yield alone(`${name}: share of the time, ${step.name} (${step.ms.toPrecision(3)} ms)`, (step.ms / all) * 100, '%');
}

function rated(name: string, value: number, reference: number, bar: number | null): Figure {
  const ratio = value / reference;
  return {
    bench: 'flow',
    case: name,
    value,
    unit: 'submissions/s',
    reference,
    ratio,
    bar,
    ok: bar === null || ratio >= bar,
  };
}

/** A time; its ratio says how many times as fast as the reference it is. */
function faster(name: string, value: number, reference: number): Figure {
  return { bench: 'flow', case: name, value, unit: 'ms', reference, ratio: reference / value, bar: null, ok: true };
}

function alone(name: string, value: number, unit: string): Figure {
  return { bench: 'flow', case: name, value, unit, reference: null, ratio: null, bar: null, ok: true };
}
