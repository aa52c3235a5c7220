import { createAnswer } from '../../../channels/sftp/answers.ts';
import { createHandles } from '../../../channels/sftp/handles.ts';
import { createSplitter } from '../../../channels/sftp/splitter.ts';
import { EngineError } from '../../../engine/core/errors.ts';
import { str, u32 } from '../../support/sftp-client.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';
import { type FuzzLanding, openFuzzLanding } from './landing.ts';

const packet = (type: number, ...fields: readonly Buffer[]) => {
  const body = Buffer.concat([Buffer.from([type]), ...fields]);
  return Buffer.concat([u32(body.length), body]);
};
const INIT = packet(1, u32(3));
const handle = str(u32(1)); // the first that a session opens
const size = (bytes: number) => Buffer.concat([u32(0), u32(bytes)]);
const session = (...packets: readonly Buffer[]) => Buffer.concat([INIT, ...packets]);
const open = (path: string, flags: number) => packet(3, u32(1), str(path), u32(flags), u32(0));
const write = (at: number, bytes: Buffer) => packet(6, u32(2), handle, size(at), str(bytes));
const close = packet(4, u32(9), handle);

const SAMPLES = [
  session(open('/IN/FI.A', 0x1a), write(0, Buffer.from('content')), write(7, Buffer.alloc(40_000, 66)), close),
  session(open('/IN/GO.A', 0x1a), close, open('/IN/GO.A', 1), packet(5, u32(3), handle, size(0), u32(32_768)), close),
  session(open('/IN/x.part', 0x0a), write(5, Buffer.from('gap')), packet(10, u32(4), handle, u32(1), size(2)), close),
  session(packet(11, u32(1), str('/')), packet(12, u32(2), handle), packet(12, u32(3), handle), close),
  session(packet(17, u32(1), str('/IN')), packet(7, u32(2), str('.')), packet(16, u32(3), str('/IN/../OUT/./x'))),
  session(open('/IN/a', 0x1a), packet(8, u32(2), handle), close, packet(18, u32(3), str('/IN/a'), str('/IN/b'))),
  session(open('/IN/a', 0x1a), close, packet(13, u32(2), str('/IN/a')), packet(14, u32(3), str('/x'), u32(0))),
  session(
    packet(9, u32(1), str('/IN/a'), u32(0x8000_000d), size(3), u32(0o644), u32(1), u32(2), u32(1), str('a'), str('b')),
  ),
  session(
    packet(200, u32(1), str('posix-rename@openssh.com'), str('/IN/a'), str('/IN/b')),
    packet(20, u32(2), str('a'), str('b')),
  ),
];

/** Packets of a session after the login, over real folders. */
export const sftpRequests: FuzzTarget = {
  samples: async () => SAMPLES,
  words: [
    ...[u32(0xffff_ffff), u32(0), u32(1), u32(2 ** 18), size(2 ** 31), Buffer.from('ff'.repeat(8), 'hex'), handle],
    ...['/IN/', '/OUT/', '../', '\0', '\r\n', '\ud800', 'GO.', 'TD.'].map((text) => Buffer.from(text)),
    ...[open('/IN/b', 0x1a), close, packet(12, u32(2), handle), write(2 ** 18, Buffer.from('far'))],
  ],
  open: openTarget,
};

async function openTarget(): Promise<OpenTarget> {
  const landing = await openFuzzLanding();
  return { run: (input) => carryOut(landing, input), close: landing.close };
}

async function carryOut(landing: FuzzLanding, input: Buffer): Promise<void> {
  await landing.begin();
  const context = {
    ...{ sender: '123456', maxHandles: 8, confirmStanding: async () => undefined },
    ...{ clock: landing.clock, log: landing.log, handles: createHandles(8) },
    folders: landing.foldersOf({ number: '123456', channel: 'sftp' }),
  };
  const answer = createAnswer(context);
  const splitter = createSplitter();
  try {
    for (let at = 0; at < input.length; at += PIECE) {
      for (const one of splitter.push(input.subarray(at, at + PIECE))) await answer(one);
    }
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'message_malformed') throw error;
  } finally {
    for (const open of context.handles.all()) {
      if (open.kind === 'upload') await open.upload.abandon();
      if (open.kind === 'download') await open.download.close();
    }
  }
  landing.end();
}

const PIECE = 1_021; // no packet ends where a piece does
