import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Login, openSftp } from '../../test/support/sftp-client.ts';
import type { FlowSet } from './flow-sets.ts';

/** When a set was sent, by `performance.now()`. */
export interface Sent {
  readonly firstPut: number;
  /** The client began to put the GO. */
  readonly goPut: number;
  /** The server had acknowledged the GO: the client went on. */
  readonly goDone: number;
}

/** One log-in of OpenSSH's `sftp`, which puts the files of one sender, one after the other. */
export interface Session {
  /** Puts sets and tells when each was sent, by stem; with `everyMs` begins one each so many ms, else one after the other. */
  send(sets: readonly FlowSet[], everyMs?: number): Promise<Map<string, Sent>>;
  close(): Promise<void>;
}

/** Logs in and goes to a folder; resolves when that is done, so that no log-in is measured. */
export async function openSession(login: Login, folder: string): Promise<Session> {
  const child = openSftp(login);
  const gone = once(child, 'close');
  const said: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => said.push(bytes));
  const lines = createInterface({ input: child.stdout! });
  const type = (commands: readonly string[]) => child.stdin?.write(`${commands.join('\n')}\n`);
  const refusal = () => new Error(`sftp ended: ${Buffer.concat(said).toString().trim()}`);

  async function send(sets: readonly FlowSet[], everyMs?: number): Promise<Map<string, Sent>> {
    const watch = createStopwatch();
    const done = follow(lines, sets.length, watch.take, refusal);
    for (const { files } of sets) {
      type([...files.map((file) => `put ${file}`), MARK]);
      if (everyMs !== undefined) await delay(everyMs);
    }
    await done;
    return watch.sent;
  }

  async function close(): Promise<void> {
    child.stdin?.end();
    await gone;
  }

  const there = follow(lines, 1, () => undefined, refusal);
  type([`cd ${folder}`, MARK]);
  await there;
  return { send, close };
}

const MARK = 'pwd'; // answered by the client alone, once all before it is done

/** Reads lines until so many marks were answered; rejects when the client ends before. */
function follow(
  lines: Interface,
  marks: number,
  take: (line: string, at: number) => void,
  refusal: () => Error,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = marks;
    const end = () => lines.off('line', read).off('close', fail);
    const fail = () => {
      end();
      reject(refusal());
    };
    const read = (line: string) => {
      take(line, performance.now());
      if (line.startsWith('Remote working directory')) left -= 1;
      if (left > 0) return;
      end();
      resolve();
    };
    lines.on('line', read).on('close', fail);
  });
}

/** Tells from the commands that `sftp` echoes as it begins them when each was begun, and so when the one before had ended. */
function createStopwatch() {
  const sent = new Map<string, Sent>();
  let firstPut = 0;
  let go: { readonly stem: string; readonly goPut: number } | undefined;

  return {
    sent,
    take(line: string, at: number): void {
      if (!line.startsWith('sftp> ')) return;
      if (go) sent.set(go.stem, { firstPut, goPut: go.goPut, goDone: at });
      go = undefined;
      const [, role, stem = ''] = /\/(FI|GO)\.([^/]+?)\.\d(?:\.\d)?$/.exec(line) ?? [];
      if (role === 'FI') firstPut = at;
      if (role === 'GO') go = { stem, goPut: at };
    },
  };
}
