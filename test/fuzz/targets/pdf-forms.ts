import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FormFields } from '../../../engine/pipelines/rows/pdf-fields.ts';
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
 * Lists that were filled in as PDF, from the reading of their bytes to their rows. In the engine a process reads each PDF, as the
 * library keeps every name that it has met: here a thread reads some, and then another one.
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
  open: async (): Promise<OpenTarget> => {
    const reader = createReader();
    return {
      async run(input) {
        const read = await pdfRows({ kind: 'bytes', bytes: input }, SOURCE, reader.read, NEVER);
        if (read.kind === 'rows') for await (const _ of read.rows);
      },
      close: reader.end,
    };
  },
};

const READ_BY_ONE = 500;

function createReader() {
  let worker: Worker | undefined;
  let readIt = 0;
  const end = async () => void (await worker?.terminate());
  return {
    end,
    async read(bytes: Uint8Array): Promise<FormFields> {
      if (readIt++ % READ_BY_ONE === 0) {
        await end();
        worker = new Worker(new URL('./pdf-forms-thread.js', import.meta.url));
      }
      if (!worker) throw new Error('no thread');
      worker.postMessage(bytes);
      const [fields] = await once(worker, 'message'); // rejects with what the thread dies of
      return fields;
    },
  };
}
