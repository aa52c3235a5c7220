import { parentPort } from 'node:worker_threads';
import { formFields } from '../../../engine/pipelines/rows/pdf-fields.ts';

/** A thread that reads the forms in PDFs, one at a time, and says nothing of what the library says of them. */
function serve(port: NonNullable<typeof parentPort>): void {
  const silent = () => undefined;
  Object.assign(globalThis.console, { log: silent, warn: silent, error: silent });
  port.on('message', async (bytes: Uint8Array) => port.postMessage(await formFields(bytes)));
}

if (parentPort) serve(parentPort);
