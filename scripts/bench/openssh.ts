import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.ts';
import type { ClientKey, Login } from '../../test/support/sftp-client.ts';
import { freePort } from '../demonstration/engine.ts';

/** OpenSSH's server on a free port of this machine, with the keys of its own. */
export interface Openssh {
  readonly login: Login;
  readonly child: ChildProcess;
}

/** Starts `sshd` with its internal SFTP server for the user who runs this; `dir` holds its configuration. Needs root. */
export async function startOpenssh(dir: string, key: ClientKey, host: ClientKey): Promise<Openssh> {
  const port = await freePort();
  const config = join(dir, 'sshd_config');
  writeFileSync(join(dir, 'authorized_keys'), key.publicKey);
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${host.file}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
  ];
  mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn('/usr/sbin/sshd', ['-D', '-f', config], { stdio: 'ignore' });
  await eventually(() => reach(port));
  return { child, login: { port, login: userInfo().username, key } };
}

async function reach(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Ends a child process and waits until it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
