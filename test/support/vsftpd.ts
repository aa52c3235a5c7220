import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { FOLDERS } from '../../engine/landing/folders.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { eventually } from './eventually.ts';

/** A vsftpd that gives everybody who comes the directory of one sender. */
export interface Vsftpd {
  readonly port: number;
  stop(): Promise<void>;
}

const NOBODY = 65_534;

/**
 * Starts Debian's vsftpd on a directory with the six folders. As root it runs as nobody, to whom the folders are given,
 * so that engine and daemon are two users who share a group by the setgid bit of the OUT folders.
 */
export async function startVsftpd(dir: string, work: string): Promise<Vsftpd> {
  const port = await freePort();
  const other = process.getuid?.() === 0;
  mkdirSync(join(work, 'empty'), { recursive: true, mode: 0o555 });
  const config = join(work, 'vsftpd.conf');
  writeFileSync(config, configOf(dir, join(work, 'empty'), port));
  if (other) giveAway(dir, work, config);
  const child = spawn('/usr/sbin/vsftpd', [config], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ...(other ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  await eventually(() => answers(port), 10_000);
  return { port, stop: () => end(child) };
}

function configOf(dir: string, empty: string, port: number): string {
  const settings = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    run_as_launching_user: 'YES',
    anonymous_enable: 'YES',
    no_anon_password: 'YES',
    local_enable: 'NO',
    write_enable: 'YES',
    anon_upload_enable: 'YES',
    anon_other_write_enable: 'YES',
    anon_world_readable_only: 'NO',
    anon_umask: '007',
    anon_root: dir,
    ftp_username: 'nobody',
    nopriv_user: 'nobody',
    secure_chroot_dir: empty,
    seccomp_sandbox: 'NO',
    xferlog_enable: 'NO',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return lines.join('');
}

/** The folders belong to the daemon's user; the directory itself does not, as vsftpd and OpenSSH ask for. */
function giveAway(dir: string, work: string, config: string): void {
  chmodSync(work, 0o755);
  chmodSync(dir, 0o755);
  chownSync(config, NOBODY, NOBODY);
  for (const folder of FOLDERS) {
    chownSync(join(dir, folder), NOBODY, NOBODY);
    chmodSync(join(dir, folder), folder.startsWith('OUT') ? 0o2770 : 0o770);
  }
}

async function answers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL'); // it has a process for each connection, which ends with it
  await ended;
}

/** Runs commands of lftp against a vsftpd, in a directory. */
export function lftpTo(port: number, commands: string, cwd: string): Promise<string> {
  const settings = 'set net:max-retries 1; set net:timeout 15; set ftp:ssl-allow no; set cmd:fail-exit yes';
  return run('lftp', ['-c', `${settings}; open -u anonymous,x ftp://127.0.0.1:${port}; ${commands}`], { cwd });
}
