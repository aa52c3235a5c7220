import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { eventually } from '../../test/support/eventually.ts';
import { makePki } from '../../test/support/pki.ts';
import { type WebClient, webClient } from '../../test/support/web.ts';
import { run } from '../demonstration/command.ts';
import { freePort } from '../demonstration/engine.ts';

const BODE = fileURLToPath(new URL('../bode.js', import.meta.url));
const PASSWORD = 'bench wachtwoord 1';
const MANY = 1_000_000;

/** A server that takes files by FTP: what curl needs to know. */
export interface FtpTarget {
  readonly name: string;
  /** Ends with a slash: where files are put, and fetched again. */
  readonly url: string;
  /** Arguments that log in. */
  readonly login: readonly string[];
}

/** Our engine with FTP and the web service, as `bode start` runs it. */
export interface ChannelsEngine {
  readonly ftp: FtpTarget;
  readonly web: WebClient;
  readonly child: ChildProcess;
}

/** Starts it; plain FTP is taken from this machine as from a fixed link. */
export async function startEngineOfChannels(dir: string): Promise<ChannelsEngine> {
  const [ftp, web, sftp] = [await freePort(), await freePort(), await freePort()];
  const pki = await makePki(join(dir, 'pki'));
  const many = { connections: MANY / 10, startups: 1_000, startupsPerAddress: 1_000, connectionsPerSender: 1_000 };
  const config = {
    dataDir: join(dir, 'data'),
    channels: {
      sftp: { port: sftp },
      ftp: { port: ftp, ...many },
      webservice: { port: web, ...many, tokenLife: '1h', requestsPerMinute: MANY },
    },
    networks: { bench: ['127.0.0.0/8'] },
    landing: { filesPerFolder: MANY },
    trust: { anchors: [pki.ca] },
    observe: { enabled: false },
  };
  const path = join(dir, 'bode.yaml');
  writeFileSync(path, stringify(config));
  writeFileSync(join(dir, 'password'), `${PASSWORD}\n`);
  writeFileSync(join(dir, 'provision.yaml'), stringify({ organisations: [organisation(pki.sender.cert)] }));
  await run(process.execPath, [BODE, 'provision', join(dir, 'provision.yaml'), '--config', path]);
  const log = openSync(join(dir, 'engine.log'), 'w');
  const child = spawn(process.execPath, [BODE, 'start', '--config', path], { cwd: dir, stdio: ['ignore', log, log] });
  for (const port of [ftp, web]) await eventually(() => reach(port), 30_000);
  const target = { name: 'ours', url: `ftp://127.0.0.1:${ftp}/IN/`, login: ['-u', `bench:${PASSWORD}`] };
  return { ftp: target, web: webClient(web, dir, pki.sender.key), child };
}

function organisation(certificate: string): object {
  const sender = {
    ...{ number: '123456', login: 'bench', channels: ['sftp', 'ftp', 'webservice'], passwordFile: 'password' },
    ...{ sshKeys: [], certificates: [certificate], goals: ['DMFA'], networks: ['bench'] },
  };
  const qualities = [{ code: 'employer', senders: [sender] }];
  return { enterpriseNumber: '0206731645', name: { nl: 'Bench NV' }, language: 'nl', qualities };
}

/** Starts Debian's vsftpd for one anonymous user, with TLS for who asks for it. Needs root. */
export async function startVsftpd(dir: string, running: ChildProcess[]): Promise<FtpTarget> {
  const port = await freePort();
  const [root, empty] = [join(dir, 'root'), join(dir, 'empty')];
  for (const path of [root, join(root, 'in'), empty]) mkdirSync(path, { recursive: true, mode: 0o755 });
  chmodSync(join(root, 'in'), 0o777);
  await makeCertificate(dir);
  const settings = {
    ...{ listen: 'YES', listen_address: '127.0.0.1', listen_port: port, background: 'NO', seccomp_sandbox: 'NO' },
    ...{ anonymous_enable: 'YES', no_anon_password: 'YES', local_enable: 'NO', write_enable: 'YES', anon_root: root },
    ...{ anon_upload_enable: 'YES', anon_other_write_enable: 'YES', anon_umask: '022', secure_chroot_dir: empty },
    ...{ ssl_enable: 'YES', allow_anon_ssl: 'YES', force_anon_logins_ssl: 'NO', force_anon_data_ssl: 'NO' },
    ...{ rsa_cert_file: join(dir, 'tls.pem'), rsa_private_key_file: join(dir, 'tls.key'), require_ssl_reuse: 'NO' },
    ...{ xferlog_enable: 'NO', max_per_ip: 0, max_clients: 0 },
  };
  const config = join(dir, 'vsftpd.conf');
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  running.push(spawn('/usr/sbin/vsftpd', [config], { stdio: 'ignore' }));
  await eventually(() => reach(port), 10_000);
  return { name: 'vsftpd', url: `ftp://127.0.0.1:${port}/in/`, login: ['-u', 'anonymous:x'] };
}

/** Starts nginx, which takes files by PUT over HTTPS and writes them to `dir/in`. */
export async function startNginx(dir: string, running: ChildProcess[]): Promise<string> {
  const port = await freePort();
  for (const path of ['in', 'temp']) mkdirSync(join(dir, path), { recursive: true, mode: 0o777 });
  await makeCertificate(dir);
  const config = join(dir, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${dir}/temp; client_max_body_size 0;
  server {
    listen 127.0.0.1:${port} ssl; ssl_certificate ${dir}/tls.pem; ssl_certificate_key ${dir}/tls.key;
    root ${dir}/in;
    location / { dav_methods PUT DELETE; create_full_put_path on; }
  }
}
`,
  );
  running.push(spawn('/usr/sbin/nginx', ['-c', config], { stdio: 'ignore' }));
  await eventually(() => reach(port), 10_000);
  return `https://127.0.0.1:${port}/`;
}

async function makeCertificate(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const out = ['-keyout', join(dir, 'tls.key'), '-out', join(dir, 'tls.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=bench', ...out]);
}

async function reach(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
