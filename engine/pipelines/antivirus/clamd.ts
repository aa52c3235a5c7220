import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { EngineError, messageOf } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Scanner, ScanVerdict } from './scanner.ts';

export interface ClamdOptions {
  /** Where clamd listens: a path, or a host and a port. */
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly connectWithinMs: number;
  /** How long clamd may neither take nor say anything, in ms. */
  readonly answerWithinMs: number;
}

const PIECE = 1 << 18; // held in memory for each file that is being scanned
const LONGEST_REPLY = 4_096;
const PROBE = Buffer.from('a few bytes that hold nothing');

/**
 * A scanner that gives content to clamd, piece by piece (INSTREAM, https://docs.clamav.net/manual/Usage/Scanning.html).
 * Whatever is not an answer about the content is scanner_unavailable.
 */
export function createClamd(options: ClamdOptions): Scanner {
  async function scan(content: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<ScanVerdict> {
    const socket = connect({ ...options.address, noDelay: true });
    const source = tracked(content);
    const abort = () => void socket.destroy(new Error('interrupted'));
    signal?.addEventListener('abort', abort, { once: true });
    let sending: Promise<void> | undefined;
    try {
      signal?.throwIfAborted();
      const reply = replyOf(socket);
      await connected(socket, options.connectWithinMs);
      limitIdleness(socket, options.answerWithinMs);
      // it may answer before it has all, and close: then the answer counts, not that there was more to say
      const all = send(socket, source.pieces(), reply);
      sending = all.catch((error: Error) => void socket.destroy(error));
      return verdictOf(await reply);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw source.failure() ?? unavailable(error);
    } finally {
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      await sending; // which closes what was being read
    }
  }

  async function* few(): AsyncGenerator<Buffer> {
    yield PROBE;
  }

  return {
    scan,
    async probe() {
      const { kind } = await scan(few());
      if (kind !== 'clean') throw unavailable(new Error(`it calls ordinary content ${kind}`));
    },
  };
}

async function connected(socket: Socket, withinMs: number): Promise<void> {
  const late = setTimeout(() => socket.destroy(new Error('no connection in time')), withinMs);
  try {
    await once(socket, 'connect');
  } finally {
    clearTimeout(late);
  }
}

function limitIdleness(socket: Socket, ms: number): void {
  socket.setTimeout(ms, () => socket.destroy(new Error('no answer in time')));
}

/** The reply up to its NUL. Rejects when the connection ends before, or the reply does not. */
function replyOf(socket: Socket): Promise<string> {
  const reply = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\0');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LONGEST_REPLY) reject(new Error('its answer has no end'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it closed the connection without an answer')));
  });
  reply.catch(() => undefined); // it is asked for later
  return reply;
}

/** Content that remembers when it was not to be read, which is not the scanner's fault. */
function tracked(content: AsyncIterable<Buffer>) {
  let failure: unknown;
  async function* pieces(): AsyncGenerator<Buffer> {
    const iterator = content[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await iterator.next().catch((error: unknown) => {
          failure = error;
          throw error;
        });
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { pieces, failure: () => failure };
}

/** Each piece with its length before it; a length of nothing is the end. */
async function send(socket: Socket, content: AsyncIterable<Buffer>, reply: Promise<unknown>): Promise<void> {
  const closed = new AbortController();
  reply.then(
    () => closed.abort(new Error('it has answered')),
    () => undefined,
  );
  socket.once('close', () => closed.abort(new Error('the connection is closed')));
  socket.write('zINSTREAM\0');
  for await (const bytes of content) {
    for (let at = 0; at < bytes.length; at += PIECE) {
      await sendPiece(socket, bytes.subarray(at, at + PIECE), closed.signal);
    }
  }
  await sendPiece(socket, Buffer.alloc(0), closed.signal);
}

async function sendPiece(socket: Socket, bytes: Buffer, closed: AbortSignal): Promise<void> {
  // a turn for an answer that came early: a write to a connection that clamd has closed would lose it
  await new Promise(setImmediate);
  closed.throwIfAborted();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  socket.write(length);
  if (!socket.write(bytes)) await once(socket, 'drain', { signal: closed });
}

function verdictOf(reply: string): ScanVerdict {
  if (reply === 'stream: OK') return { kind: 'clean' };
  const [, signature] = /^stream: (\S.*) FOUND$/.exec(reply) ?? [];
  const said = printable(reply);
  // an archive of which it has not seen all: with AlertExceedsMax it says so
  if (signature?.startsWith('Heuristics.Limits.Exceeded')) return { kind: 'unscannable', reason: said };
  if (signature !== undefined) return { kind: 'infected', signature: printable(signature) };
  if (/size limit exceeded/i.test(reply)) return { kind: 'unscannable', reason: said };
  throw unavailable(new Error(`it answered: ${said}`));
}

function unavailable(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError('scanner_unavailable', `the virus scanner: ${messageOf(error)}`, {}, error);
}
