import { existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../config/package-root.ts';
import { eventually } from '../support/eventually.ts';
import { createVictim, type Victim } from '../support/victim.ts';
import type { Exit } from './ends.ts';

export interface EngineProcessOptions {
  readonly name: string;
  /** The arguments of `bode`. */
  readonly args: readonly string[];
  readonly dir: string;
  /** Called when it ends by itself; it is started again. */
  readonly onExit: (exit: Exit) => void;
  /** Aborted when nothing is to be started any more. */
  readonly signal: AbortSignal;
}

const START_MS = 60_000;
const AGAIN_AFTER_MS = 500;

/** `bode start` under a supervisor that starts it again when it ends by itself. Its log is NAME.log in `dir`. */
export function createEngineProcess({ name, args, dir, onExit, signal }: EngineProcessOptions): Victim {
  const logFile = join(dir, `${name}.log`);
  const { BODE_CONFIG: _, ...env } = process.env;
  let from = 0;
  const victim: Victim = createVictim({
    name,
    program: process.execPath,
    args: [join(packageRoot(), 'dist/scripts/bode.js'), ...args],
    cwd: dir,
    env,
    logFile,
    ready: () => eventually(() => requireStarted(logFile, from), START_MS),
    onLaunch() {
      from = existsSync(logFile) ? statSync(logFile).size : 0;
    },
    onExit(how) {
      onExit({ name, how, logFile });
      const again = delay(AGAIN_AFTER_MS, undefined, { signal });
      again.then(victim.launch).catch(() => undefined); // nothing is started any more
    },
  });
  return victim;
}

async function requireStarted(logFile: string, from: number): Promise<void> {
  const handle = await open(logFile, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(Math.max(0, size - from)), 0, undefined, from);
    if (!buffer.includes('"engine started"')) throw new Error('not started yet');
  } finally {
    await handle.close();
  }
}
