import type { Readable } from 'node:stream';
import type { TakenRecords } from '../../records/taken.ts';
import type { Format } from '../definition.ts';
import { csv } from './csv.ts';
import { fixed } from './fixed.ts';
import { createLineReader, type LineBytes } from './line-reader.ts';
import { createSum, lineOf } from './lines.ts';
import { createPdf, PDF } from './pdf.ts';
import type { Head, Line, Renderer, Rendering, TextRendering, Totals } from './rendering.ts';
import { xml } from './xml.ts';

/** The formats that are made line by line. */
export type LineFormat = Exclude<Format, 'zip'>;

/** How their files are called. */
export const LINE_FORMATS: Readonly<Record<LineFormat, Omit<Renderer, 'render'>>> = { csv, fixed, xml, pdf: PDF };

/** A document in the making, in several formats at once: its contents are read while records are written. */
export interface Typesetting {
  /** In the order of the formats. */
  readonly contents: readonly Readable[];
  /** Resolves when more may be written: memory does not grow with the document. Throws list_unprintable. */
  write(records: TakenRecords): Promise<void>;
  /** Ends all contents. */
  end(): Promise<Totals>;
  /** Gives up: reading fails with this. */
  abort(cause: Error): void;
}

/** Begins a document. */
export type Typeset = (head: Head, formats: readonly LineFormat[]) => Typesetting;

/** Makes documents in the thread of the caller; they share what is read once. */
export function createTypeset(): Typeset {
  const texts = { csv, fixed, xml };
  const pdf = createPdf();
  return (head, formats) => {
    const made = formats.map((format) =>
      format === 'pdf' ? drawn(head, pdf.render(head)) : texts[format].render(head),
    );
    return settingOf(head, made);
  };
}

/** A format that takes several lines at a time. */
function drawn({ definition }: Head, rendering: Rendering): TextRendering {
  let lines: Line[] = [];
  return {
    ...rendering,
    line: (line) => void lines.push(lineOf(definition, line)),
    async drained() {
      const taken = lines;
      lines = [];
      await rendering.write(taken);
    },
  };
}

function settingOf({ definition, authority }: Head, making: readonly TextRendering[]): Typesetting {
  const sum = createSum(definition);
  const reader = createLineReader(definition, authority);
  const take = (line: LineBytes) => {
    sum.add(line);
    for (const one of making) one.line(line);
  };
  return {
    contents: making.map(({ content }) => content),
    async write(records) {
      reader.read(records, take);
      await Promise.all(making.map((one) => one.drained()));
    },
    async end() {
      await Promise.all(making.map((one) => one.end(sum.totals())));
      return sum.totals();
    },
    abort(cause) {
      for (const one of making) one.abort(cause);
    },
  };
}
