import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { bode, type Ran } from './command-line.ts';
import type { ToRun } from './command-runner-process.ts';

/** Runs a command of `bode` to its end. */
export type RunBode = typeof bode;

const PROCESS = new URL('./command-runner-process.js', import.meta.url);

/**
 * `bode` for a suite that runs it often, called where the suite is defined. The first command has a process of its own;
 * the others are carried out one after the other by one process, which ends with the suite: starting is what takes long.
 * Not for commands that hear signals.
 */
export function useBode(): RunBode {
  let runner: ChildProcess | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let begun = false;

  after('the commands end', async () => {
    await turn;
    if (!runner || !isRunning(runner)) return;
    const exit = once(runner, 'exit');
    runner.kill();
    await exit;
  });

  async function carryOut(told: ToRun): Promise<Ran> {
    runner ??= fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    if (!isRunning(runner)) throw new Error('the process that runs commands has ended');
    const over = new AbortController();
    const ended = once(runner, 'exit', over).then(([status]) => {
      throw new Error(`the process that runs commands ended with ${status}`);
    });
    const answered = once(runner, 'message', over);
    runner.send(told);
    try {
      const [ran] = await Promise.race([answered, ended]);
      return ran;
    } finally {
      over.abort();
      for (const promise of [ended, answered]) promise.catch(() => undefined); // nobody waits for it any more
    }
  }

  return (args, cwd, env = {}) => {
    if (!begun) {
      begun = true;
      return bode(args, cwd, env);
    }
    const ran = turn.then(() => carryOut({ args, cwd, env }));
    turn = ran.catch(() => undefined);
    return ran;
  };
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;
