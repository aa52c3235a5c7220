// A process that carries out commands of `bode` one after the other, each as if in a process of its own, without loading
// the command line anew for each: see command-runner.ts. Nothing in the engine keeps state at module level, so that a
// command finds what it would find in a new process.
import type { Ran } from './command-line.ts';

/** What the process is told to run. */
export interface ToRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

const BODE = new URL('../../scripts/bode.js', import.meta.url).href;
const inherited = { ...process.env };
delete inherited['BODE_CONFIG'];
const written = { stdout: [] as string[], stderr: [] as string[] };
let count = 0;

process.exit = (status) => {
  throw new Exit(Number(status ?? process.exitCode ?? 0));
};
for (const name of ['stdout', 'stderr'] as const) {
  process[name].setMaxListeners(0); // each command adds its own
  process[name].write = (piece: string | Uint8Array) => {
    written[name].push(String(piece));
    return true;
  };
}

async function carryOut({ args, cwd, env }: ToRun): Promise<Ran> {
  process.chdir(cwd);
  process.env = { ...inherited, ...env };
  process.argv.splice(2, process.argv.length, ...args);
  process.exitCode = undefined;
  count += 1;
  const status = await import(`${BODE}?${count}`).then(
    () => Number(process.exitCode ?? 0), // the program runs when it is imported; under another name it does so again
    (error: unknown) => {
      if (error instanceof Exit) return error.status;
      throw error;
    },
  );
  const [stdout, stderr] = [written.stdout.splice(0).join(''), written.stderr.splice(0).join('')];
  return { status, stdout, stderr };
}

process.on('message', (told: ToRun) => void carryOut(told).then((ran) => process.send?.(ran)));
