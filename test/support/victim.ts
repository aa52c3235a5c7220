import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { awaitGone, descendantsOf, signalEach } from './process-tree.ts';

/** How a program is run. */
export interface VictimSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What asks it to end in good order; SIGTERM when absent. */
  readonly stopSignal?: NodeJS.Signals;
  /** Run as this user. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What it prints is added to this file. */
  readonly logFile: string;
  /** Resolves when the process does its work; asked after every start. */
  ready(pid: number): Promise<void>;
  /** Called before every start. */
  onLaunch?(): void;
  /** Called when it ends without having been told to. */
  onExit?: OnExit;
}

/** How a process ended: with this status, or by this signal. */
export type Ending = number | NodeJS.Signals;

/** Hears how a process ended by itself, and where its log is. */
export type OnExit = (how: string, logFile: string) => void;

/** A program in a process of its own that a test kills, stops and starts again. Not to be called twice at once. */
export interface Victim {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Starts it, unless it runs; it is not ready yet when this returns. */
  launch(): void;
  /** Resolves when it is ready; rejects when it ends before. */
  ready(): Promise<void>;
  /** SIGKILL to it and everything below it; resolves when all are gone. */
  kill(): Promise<void>;
  /** SIGKILL to the newest process below it; false when there is none. */
  killChild(): Promise<boolean>;
  /** SIGSTOP to it and everything below it. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Asks it to end in good order, and SIGKILL when it is still there after `patienceMs`; says how it ended, undefined when it did not run. */
  terminate(patienceMs: number): Promise<Ending | undefined>;
}

/** Makes a victim; nothing runs yet. */
export function createVictim(spec: VictimSpec): Victim {
  let child: ChildProcess | undefined;
  let expected = false;

  function launch(): void {
    if (child) return;
    spec.onLaunch?.();
    const log = openSync(spec.logFile, 'a');
    const started = spawn(spec.program, [...spec.args], {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ['ignore', log, log],
      detached: true, // a Ctrl-C at the terminal is for the test, which then stops everything in order
      ...spec.user,
    });
    closeSync(log);
    child = started;
    expected = false;
    started.on('error', (error) => ended(started, String(error)));
    started.on('exit', (code, signal) => ended(started, signal ?? `exit ${code}`));
  }

  function ended(which: ChildProcess, how: string): void {
    if (which !== child) return;
    child = undefined;
    if (!expected) spec.onExit?.(how, spec.logFile);
  }

  async function tree(): Promise<number[]> {
    const pid = child?.pid;
    return pid === undefined ? [] : [pid, ...(await descendantsOf(pid))];
  }

  async function kill(): Promise<void> {
    expected = true;
    child?.kill('SIGSTOP'); // else a child that it makes meanwhile would survive it
    const pids = await tree();
    signalEach(pids, 'SIGKILL');
    await awaitGone(pids);
    child = undefined;
  }

  async function killChild(): Promise<boolean> {
    const newest = (await tree()).slice(1).slice(-1);
    signalEach(newest, 'SIGKILL');
    return newest.length > 0;
  }

  async function terminate(patienceMs: number): Promise<Ending | undefined> {
    const ending = child;
    if (!ending) return undefined;
    expected = true;
    const pids = await tree();
    const exit = once(ending, 'exit', { signal: AbortSignal.timeout(patienceMs) });
    ending.kill(spec.stopSignal ?? 'SIGTERM');
    const [status, by] = await exit.catch(() => [null, 'SIGKILL' as const]);
    signalEach(pids, 'SIGKILL');
    await awaitGone(pids);
    child = undefined;
    return status ?? by;
  }

  async function ready(): Promise<void> {
    const waiting = child;
    if (!waiting?.pid) throw new Error(`${spec.name} does not run`);
    const gone = new AbortController();
    const exit = once(waiting, 'exit', { signal: gone.signal }).then(([code]) => {
      throw new Error(`${spec.name} ended with ${code} before it was ready: see ${spec.logFile}`);
    });
    try {
      await Promise.race([spec.ready(waiting.pid), exit]);
    } finally {
      gone.abort();
      exit.catch(() => undefined); // it was asked for no longer
    }
  }

  /** Again until no process is left that was not stopped: while the tree is read, the first ones still have children. */
  async function freeze(): Promise<void> {
    const stopped = new Set<number>();
    for (let fresh = await tree(); fresh.length > 0; fresh = (await tree()).filter((pid) => !stopped.has(pid))) {
      signalEach(fresh, 'SIGSTOP');
      for (const pid of fresh) stopped.add(pid);
    }
  }

  return {
    name: spec.name,
    get pid() {
      return child?.pid;
    },
    launch,
    ready,
    kill,
    killChild,
    freeze,
    thaw: async () => signalEach(await tree(), 'SIGCONT'),
    terminate,
  };
}

/** A server in a process of its own: where it listens, and the process that can be killed. */
export interface VictimServer {
  readonly port: number;
  readonly url: string;
  readonly victim: Victim;
}
