import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Db } from '../store/database.ts';
import { type Alert, markRefused, markTold, type Transition, type Untold, untoldTransitions } from './alert-rows.ts';

const WITHIN_MS = 10_000;
const TRIES = 3;
const AT_ONCE = 100;

export interface TellOptions {
  /** The program and its arguments; no shell has a part in it. */
  readonly command: readonly string[];
  readonly db: Db;
  readonly log: Logger;
  /** Between two of them it may end. */
  proceed(): void;
  /** Default 10,000 ms; a program that takes longer is killed. */
  readonly withinMs?: number;
}

/**
 * Tells the operator's program of every transition, at least once each (twice when the process dies in between), in
 * order. One that the program fails to take is tried again the next time, three times in all; each failure is logged.
 */
export async function tellTransitions(options: TellOptions): Promise<void> {
  for (const untold of await untoldTransitions(options.db, AT_ONCE)) {
    options.proceed();
    await tell(options, untold);
  }
}

async function tell({ command, db, log, withinMs = WITHIN_MS }: TellOptions, untold: Untold): Promise<void> {
  const { alert, transition, refused } = untold;
  try {
    await runProgram(command, alertJson(alert, transition), withinMs);
    await markTold(db, untold);
  } catch (error) {
    const last = refused + 1 >= TRIES;
    log.error({ alert: alert.name, transition, reason: messageOf(error), givenUp: last }, 'alert program failed');
    await (last ? markTold(db, untold) : markRefused(db, untold));
  }
}

/** What the program reads on its standard input: one line of JSON. */
export function alertJson(alert: Alert, transition: Transition): string {
  const { id, name, subject, detail, raisedAt, clearedAt } = alert;
  return `${JSON.stringify({ id, transition, name, subject, detail, raisedAt, ...(transition === 'cleared' && { clearedAt }) })}\n`;
}

/** Runs a program with this input; rejects unless it ends with status 0 within the time. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  input: string,
  withinMs: number,
): Promise<void> {
  const { PATH = '', HOME = '', LANG = 'C.UTF-8' } = process.env; // ours may hold secrets
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH, HOME, LANG },
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined); // a program need not read
  child.stdin.end(input);
  const [status, signal] = await once(child, 'exit');
  if (status !== 0)
    throw new Error(signal === null ? `status ${status}` : `ended by ${signal}, after ${withinMs} ms at most`);
}
