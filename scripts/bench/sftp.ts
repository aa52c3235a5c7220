import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ClientKey, type Login, openDesk, sftp } from '../../test/support/sftp-client.ts';
import type { Figure } from '../bench.ts';
import { makeLargeFile, makeSmallFiles } from './files.ts';
import { median } from './flow-run.ts';
import { startOpenssh, stopChild } from './openssh.ts';

const PAIRS = 3;
const SMALL_FILES = 5_000;

/** A server to measure: how to log in, and where to put files. */
interface Target {
  readonly login: Login;
  readonly folder: string;
  /** Takes away what the last run has put there. */
  clear(): Promise<void>;
}

interface Bench {
  readonly ours: Target;
  readonly openssh: Target;
  readonly large: string;
  readonly small: readonly string[];
}

/**
 * Uploads with the real `sftp` client to our server, in a process of its own with store, hashing and durable rows, and
 * to OpenSSH's (which hashes and syncs nothing), on the same file system, in turn; medians. Needs root for sshd.
 */
export async function* benchSftp(): AsyncIterable<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'bode-bench-'));
  const desk = openDesk();
  const running: ChildProcess[] = [];
  try {
    const key = desk.newKey();
    const large = makeLargeFile(dir, 'large');
    const small = makeSmallFiles(dir, SMALL_FILES);
    const bench = {
      ours: await startOurs(dir, key, running),
      openssh: await openTarget(dir, key, desk.newKey(), running),
      large,
      small,
    };
    yield await compare(bench, '1 GiB upload', [`put ${large}`], 1024, 'MiB/s', 0.75);
    yield await compare(
      bench,
      '5000 × 4 KiB uploads',
      small.map((file) => `put ${file}`),
      SMALL_FILES,
      'files/s',
      0.7,
    );
  } finally {
    for (const child of running) await stopChild(child);
    rmSync(dir, { recursive: true, force: true });
    desk.remove();
  }
}

async function startOurs(dir: string, key: ClientKey, running: ChildProcess[]): Promise<Target> {
  const program = fileURLToPath(new URL('./sftp-server.js', import.meta.url));
  mkdirSync(join(dir, 'ours'));
  writeFileSync(join(dir, 'key.pub'), key.publicKey);
  const child = spawn(process.execPath, [program, join(dir, 'ours'), join(dir, 'key.pub')], {
    stdio: ['ignore', 'pipe', openSync(join(dir, 'ours.log'), 'w')],
  });
  running.push(child);
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const login = { port: Number(line), login: 'bench', key };
  return { login, folder: 'IN', clear: async () => void (await sftp(login, ['-rm IN/*'])) };
}

async function openTarget(dir: string, key: ClientKey, host: ClientKey, running: ChildProcess[]): Promise<Target> {
  const { login, child } = await startOpenssh(dir, key, host);
  running.push(child);
  const folder = join(dir, 'openssh');
  mkdirSync(folder);
  const clear = async () => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  };
  return { login, folder, clear };
}

async function compare(
  { ours, openssh }: Bench,
  name: string,
  commands: readonly string[],
  amount: number,
  unit: string,
  bar: number,
): Promise<Figure> {
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    mine.push(amount / (await seconds(ours, commands)));
    theirs.push(amount / (await seconds(openssh, commands)));
  }
  const [value, reference] = [median(mine), median(theirs)];
  const ratio = value / reference;
  return { bench: 'sftp', case: name, value, unit, reference, ratio, bar, ok: ratio >= bar };
}

async function seconds({ login, folder, clear }: Target, commands: readonly string[]): Promise<number> {
  await clear();
  const from = performance.now();
  const { code, stderr } = await sftp(login, [`cd ${folder}`, ...commands]);
  const took = (performance.now() - from) / 1000;
  if (code !== 0) throw new Error(`sftp failed: ${stderr}`);
  return took;
}
