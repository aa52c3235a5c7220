import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../config/package-root.ts';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command line in a directory, with nothing of Bode's in its environment. */
export function spawnBode(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const { BODE_CONFIG: _, ...inherited } = process.env;
  return spawn(process.execPath, [join(packageRoot(), 'dist/scripts/bode.js'), ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the built command line to its end. */
export async function bode(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawnBode(args, cwd, env);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout: await stdout, stderr: await stderr };
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of stream ?? []) pieces.push(String(piece));
  return pieces.join('');
}
