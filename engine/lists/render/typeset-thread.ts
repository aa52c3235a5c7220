import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { EngineError, messageOf } from '../../core/errors.ts';
import type { Totals } from './rendering.ts';
import type { FromTypesetter, Pieces, ToTypesetter } from './typeset-messages.ts';
import { createTypeset, type Typeset, type Typesetting } from './typesetting.ts';

/** Entry of the thread that makes documents of lists: records come in, the bytes of all formats go out. */

interface Job {
  readonly setting: Typesetting;
  readonly grown: Uint8Array[][];
}

function begin(typeset: Typeset, { head, formats }: Extract<ToTypesetter, { kind: 'begin' }>): Job {
  const setting = typeset(head, formats);
  const grown = setting.contents.map((content) => {
    const pieces: Uint8Array[] = [];
    content.on('data', (piece: Uint8Array) => pieces.push(piece));
    content.on('error', () => undefined); // whoever writes hears of it
    return pieces;
  });
  return { setting, grown };
}

async function ended(contents: readonly Readable[]): Promise<void> {
  await Promise.all(contents.map((content) => content.readableEnded || once(content, 'end')));
}

/** What has come since this was last asked, in buffers that may be given away. */
function taken(grown: readonly Uint8Array[][]): Pieces {
  return grown.map((pieces) => {
    const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces.splice(0)) {
      all.set(piece, at);
      at += piece.length;
    }
    return all.length > 0 ? [all] : [];
  });
}

async function work({ setting }: Job, message: ToTypesetter): Promise<Totals | undefined> {
  if (message.kind === 'write') return void (await setting.write(message.records));
  const totals = await setting.end();
  await ended(setting.contents);
  return totals;
}

async function answer(job: Job, message: ToTypesetter): Promise<FromTypesetter> {
  try {
    const totals = await work(job, message);
    return { kind: 'grown', job: message.job, pieces: taken(job.grown), ...(totals && { totals }) };
  } catch (error) {
    const code = error instanceof EngineError ? error.code : 'worker_crashed';
    return { kind: 'failed', job: message.job, code, reason: messageOf(error) };
  }
}

function serve(port: NonNullable<typeof parentPort>): void {
  const jobs = new Map<number, Job>();
  const typeset = createTypeset();

  async function receive(message: ToTypesetter): Promise<void> {
    if (message.kind === 'begin') return void jobs.set(message.job, begin(typeset, message));
    const job = jobs.get(message.job);
    if (message.kind !== 'write') jobs.delete(message.job);
    if (!job) return;
    if (message.kind === 'drop') return job.setting.abort(new Error('nobody wants the document any more'));
    const said = await answer(job, message);
    const given = said.kind === 'grown' ? said.pieces.flat().map(({ buffer }) => buffer as ArrayBuffer) : [];
    port.postMessage(said, given);
  }

  port.on('message', (message: ToTypesetter) => void receive(message));
}

if (parentPort) serve(parentPort);
