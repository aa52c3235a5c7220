import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './command.ts';
import type { Credentials } from './credentials.ts';

export interface SenderOptions {
  readonly dir: string;
  readonly port: number;
  readonly login: string;
  readonly credentials: Credentials;
}

/** The demo's sender: what a real one does with `openssl` and `sftp`. */
export interface DemoSender {
  /** How to log in by hand. */
  readonly command: string;
  /** Signs the declaration and puts FI, FS and GO; resolves when the GO is acknowledged. */
  send(stem: string, declaration: string): Promise<void>;
  /** Waits until the trio of each goal is in OUT, fetches it, and gives its files by goal. */
  fetch(goals: readonly string[], withinMs: number): Promise<Map<string, string>>;
}

/** A sender that works with the programs that real senders use. */
export function createSender({ dir, port, login, credentials }: SenderOptions): DemoSender {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', `UserKnownHostsFile=${join(dir, 'known_hosts')}`];
  const args = ['-q', '-P', String(port), '-i', credentials.loginKey, ...options.flatMap((option) => ['-o', option])];
  const target = `${login}@127.0.0.1`;
  const sftp = (batch: string) => run('sftp', [...args, '-b', '-', target], { cwd: dir, input: batch });

  async function send(stem: string, declaration: string): Promise<void> {
    await writeFile(join(dir, `FI.${stem}.1.1`), declaration);
    const { certificate, signingKey } = credentials;
    const signer = ['-signer', certificate, '-inkey', signingKey, '-outform', 'DER', '-out', 'signature.der'];
    await run('openssl', ['cms', '-sign', '-binary', '-in', `FI.${stem}.1.1`, ...signer], { cwd: dir });
    await run('openssl', ['base64', '-in', 'signature.der', '-out', `FS.${stem}.1.1`], { cwd: dir });
    await writeFile(join(dir, `GO.${stem}.1`), '');
    await sftp(`put FI.${stem}.1.1 IN/\nput FS.${stem}.1.1 IN/\nput GO.${stem}.1 IN/\n`);
  }

  async function fetch(goals: readonly string[], withinMs: number): Promise<Map<string, string>> {
    const deadline = Date.now() + withinMs;
    const wanted = goals.map((goal) => `GO.${goal}.`);
    let listing = '';
    while (!wanted.every((name) => listing.includes(name))) {
      if (Date.now() > deadline) throw new Error(`no answer in OUT after ${withinMs} ms`);
      await delay(200);
      listing = await sftp('ls -1 OUT\n');
    }
    await mkdir(join(dir, 'received'), { recursive: true });
    await sftp('get OUT/* received/\n');
    const names = await readdir(join(dir, 'received'));
    return new Map(goals.map((goal) => [goal, join(dir, 'received', nameOf(names, goal))]));
  }

  return { command: `sftp ${args.slice(1).join(' ')} ${target}`, send, fetch };
}

function nameOf(names: readonly string[], goal: string): string {
  const name = names.find((candidate) => candidate.startsWith(`FO.${goal}.`));
  if (name === undefined) throw new Error(`no ${goal} came out`);
  return name;
}
