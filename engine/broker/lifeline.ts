import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { noTelemetry, type Telemetry } from '../core/telemetry.ts';

/** Something that stays open until it is lost. */
export interface Session {
  /** Resolves with the reason once it is no longer usable; never rejects. */
  readonly lost: Promise<string>;
  /** Closes it in good order; may be called after it was lost. */
  close(): Promise<void>;
}

/** Keeps a session open: opens it again whenever it is lost. */
export interface Lifeline<S extends Session> {
  /** The session, or undefined while there is none. */
  current(): S | undefined;
  /** Resolves after the first try to open it, whatever came of that. */
  readonly tried: Promise<void>;
  /** Closes the session for good. */
  close(): Promise<void>;
}

export interface LifelineDeps<S extends Session> {
  readonly name: string;
  open(): Promise<S>;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** Creates a lifeline that begins to open its session at once; the pause between failures grows from 0.1 s to 10 s. */
export function createLifeline<S extends Session>(deps: LifelineDeps<S>): Lifeline<S> {
  const { name, open, log, telemetry = noTelemetry } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('closed')));
  let current: S | undefined;
  let opened = 0;
  let markTried = () => {};
  const tried = new Promise<void>((resolve) => {
    markTried = resolve;
  });

  /** Opens the session and stays until it is lost; returns whether it had been open. */
  async function live(): Promise<boolean> {
    let session: S;
    try {
      session = await open();
    } catch (error) {
      if (!signal.aborted) log.warn({ session: name, reason: reasonOf(error) }, 'cannot reach the broker');
      return false;
    }
    current = session;
    opened += 1;
    if (opened > 1) telemetry.count('bode_reconnects_total', { connection: name });
    log.debug({ session: name }, 'connected to the broker');
    markTried();
    const reason = await Promise.race([session.lost, stopped]);
    current = undefined;
    if (!signal.aborted) log.warn({ session: name, reason }, 'lost the broker');
    await session.close().catch((error: unknown) => log.debug({ session: name, reason: reasonOf(error) }, 'close'));
    return true;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      failures = (await live()) ? 0 : failures + 1;
      markTried();
      const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const loop = run();
  return {
    current: () => current,
    tried,
    async close() {
      stopping.abort();
      await loop;
    },
  };
}

/** The sentence of an error; a failed connection to several addresses has only a code. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return messageOf(error) || code;
}
