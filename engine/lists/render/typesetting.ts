import type { Readable } from 'node:stream';
import type { TakenRecords } from '../../records/taken.ts';
import type { Format } from '../definition.ts';
import { csv } from './csv.ts';
import { fixed } from './fixed.ts';
import { createSum, linesOf } from './lines.ts';
import { createPdf, PDF } from './pdf.ts';
import type { Head, Renderer, Rendering, Totals } from './rendering.ts';
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
  const renderers = { csv, fixed, xml, pdf: createPdf() };
  return (head, formats) => {
    const renderings = formats.map((format) => renderers[format].render(head));
    return settingOf(head, renderings);
  };
}

function settingOf({ definition, authority }: Head, renderings: readonly Rendering[]): Typesetting {
  const sum = createSum(definition);
  return {
    contents: renderings.map(({ content }) => content),
    async write(records) {
      const lines = linesOf(definition, records, authority);
      sum.add(lines);
      await Promise.all(renderings.map((rendering) => rendering.write(lines)));
    },
    async end() {
      await Promise.all(renderings.map((rendering) => rendering.end(sum.totals())));
      return sum.totals();
    },
    abort(cause) {
      for (const rendering of renderings) rendering.abort(cause);
    },
  };
}
