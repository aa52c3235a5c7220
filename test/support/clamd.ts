import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

/** What the signatures of this clamd find: harmless text. */
export const INFECTED = 'BODE-TEST-FILE-THAT-IS-TAKEN-FOR-A-VIRUS';
/** What it calls it. */
export const SIGNATURE = 'Bode.Test.Signature';

/** Debian's clamd with signatures of our own, on a socket of its own. */
export interface RealClamd {
  readonly socket: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

/** Prepares one in a directory; nothing runs yet. */
export async function prepareClamd(dir: string, settings: Readonly<Record<string, string>> = {}): Promise<RealClamd> {
  const [database, socket, config] = ['signatures', 'clamd.sock', 'clamd.conf'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(database, { recursive: true });
  await writeFile(join(database, 'local.ndb'), `${SIGNATURE}:0:*:${Buffer.from(INFECTED).toString('hex')}\n`);
  const all = { LocalSocket: socket, DatabaseDirectory: database, Foreground: 'yes', ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} ${value}\n`);
  await writeFile(config, lines.join(''));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    await rm(socket, { force: true });
    child = spawn('/usr/sbin/clamd', ['--config-file', config], { stdio: 'ignore' });
    await eventually(() => answers(socket), 30_000);
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  return { socket, start, kill };
}

async function answers(path: string): Promise<void> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
