import type { Socket } from 'node:net';
import ssh2, { type Client } from 'ssh2';
import { type ClientKey, type Login, str } from './sftp-client.ts';

/** The parts of the library's client that no program but an attacker's needs. */
interface Insides {
  readonly _protocol: {
    readonly _packetRW: {
      readonly write: { alloc(size: number): Buffer; readonly allocStart: number; finalize(packet: Buffer): Buffer };
    };
    readonly _cipher: { encrypt(packet: Buffer): void };
    readonly _kex: { readonly sessionID: Buffer };
    readonly _authsQueue: string[];
  };
  readonly _sock: Socket;
}

const insidesOf = (client: Client) => client as unknown as Insides;

/** The socket below a client. */
export const socketOf = (client: Client) => insidesOf(client)._sock;

/** Sends one SSH packet with any content, encrypted as the connection is. */
export function sendRaw(client: Client, ...parts: Buffer[]): void {
  const { _packetRW, _cipher } = insidesOf(client)._protocol;
  const content = Buffer.concat(parts);
  const packet = _packetRW.write.alloc(content.length);
  packet.set(content, _packetRW.write.allocStart);
  _cipher.encrypt(_packetRW.write.finalize(packet));
}

/** What a request to log in says, and who signs it. */
export interface ForgedLogin {
  readonly algorithm: string;
  readonly blob: Buffer;
  readonly signer: ClientKey;
}

/** A parsed key, private or public. */
export function parsedKey(text: string) {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

/** Begins to log in with a request made by hand; `sent` is called when it is on its way. */
export function beginForged(login: Omit<Login, 'key'>, forged: ForgedLogin, sent: (client: Client) => void = () => {}) {
  const client = new ssh2.Client();
  const body = [50, login.login, 'ssh-connection', 'publickey', 1, forged.algorithm, forged.blob];
  const request = Buffer.concat(body.map((part) => (typeof part === 'number' ? Buffer.from([part]) : str(part))));
  let tried = false;
  client.on('error', () => undefined);
  client.connect({
    host: '127.0.0.1',
    port: login.port,
    username: login.login,
    authHandler: ((_left: unknown, _partial: unknown, next: (method: false) => void) => {
      if (tried) return next(false);
      tried = true;
      const { _kex, _authsQueue } = insidesOf(client)._protocol;
      const signature = parsedKey(forged.signer.privateKey).sign(Buffer.concat([str(_kex.sessionID), request]));
      _authsQueue.push('publickey');
      sendRaw(client, request, str(Buffer.concat([str(forged.algorithm), str(signature)])));
      sent(client);
    }) as never,
  });
  return client;
}

/** True when a request made by hand gets in. */
export async function getsIn(login: Omit<Login, 'key'>, forged: ForgedLogin): Promise<boolean> {
  const client = beginForged(login, forged);
  const ready = await new Promise<boolean>((resolve) => {
    client.once('ready', () => resolve(true));
    client.once('close', () => resolve(false));
  });
  client.destroy();
  return ready;
}
