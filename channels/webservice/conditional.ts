import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** What a client is shown, and the tag that tells whether it has changed. */
export interface Tagged<T> {
  readonly value: T;
  /** Between double quotes, as in the header. */
  readonly etag: string;
}

/** The tag of a value that is sent as JSON. */
export function tagged<T>(value: T): Tagged<T> {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27);
  return { value, etag: `"${digest}"` };
}

/** Whether a client has this already: one of the tags of If-None-Match, weak or strong, or the star. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/** How many seconds a request asks to wait for news (`Prefer: wait=30`, RFC 7240); undefined when it does not. */
export function waitOf(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,5})"?(?:$|[,;\s])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

export interface Waiting<T> {
  readonly read: () => Promise<T>;
  /** Something cheap that changes whenever the value does: only then is it read again. Absent: it is read each time. */
  readonly mark?: () => Promise<unknown>;
  /** Whether there is nothing yet that the client waits for. */
  readonly isOld: (value: T) => boolean;
  readonly forMs: number;
  /** Aborted when the client has gone, or the server stops. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 250;

/** Reads until there is news, or the time is over: then what there is. */
export async function readWhenNew<T>({ read, mark, isOld, forMs, signal }: Waiting<T>): Promise<T> {
  const until = performance.now() + forMs;
  let marked = forMs > 0 ? await mark?.() : undefined; // before the value: what changes in between is read again
  let value = await read();
  for (let left = forMs; !signal.aborted && left > 0 && isOld(value); left = until - performance.now()) {
    await delay(Math.min(LOOK_EVERY_MS, left), undefined, { signal }).catch(() => undefined);
    const now = await mark?.();
    if (mark && now === marked) continue;
    marked = now;
    value = await read();
  }
  return value;
}
