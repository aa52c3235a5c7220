import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Head, Line, Renderer, Totals } from './rendering.ts';

/** How a format that is text is written. */
export interface TextWriter {
  readonly open: string;
  line(line: Line): string;
  close(totals: Totals): string;
}

/** A renderer of text in UTF-8. */
export function textRenderer(
  kind: { readonly extension: string; readonly mediaType: string },
  writerOf: (head: Head) => TextWriter,
): Renderer {
  return { ...kind, render: (head) => textRendering(writerOf(head)) };
}

function textRendering(writer: TextWriter) {
  const content = new PassThrough({ highWaterMark: 1 << 18 });
  const put = async (text: string) => {
    if (text !== '' && !content.write(text, 'utf8')) await drained(content);
  };
  let begun = false;
  const opening = () => {
    if (begun) return '';
    begun = true;
    return writer.open;
  };
  return {
    content,
    async write(lines: readonly Line[]) {
      let text = opening();
      for (const line of lines) text += writer.line(line);
      await put(text);
    },
    async end(totals: Totals) {
      await put(opening() + writer.close(totals));
      content.end();
    },
    abort: (cause: Error) => void content.destroy(cause),
  };
}

/** Resolves when there is room, rejects when nobody will read any more. */
export async function drained(stream: PassThrough): Promise<void> {
  if (stream.destroyed) throw stream.errored ?? new Error('nobody reads the list any more');
  await Promise.race([once(stream, 'drain'), once(stream, 'close').then(() => drained(stream))]);
}
