import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../config/package-root.ts';
import { openStore } from '../../engine/store/database.ts';
import { makeCertificate, type Pki } from '../../test/support/pki.ts';
import type { Contender } from './flow-contender.ts';
import type { FlowSender } from './flow-sets.ts';
import { createWatch, type NewlyDone } from './flow-watch.ts';
import type { Openssh } from './openssh.ts';

const SCHEMA = 'DmfAOriginal_20231.xsd';
const WORKERS = 2;

/** OpenSSH receives, and a shell script with standard programs does the rest, two sets at a time. */
export async function startPipeline(
  dir: string,
  pki: Pki,
  senders: readonly FlowSender[],
  openssh: Openssh,
): Promise<Contender> {
  const folderOf = (kind: string, { number }: FlowSender) => join(dir, kind, number);
  for (const sender of senders) {
    for (const kind of ['in', 'out']) mkdirSync(folderOf(kind, sender), { recursive: true });
  }
  for (const folder of ['kept', 'taken']) mkdirSync(join(dir, folder), { recursive: true });
  await placeMaterials(dir, pki);
  const script = join(packageRoot(), 'scripts', 'bench', 'flow-pipeline.sh');
  const child = spawn(script, [dir, String(WORKERS)], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await once(createInterface({ input: child.stdout! }), 'line');
  const db = openStore({ url: `sqlite:${join(dir, 'box.sqlite')}` });
  const newlyDone = (): NewlyDone => {
    let last = 0;
    return async () => {
      const rows = await db('messages').select('id', 'stem').where('id', '>', last);
      last = Math.max(last, ...rows.map(({ id }) => id));
      return rows.map(({ stem }) => stem);
    };
  };
  async function stop(): Promise<void> {
    await stopGroup(child);
    await db.destroy();
  }
  return {
    name: 'shell pipeline',
    entrance: (sender) => ({ login: openssh.login, folder: folderOf('in', sender) }),
    watch: (everyMs) => createWatch(newlyDone(), everyMs),
    processes: { 'shell and its programs': [child.pid ?? 0] },
    stop,
  };
}

/** The receipts are signed with a key of the engine's size. */
async function placeMaterials(dir: string, pki: Pki): Promise<void> {
  const issuer = { cert: pki.ca, key: join(pki.dir, 'ca.key') };
  const receipt = await makeCertificate(pki.dir, { name: 'receipt', issuer, key: 'rsa:2048' });
  copyFileSync(receipt.cert, join(dir, 'receipt.pem'));
  copyFileSync(receipt.key, join(dir, 'receipt.key'));
  copyFileSync(pki.ca, join(dir, 'ca.pem'));
  copyFileSync(join(packageRoot(), 'schemas', 'xsd', SCHEMA), join(dir, 'declaration.xsd'));
}

async function stopGroup(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await gone;
}

/** OpenSSH receives, and nobody does anything with the files: a set is done when its GO is acknowledged. */
export function receivingOnly(dir: string, senders: readonly FlowSender[], openssh: Openssh): Contender {
  for (const { number } of senders) mkdirSync(join(dir, number), { recursive: true });
  return {
    name: 'OpenSSH only',
    entrance: ({ number }) => ({ login: openssh.login, folder: join(dir, number) }),
    watch: () => ({ doneAt: new Map(), all: async () => undefined, stop: async () => undefined }),
    processes: {},
    stop: async () => undefined,
  };
}
