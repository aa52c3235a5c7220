import { once } from 'node:events';

/** Writes lines to stdout; resolves when they are handed over. */
export async function print(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  if (!process.stdout.write(`${lines.join('\n')}\n`)) await once(process.stdout, 'drain');
}

/** Writes one JSON document, indented. */
export async function printJson(value: unknown): Promise<void> {
  await print([safeJson(value, 2)]);
}

/** A value as JSON, on one line unless indented; characters that a terminal would obey are escaped, which JSON allows. */
export function safeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, escaped);
}

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16).padStart(4, '0'))
    .map((unit) => `\\u${unit}`)
    .join('');

/** A reader that stops reading (`bode submissions | head -1`) ends the command, quietly. */
export function toleratePipeEnd(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Rows as columns of equal width, under their titles; control characters of the data are shown as `?`. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(printableText));
  const widths = titles.map((title, column) => Math.max(title.length, ...clean.map((row) => row[column]?.length ?? 0)));
  return [titles, ...clean].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Text from outside made safe for a terminal. */
export function printableText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
