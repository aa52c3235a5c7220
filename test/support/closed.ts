import type { EventEmitter } from 'node:events';

/** Resolves when a socket, a channel or a client closes, by an error or not: `once` would reject with the error before it. */
export function closed(one: EventEmitter): Promise<void> {
  one.on('error', () => undefined);
  return new Promise((resolve) => one.once('close', () => resolve()));
}
