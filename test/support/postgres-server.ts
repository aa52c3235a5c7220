import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/demonstration/command.ts';
import { eventually } from './eventually.ts';
import { createVictim, type OnExit, type VictimServer } from './victim.ts';

const VERSIONS = '/usr/lib/postgresql';
const READY_MS = 60_000;

/**
 * Makes a PostgreSQL of its own in `dir`, with everything that keeps what is committed (fsync, full_page_writes) on; not
 * started yet. When this is root it runs as `postgres`, who must be able to reach `dir`.
 */
export async function createPostgres(dir: string, port: number, onExit?: OnExit): Promise<VictimServer> {
  const bin = newestBin();
  const user = process.getuid?.() === 0 ? userOf('postgres') : undefined;
  mkdirSync(dir, { recursive: true });
  if (user) chownSync(dir, user.uid, user.gid);
  const data = join(dir, 'data');
  await initialise(join(bin, 'initdb'), data, user !== undefined);
  const network = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
  const settings = [...network, 'recovery_init_sync_method=syncfs']; // one call after a crash, not one a file
  const ping = [join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]] as const;
  const victim = createVictim({
    name: 'postgresql',
    program: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    cwd: dir,
    logFile: `${dir}.log`,
    stopSignal: 'SIGINT', // "fast": at SIGTERM it waits until every client has gone by itself
    ready: (pid) =>
      eventually(async () => {
        await requireReady(data, pid);
        await run(...ping);
      }, READY_MS),
    ...(user && { user }),
    ...(onExit && { onExit }),
  });
  return { port, url: `postgres://bode@127.0.0.1:${port}/postgres`, victim };
}

async function initialise(initdb: string, data: string, asRoot: boolean): Promise<void> {
  const as = asRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const command = [...as, initdb, '-D', data, '-U', 'bode', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  await run(command[0] ?? '', command.slice(1), { cwd: join(data, '..') });
}

/** The server says in its pid file that it has started; the file of one that was killed has another pid. */
async function requireReady(data: string, pid: number): Promise<void> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'latin1')).split('\n');
  if (Number(lines[0]) !== pid || lines[7]?.trim() !== 'ready') throw new Error('PostgreSQL is not ready');
}

function newestBin(): string {
  const [newest] = readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a));
  return join(VERSIONS, newest ?? '', 'bin');
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
