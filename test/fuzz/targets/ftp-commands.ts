import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { serveControl } from '../../../channels/ftp/control.ts';
import type { FtpDeps } from '../../../channels/ftp/session.ts';
import { loadIdentity } from '../../../engine/outbound/identity.ts';
import type { LoginDefence } from '../../../engine/registry/login-defence.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';
import { type FuzzLanding, openFuzzLanding } from './landing.ts';

const LOGIN = 'USER voorbeeld\r\nPASS geheim\r\n';
const TALKS = [
  'CWD IN\r\nEPSV\r\nSTOR FI.A\r\nSIZE FI.A\r\nEPSV\r\nRETR FI.A\r\nDELE FI.A\r\n',
  'EPSV\r\nSTOR /IN/x.part\r\nRNFR /IN/x.part\r\nRNTO /IN/GO.A\r\nMDTM /IN/GO.A\r\nMLST /IN/GO.A\r\n',
  'EPSV\r\nLIST -la /IN\r\nPASV\r\nNLST\r\nEPSV 1\r\nMLSD /OUT\r\nSTAT\r\nABOR\r\n',
  'TYPE I\r\nMODE S\r\nSTRU F\r\nREST 10\r\nEPSV\r\nAPPE /IN/a\r\nREST 3\r\nEPSV\r\nRETR /IN/a\r\n',
  'FEAT\r\nOPTS UTF8 ON\r\nSYST\r\nHELP\r\nNOOP\r\nPWD\r\nCDUP\r\nALLO 5\r\nQUIT\r\n',
  'AUTH TLS\r\nPBSZ 0\r\nPROT P\r\n',
  'PORT 127,0,0,1,0,22\r\nEPRT |1|127.0.0.1|22|\r\nMKD x\r\nRMD x\r\nSITE EXEC ls\r\n',
];
const WORDS = [
  '\r\n',
  '\r',
  '\n',
  ' ',
  '\0',
  '\xff\xf4',
  '\xff\xf2',
  '../',
  '/IN/',
  'ABOR\r\n',
  'STAT\r\n',
  'EPSV\r\n',
  'LIST\r\n',
];

/** The commands of a control connection, before and after the login, over real folders and data connections. */
export const ftpCommands: FuzzTarget = {
  samples: async () => [...TALKS, ...TALKS.map((talk) => LOGIN + talk)].map((talk) => Buffer.from(talk, 'latin1')),
  words: [...WORDS, 'A'.repeat(700), 'STOR ', 'RNTO ', 'REST 999999999999999\r\n'].map((word) =>
    Buffer.from(word, 'latin1'),
  ),
  open: openTarget,
};

const admitsAll: LoginDefence = {
  admits: async () => true,
  mayTry: async () => true,
  refused: async () => undefined,
  note: () => undefined,
  score: async () => undefined,
  succeeded: async () => undefined,
};

const LIMITS = {
  ...{ connections: 10, startups: 10, startupsPerAddress: 10, connectionsPerSender: 10, authAttempts: 3 },
  ...{ idleMs: 60_000, authTimeoutMs: 60_000 },
};

async function openTarget(): Promise<OpenTarget> {
  const landing = await openFuzzLanding();
  const { dir, clock } = landing;
  await loadIdentity({ dir, name: 'server', commonName: 'fuzz', now: clock() });
  const [cert, key] = await Promise.all(['server.pem', 'server.key'].map((name) => readFile(join(dir, name))));
  if (!cert || !key) throw new Error('no certificate');
  const context = createSecureContext({ cert, key });
  const deps: FtpDeps = {
    ...landing,
    ...{ defence: admitsAll, limits: LIMITS, passivePorts: { from: 0, to: 0 }, publicAddress: '', proxiesData: false },
    authenticate: async ({ login }) =>
      login.startsWith('voor')
        ? { kind: 'accepted', number: '123456', stillHolds: async () => true }
        : { kind: 'refused', reason: 'unknown login or password' },
    isFixedLink: () => true,
    isProxy: () => false,
    tls: () => context,
  };
  return { run: (input) => converse(landing, deps, input), close: landing.close };
}

async function converse(landing: FuzzLanding, deps: FtpDeps, input: Buffer): Promise<void> {
  await landing.begin();
  const line = new Line();
  const origin = { address: '127.0.0.1', cameTo: '127.0.0.1', proxied: false };
  const socket = line as unknown as Socket;
  const control = serveControl({ socket, origin, implicit: false, deps, admit: () => true });
  for (let at = 0; at < input.length; at += PIECE) line.push(input.subarray(at, at + PIECE));
  await line.quiet();
  await control.end();
  line.destroy();
  if (!line.closed) await once(line, 'close');
  landing.end();
}

const PIECE = 61;
const QUIET_TURNS = 15;

/** The server's end of a connection that nobody is on; it makes the data connections that it is told of. */
class Line extends Duplex {
  readonly localAddress = '127.0.0.1';
  readonly remoteAddress = '127.0.0.1';
  private said = 0;
  private readonly data = new Set<Socket>();

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {}

  override _write(bytes: Buffer, _: string, done: () => void): void {
    this.said += 1;
    const [, port] = /\|\|\|(\d+)\|/.exec(bytes.toString('latin1')) ?? [];
    if (port !== undefined) this.connectTo(Number(port));
    done();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Resolves when everything has been read and nothing more is said. */
  async quiet(): Promise<void> {
    for (let turns = 0, heard = -1; turns < QUIET_TURNS && !this.destroyed; turns += 1) {
      if (this.said !== heard || this.data.size > 0) turns = 0;
      heard = this.said;
      await nextTurn();
    }
  }

  private connectTo(port: number): void {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    this.data.add(socket.resume());
    socket.once('close', () => this.data.delete(socket));
    socket.setTimeout(5, () => socket.destroy()); // nothing is transferred after all
    socket.end('a few bytes');
  }
}
