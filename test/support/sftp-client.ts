import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import { newKeyPair } from '../../channels/sftp/key-pair.ts';

/** A key pair on disk, for the real clients, and in hand, for the raw one. */
export interface ClientKey {
  readonly file: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A directory for the files of one test, with a place for keys; removed by `remove`. */
export interface ClientDesk {
  readonly dir: string;
  path(name: string): string;
  put(name: string, bytes: Buffer | string): string;
  newKey(type?: 'ed25519' | 'rsa' | 'ecdsa'): ClientKey;
  remove(): void;
}

/** Makes the directory. */
export function openDesk(): ClientDesk {
  const dir = mkdtempSync(join(tmpdir(), 'bode-client-'));
  const path = (name: string) => join(dir, name);
  let keys = 0;

  function put(name: string, bytes: Buffer | string): string {
    writeFileSync(path(name), bytes);
    return path(name);
  }

  function newKey(type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519'): ClientKey {
    keys += 1;
    const pair = generate(type);
    const file = path(`key${keys}`);
    writeFileSync(file, pair.private, { mode: 0o600 });
    return { file, privateKey: pair.private, publicKey: pair.public };
  }

  return { dir, path, put, newKey, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function generate(type: 'ed25519' | 'rsa' | 'ecdsa') {
  return newKeyPair(type);
}

/** How to reach a test server. */
export interface Login {
  readonly port: number;
  readonly login: string;
  readonly key: ClientKey;
}

/** What a client program printed, and how it ended. */
export interface ClientResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const OPTIONS = [
  ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ...['-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'BatchMode=yes', '-F', '/dev/null'],
];

/** Runs commands in OpenSSH's `sftp -b`; stops at the first that fails, unless it begins with a hyphen. */
export function sftp({ port, login, key }: Login, commands: readonly string[], more: readonly string[] = []) {
  const args = ['-q', ...OPTIONS, ...more, '-i', key.file, '-P', String(port), '-b', '-', `${login}@127.0.0.1`];
  return finished(spawn('sftp', args), `${commands.join('\n')}\n`);
}

/** Starts `sftp -b` and leaves it running. */
export function startSftp({ port, login, key }: Login, commands: readonly string[], more: readonly string[] = []) {
  const args = ['-q', ...OPTIONS, ...more, '-i', key.file, '-P', String(port), '-b', '-', `${login}@127.0.0.1`];
  const child = spawn('sftp', args);
  child.stdin.end(`${commands.join('\n')}\n`);
  return child;
}

/** Starts `sftp -b` and leaves its input open: commands are typed as they come. */
export function openSftp({ port, login, key }: Login) {
  const args = ['-q', ...OPTIONS, '-i', key.file, '-P', String(port), '-b', '-', `${login}@127.0.0.1`];
  return spawn('sftp', args);
}

/** Runs OpenSSH's `ssh` with arguments of its own. */
export function ssh({ port, login, key }: Login, args: readonly string[]) {
  return finished(spawn('ssh', [...OPTIONS, '-i', key.file, '-p', String(port), `${login}@127.0.0.1`, ...args]), '');
}

/** Runs commands in `lftp sftp://`; stops at the first that fails. */
export function lftp({ port, login, key }: Login, commands: readonly string[]) {
  const connect = `ssh -a -x ${OPTIONS.join(' ')} -i ${key.file}`;
  const script = [
    'set cmd:fail-exit true',
    'set net:max-retries 1',
    'set net:timeout 20',
    'set net:persist-retries 0',
    `set sftp:connect-program "${connect}"`,
    `open -u ${login}, sftp://127.0.0.1:${port}`,
    ...commands,
  ].join('\n');
  return finished(spawn('lftp', ['--norc', '-c', script], { env: { ...process.env, HOME: tmpdir() } }), '');
}

const PATIENCE_MS = 120_000;

async function finished(child: ChildProcess, input: string): Promise<ClientResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  child.stdin?.on('error', () => undefined); // it may end before it has read everything
  child.stdin?.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Connects with the raw SSH client; rejects when the log-in is refused. */
export async function connect({ port, login, key }: Login, more: ConnectConfig = {}): Promise<Client> {
  const client = new ssh2.Client();
  const ready = new Promise<Client>((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
  client.connect({ host: '127.0.0.1', port, username: login, privateKey: key.privateKey, ...more });
  return ready;
}

/** A raw SFTP session: packets as bytes. */
export interface RawSession {
  readonly channel: ClientChannel;
  /** Sends one packet: type, then the rest. */
  send(type: number, ...fields: Buffer[]): void;
  /** The next packet from the server: type, then the rest. Rejects when the channel closes first. */
  next(): Promise<Buffer>;
  /** Sends a request with an id and gives the status code and sentence, or the type of another reply. */
  ask(type: number, ...fields: Buffer[]): Promise<RawReply>;
}

export interface RawReply {
  readonly type: number;
  readonly status: number | undefined;
  readonly text: string;
  readonly body: Buffer;
}

/** Four bytes. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string with its length in front. */
export function str(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** Opens the SFTP subsystem without a client library in between. */
export async function openRaw(client: Client): Promise<RawSession> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.subsys('sftp', (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  let buffer = Buffer.alloc(0);
  let closed = false;
  let wake: (() => void) | undefined;
  channel.on('data', (bytes: Buffer) => {
    buffer = Buffer.concat([buffer, bytes]);
    wake?.();
  });
  channel.on('close', () => {
    closed = true;
    wake?.();
  });

  function send(type: number, ...fields: Buffer[]): void {
    const body = Buffer.concat([Buffer.from([type]), ...fields]);
    channel.write(Buffer.concat([u32(body.length), body]));
  }

  async function next(): Promise<Buffer> {
    while (buffer.length < 4 || buffer.length < 4 + buffer.readUInt32BE(0)) {
      if (closed) throw new Error('closed');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const end = 4 + buffer.readUInt32BE(0);
    const packet = buffer.subarray(4, end);
    buffer = buffer.subarray(end);
    return packet;
  }

  async function ask(type: number, ...fields: Buffer[]): Promise<RawReply> {
    send(type, u32(7), ...fields);
    const packet = await next();
    const isStatus = packet[0] === 101;
    const length = isStatus ? packet.readUInt32BE(9) : 0;
    const status = isStatus ? packet.readUInt32BE(5) : undefined;
    const text = isStatus ? packet.subarray(13, 13 + length).toString() : '';
    return { type: packet[0] ?? 0, status, text, body: packet.subarray(5) };
  }

  return { channel, send, next, ask };
}

/** Opens the SFTP subsystem and greets the server. */
export async function openGreeted(client: Client): Promise<RawSession> {
  const session = await openRaw(client);
  session.send(1, u32(3));
  await session.next();
  return session;
}
