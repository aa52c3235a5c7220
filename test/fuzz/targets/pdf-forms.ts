import { formFields } from '../../../engine/pipelines/rows/pdf-fields.ts';
import { pdfRows } from '../../../engine/pipelines/rows/pdf-rows.ts';
import type { RowSource } from '../../../engine/pipelines/rows/row.ts';
import { pdfWith } from '../../support/hostile-pdfs.ts';
import { filledPdf, signalsPdf } from '../../support/pdf-forms.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';

const SOURCE: RowSource = {
  ...{ element: 'Answer', authority: 'CompanyID' },
  csv: {
    ...{ root: 'Answers', schema: 'Answers_1.xsd', identification: 'KNFB', form: ['CompanyID'], most: 1 },
    ...{ record: ['SignalNumber', 'Code', 'Remark'], titles: {}, pad: { Code: 2 }, skipWithout: 'Code' },
  },
};
const NEVER = new AbortController().signal;

/**
 * Lists that were filled in as PDF, from the reading of their bytes to their rows, in the thread itself: inputs are small.
 * The library keeps every name that it has met, which takes some MiB a minute here; its own process ends with each PDF.
 */
export const pdfForms: FuzzTarget = {
  async samples() {
    const [list, texts] = [await signalsPdf([['KN-1'], ['KN-2']]), { Code_1: '01', Remark_2: 'déjà vu' }];
    const saved = await Promise.all((['anew', 'packed', 'behind'] as const).map((one) => filledPdf(list, texts, one)));
    return [...saved, pdfWith({ authority: '0403019261', SignalNumber_1: 'KN-1', Code_1: '01', Remark_1: 'x' })];
  },
  words: [
    ...['obj', 'endobj', 'stream\n', 'endstream', 'xref', 'trailer', 'startxref', '<<', '>>', '[', ']', '(', ')', '%'],
    ...[
      '/Kids',
      '/Fields',
      '/AcroForm',
      '/Parent',
      '/T',
      '/V',
      '/Length',
      '/Filter',
      '/FlateDecode',
      '/ObjStm',
      '/XRef',
    ],
    ...['1 0 R', '3 0 R', '4 0 obj', '/Encrypt', '/N 9', '/First', '<feff', '(\\377)', '\\', '-1', '1e9', '/#', 'null'],
  ].map((word) => Buffer.from(word)),
  open: async (): Promise<OpenTarget> => ({
    async run(input) {
      const content = { kind: 'bytes', bytes: input } as const;
      const read = await pdfRows(content, SOURCE, async (bytes) => formFields(bytes), NEVER);
      if (read.kind === 'rows') for await (const _ of read.rows);
    },
    close: async () => undefined,
  }),
};
