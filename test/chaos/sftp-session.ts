import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Who logs in, and with which key. */
export interface Account {
  readonly number: string;
  readonly login: string;
  /** Path of the private key. */
  readonly key: string;
}

/** How a session of OpenSSH's `sftp -b` went. */
export interface SessionResult {
  /** Commands that were carried out: each is known to be when the next one begins. */
  readonly done: number;
  /** Commands that were begun. */
  readonly begun: number;
  readonly ok: boolean;
  /** Its last words, when it failed. */
  readonly error: string;
}

export interface SessionOptions {
  /** The client is killed when it is aborted. */
  readonly signal?: AbortSignal;
  /** The client is killed so long after it has begun this command (from 1), as by a power cut at the sender's. */
  readonly dies?: { readonly at: number; readonly afterMs: number };
  /** And when it takes longer than this; default 40 s. */
  readonly patienceMs?: number;
}

const CONNECTION = [
  ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'],
  // a server that stands still is given up, as a careful sender does
  ...['IdentitiesOnly=yes', 'ConnectTimeout=4', 'ServerAliveInterval=3', 'ServerAliveCountMax=2'],
].flatMap((option) => ['-o', option]);

/** Runs a batch of sftp commands, one a line; it ends at the first that fails unless that begins with a hyphen. */
export async function sftpSession(
  account: Account,
  port: number,
  batch: readonly string[],
  { signal, dies, patienceMs = 40_000 }: SessionOptions = {},
): Promise<SessionResult> {
  const target = ['-i', account.key, '-P', String(port), '-b', '-', `${account.login}@127.0.0.1`];
  const child = spawn('sftp', ['-q', '-F', '/dev/null', ...CONNECTION, ...target], { detached: true });
  const kill = () => killGroup(child);
  const timer = setTimeout(kill, patienceMs);
  signal?.addEventListener('abort', kill);
  const begun = countBegun(child, (count) => dies?.at === count && setTimeout(kill, dies.afterMs));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => undefined); // it may end before it has read everything
  child.stdin.end(`${batch.join('\n')}\n`);
  const [err, code] = await Promise.all([text(child.stderr), ended]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', kill);
  const ok = code === 0;
  return {
    ok,
    begun: begun(),
    done: ok ? batch.length : Math.max(0, begun() - 1),
    error: ok ? '' : lastWords(err, code),
  };
}

/** The client and the `ssh` that it has started. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

/** Counts the commands that the client echoes, each when it begins; gives how many so far. */
function countBegun({ stdout }: ChildProcess, onBegun: (count: number) => unknown): () => number {
  let count = 0;
  let line = '';
  stdout?.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (line + piece).split('\n');
    line = lines.pop() ?? '';
    for (const whole of lines) {
      if (!whole.startsWith('sftp> ')) continue;
      count += 1;
      onBegun(count);
    }
  });
  return () => count;
}

/** What it said last; that the connection is closed is no reason. */
function lastWords(err: string, code: number | null): string {
  const lines = err.split('\n').map((line) => line.trim().replace(/ port \d+$/, ''));
  const reasons = lines.filter((line) => line !== '' && line !== 'Connection closed');
  return reasons.at(-1) ?? (code === null ? 'killed' : 'Connection closed');
}
