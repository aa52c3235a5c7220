import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';
import type { Credentials } from './credentials.ts';

const BODE = fileURLToPath(new URL('../bode.js', import.meta.url));

/** The engine of the demo, in a process of its own, with its own directory and port. */
export interface DemoEngine {
  readonly pid: number;
  /** Lets it run on when this process ends. */
  leave(): void;
  stop(): Promise<void>;
}

/** Runs the command line with the demo's configuration. */
export function bode(dir: string, args: readonly string[]): Promise<string> {
  return run(process.execPath, [BODE, ...args, '--config', join(dir, 'bode.yaml')], { cwd: dir });
}

/** Writes the configuration and the provisioning file of the demo. */
export async function writeFiles(dir: string, port: number, credentials: Credentials): Promise<void> {
  const config = [
    'dataDir: ./data',
    `channels: { sftp: { host: 127.0.0.1, port: ${port} }, ftp: { port: 0 }, webservice: { port: 0 } }`,
    'observe: { enabled: false }',
    `trust: { anchors: [${JSON.stringify(credentials.ca)}] }`,
  ];
  await writeFile(join(dir, 'bode.yaml'), `${config.join('\n')}\n`);
  const provision = `organisations:
  - enterpriseNumber: "0206731645"
    name: { nl: Voorbeeld NV }
    language: nl
    email: ebox@example.be
    mailbox: { type: enterprise }
    qualities:
      - code: employer
        senders:
          - number: "123456"
            login: voorbeeld
            channels: [sftp]
            sshKeys: [${JSON.stringify(`${credentials.loginKey}.pub`)}]
            certificates: [${JSON.stringify(credentials.certificate)}]
            goals: [DMFA]
`;
  await writeFile(join(dir, 'provision.yaml'), provision);
}

/**
 * A port that nobody listens on now, below those that systems give to outgoing connections (Linux: from 32768, RFC 6056: from 49152),
 * as one of these could take it before its server does. Calls of a process within two seconds never give the same port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    await delay(2);
    const port = 10_000 + (Math.floor(performance.now() * 10 + process.pid * 97) % 22_000);
    if (await listens(port)) return port;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Starts the engine and resolves when its SFTP server takes connections; its log is in `engine.log`. */
export async function startEngine(dir: string, port: number): Promise<DemoEngine> {
  const logFile = openSync(join(dir, 'engine.log'), 'a');
  const args = [BODE, 'start', '--config', join(dir, 'bode.yaml')];
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', logFile, logFile], detached: true });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (child.exitCode !== null || tries > 150)
      throw new Error(`the engine did not start: see ${join(dir, 'engine.log')}`);
    await delay(100);
  }
  return {
    pid: child.pid ?? 0,
    leave: () => child.unref(),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
