import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { formFields } from './pdf-fields.ts';

/** Entry of a process that reads one PDF; its arguments: what it may make of buffers, and how it ends when it needs more. */

/** What is unpacked lies outside the limit that V8 keeps: it is counted as it is made. */
function limitBuffers(most: number, endsWith: number): void {
  let made = 0;
  globalThis.Uint8Array = new Proxy(Uint8Array, {
    construct(target, args, newTarget) {
      made += typeof args[0] === 'number' ? args[0] : 0;
      if (made > most) process.exit(endsWith); // the library would catch an exception, and go on
      return Reflect.construct(target, args, newTarget);
    },
  });
}

/** The library says something of each damaged object, where the answer is to be. */
function beQuiet(): void {
  const silent = () => undefined;
  Object.assign(globalThis.console, { log: silent, warn: silent, error: silent });
}

async function main(most: number, endsWith: number): Promise<void> {
  const bytes = await buffer(process.stdin);
  limitBuffers(most, endsWith);
  beQuiet();
  process.stdout.write(JSON.stringify(await formFields(bytes)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(Number(process.argv[2]), Number(process.argv[3]));
