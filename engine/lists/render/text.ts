import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Cell } from './line-cells.ts';
import { createLineText } from './line-text.ts';
import type { Head, TextRenderer, TextRendering, Totals } from './rendering.ts';

/** How a format that is text is written. */
export interface TextWriter {
  readonly open: string;
  /** What a line consists of. */
  readonly cells: readonly Cell[];
  close(totals: Totals): string;
}

/** A renderer of text in UTF-8. */
export function textRenderer(
  kind: { readonly extension: string; readonly mediaType: string },
  writerOf: (head: Head) => TextWriter,
): TextRenderer {
  return { ...kind, render: (head) => textRendering(writerOf(head), head) };
}

function textRendering({ open, cells, close }: TextWriter, { lines }: Head): TextRendering {
  const content = new PassThrough({ highWaterMark: 1 << 18 });
  const text = createLineText(cells, { lines, give: (page) => void content.write(page) });
  text.put(open);
  return {
    content,
    line: text.line,
    async drained() {
      if (content.writableNeedDrain || content.destroyed) await drained(content);
    },
    async end(totals) {
      text.put(close(totals));
      text.flush();
      content.end();
    },
    abort: (cause) => void content.destroy(cause),
  };
}

/** Resolves when there is room, rejects when nobody will read any more. */
export async function drained(stream: PassThrough): Promise<void> {
  if (stream.destroyed) throw stream.errored ?? new Error('nobody reads the list any more');
  await Promise.race([once(stream, 'drain'), once(stream, 'close').then(() => drained(stream))]);
}
