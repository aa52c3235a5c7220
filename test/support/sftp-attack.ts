import { expect } from 'chai';
import {
  type ClientDesk,
  type ClientKey,
  connect,
  type Login,
  openDesk,
  openGreeted,
  openRaw,
  type RawSession,
  sftp,
} from './sftp-client.ts';
import { startSftpServer, type TestSftpServer } from './sftp-server.ts';

/** A server with two senders, and what an attacker has in hand. */
export interface Attack {
  readonly desk: ClientDesk;
  readonly server: TestSftpServer;
  readonly keys: { readonly mine: ClientKey; readonly other: ClientKey; readonly stranger: ClientKey };
  /** The first sender, with its own key. */
  readonly user: Login;
  /** Fails when an honest client cannot list its folders. */
  works(): Promise<void>;
  /** Runs `work` in a session of its own. */
  withSession<T>(work: (session: RawSession) => Promise<T>, greeted?: boolean): Promise<T>;
  close(): Promise<void>;
}

/** Starts the server, with limits that a test can reach. */
export async function openAttack(): Promise<Attack> {
  const desk = openDesk();
  const keys = { mine: desk.newKey(), other: desk.newKey(), stranger: desk.newKey() };
  const server = await startSftpServer({
    senders: [
      { number: '123456', login: 'voorbeeld', publicKey: keys.mine.publicKey },
      { number: '654321', login: 'ander', publicKey: keys.other.publicKey },
    ],
    limits: { connectionsPerSender: 8, authAttempts: 3, handlesPerSession: 5 },
    landing: { fileBytes: 300_000_000 },
  });
  const user = { port: server.port, login: 'voorbeeld', key: keys.mine };

  async function works(): Promise<void> {
    const result = await sftp(user, ['ls']);
    expect(result.code, result.stderr).to.equal(0);
  }

  async function withSession<T>(work: (session: RawSession) => Promise<T>, greeted = true): Promise<T> {
    const client = await connect(user);
    try {
      return await work(greeted ? await openGreeted(client) : await openRaw(client));
    } finally {
      client.destroy();
    }
  }

  async function close(): Promise<void> {
    await server.stop();
    desk.remove();
  }

  return { desk, server, keys, user, works, withSession, close };
}
