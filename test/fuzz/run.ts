import { parseArgs } from 'node:util';
import { fuzz, type Result } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const USAGE = `Usage: npm run fuzz -- [--seconds N] [--seed N] [--target NAME] [--input HEX]

Damages what honest peers send and has every reader of it read that, for the seconds (60) shared among the targets. Nothing
may crash, take longer than five seconds, or make memory grow. A finding is printed with its seed and as hex, and the exit
status is 1; --target NAME --input HEX reads it again. Targets: ${Object.keys(TARGETS).join(', ')}.
`;

interface Run {
  readonly seconds: number;
  readonly seed: number;
  readonly names: readonly string[];
  readonly input?: Buffer;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Reads the command line; undefined when it is wrong or asks for help. */
function runOf(args: readonly string[], now: Date): Run | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(now.getTime() % 1_000_000) },
        target: { type: 'string' },
        input: { type: 'string' },
      },
    });
    const { seconds, seed, target, input } = values;
    const names = target === undefined ? Object.keys(TARGETS) : [target];
    const isKnown =
      names.every((name) => Object.hasOwn(TARGETS, name)) && (input === undefined || target !== undefined);
    if (!isKnown || ![seconds, seed].every((text) => /^\d{1,9}$/.test(text)) || Number(seconds) < 1) return undefined;
    return {
      seconds: Number(seconds),
      seed: Number(seed),
      names,
      ...(input !== undefined && { input: Buffer.from(input, 'hex') }),
    };
  } catch {
    return undefined; // an option that there is not
  }
}

async function main({ seconds, seed, names, input }: Run): Promise<boolean> {
  let clean = true;
  say(`seed ${seed}, ${seconds} s for ${names.join(', ')}`);
  for (const name of names) {
    const share = { name, seed, seconds: seconds / names.length, ...(input && { input }) };
    const result = await fuzz({ ...share, module: new URL('./targets.js', import.meta.url) });
    tell(name, seed, result);
    clean &&= result.kind === 'clean';
  }
  return clean;
}

function tell(name: string, seed: number, result: Result): void {
  for (const line of linesOf(name, seed, result)) say(line);
}

function linesOf(name: string, seed: number, result: Result): string[] {
  if (result.kind === 'clean') return [`${name}: ${result.inputs} inputs, ${mebibytes(result.grown)} MiB more in use`];
  return [
    `${name}: FOUND with seed ${seed}, turn ${result.turn}: ${result.why}`,
    `  npm run fuzz -- --target ${name} --input ${result.input.toString('hex')}`,
  ];
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

const run = runOf(process.argv.slice(2), new Date());
if (run) process.exitCode = (await main(run)) ? 0 : 1;
else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
