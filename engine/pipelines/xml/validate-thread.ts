import { parentPort } from 'node:worker_threads';
import { checkWindow } from './check-window.ts';
import { compileSchema, discardSchema } from './compiled-schema.ts';
import { createSchemaCache } from './schema-cache.ts';
import type { FromValidator, ToValidator } from './thread-messages.ts';

/** Entry of a thread that validates windows, one at a time; compiled schemas are kept. */

function serve(port: NonNullable<typeof parentPort>): void {
  const schemas = createSchemaCache(compileSchema, discardSchema);

  async function check({ parcel }: ToValidator): Promise<void> {
    const schema = parcel.schemaPath === undefined ? undefined : await schemas(parcel.schemaPath);
    const usable = schema && 'validator' in schema ? schema : undefined;
    const result = checkWindow(parcel, usable);
    const schemaFault = schema && 'fault' in schema ? schema.fault : undefined;
    const answer: FromValidator = { result, schemaFault, memory: parserBytes(), buffer: parcel.buffer };
    port.postMessage(answer, [parcel.buffer]);
  }

  port.on('message', (message: ToValidator) => {
    // a failure here must end the thread, so that the window's file is tried again elsewhere
    check(message).catch((error: unknown) => {
      throw error;
    });
  });
}

/** What V8 knows of outside its heap and is no ArrayBuffer is the WebAssembly memory. */
function parserBytes(): number {
  const { external, arrayBuffers } = process.memoryUsage();
  return external - arrayBuffers;
}

if (parentPort) serve(parentPort);
