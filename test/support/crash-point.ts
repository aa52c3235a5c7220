import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PreparedEngine } from './engine.ts';
import { eventually } from './eventually.ts';
import { requireListening } from './ports.ts';

/** Something that the engine does with the world, and what it does it with. */
export interface CrashStep {
  readonly at: 'before' | 'after';
  /**
   * `statement`: one SQL statement, quotes left out, its texts after it. `commit`: all statements of the transaction.
   * `publish` (after: confirmed), `ack`: queue and body of a message. `reply`: what an SFTP client is sent.
   */
  readonly what: 'statement' | 'commit' | 'publish' | 'ack' | 'reply';
  /** A regular expression over that; a dot stands for a line end, too. */
  readonly matching: string;
}

/** Where a process kills itself: at the last step, when the others were passed in this order. */
export interface CrashPlan {
  readonly steps: readonly CrashStep[];
  /** Written, and synced, just before. */
  readonly file: string;
}

/** Holds the plan of a process that is armed from the beginning, in JSON. */
export const CRASH_VARIABLE = 'BODE_TEST_CRASH';

/** An engine in a process of its own that can be told to die at one point. */
export interface TrappedEngine {
  /** Starts it without a trap unless it runs; resolves when its SFTP server takes connections. */
  start(): Promise<void>;
  /** Starts it with a trap from its first statement on. */
  startArmed(...steps: CrashStep[]): void;
  /** From now on it kills itself at this point. */
  arm(...steps: CrashStep[]): Promise<void>;
  /** Resolves when it has died; rejects when that was not at the point, or not within 20 s. */
  died(): Promise<void>;
  /** Ends it by SIGTERM. */
  stop(): Promise<void>;
}

const BODE = fileURLToPath(new URL('../../scripts/bode.js', import.meta.url));
const TRAP = new URL('./crash-trap.js', import.meta.url).href;
const WITHIN_MS = 20_000;

/** Prepares `bode start` with the trap loaded; the log of all its lives is `engine.log` in the engine's directory. */
export function createTrappedEngine(engine: PreparedEngine): TrappedEngine {
  let child: ChildProcess | undefined;
  let plans = 0;
  let file = '';

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  function launch(env: NodeJS.ProcessEnv): void {
    const log = openSync(join(engine.dir, 'engine.log'), 'a');
    child = spawn(process.execPath, ['--import', TRAP, BODE, 'start', '--config', engine.configFile], {
      cwd: engine.dir,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
  }

  function planOf(steps: readonly CrashStep[]): CrashPlan {
    plans += 1;
    file = join(engine.dir, `crash-${plans}`);
    return { steps, file };
  }

  async function start(): Promise<void> {
    if (isRunning()) return;
    launch({});
    await eventually(() => requireListening(engine.port), 20_000);
  }

  async function arm(...steps: CrashStep[]): Promise<void> {
    child?.send(planOf(steps));
    await once(child!, 'message');
  }

  const startArmed = (...steps: CrashStep[]) => launch({ [CRASH_VARIABLE]: JSON.stringify(planOf(steps)) });

  async function died(): Promise<void> {
    if (isRunning()) await once(child!, 'exit', { signal: AbortSignal.timeout(WITHIN_MS) }).catch(() => undefined);
    const reached = await readFile(file, 'utf8').catch(() => 'nothing');
    if (child?.signalCode !== 'SIGKILL' || reached === 'nothing') {
      throw new Error(`the process did not die at its point: ${child?.signalCode ?? child?.exitCode}, ${reached}`);
    }
  }

  async function stop(): Promise<void> {
    if (!isRunning()) return;
    child?.kill('SIGTERM');
    await once(child!, 'exit');
  }

  return { start, startArmed, arm, died, stop };
}
