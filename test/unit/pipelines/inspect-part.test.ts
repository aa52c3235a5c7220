import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { loadConfig } from '../../../config/load.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { inspectPart } from '../../../engine/pipelines/inspect-part.ts';
import { createPdfReader, type ReadPdf } from '../../../engine/pipelines/rows/pdf-reader.ts';
import type { SubmissionDeps } from '../../../engine/pipelines/submissions.ts';
import type { Sources } from '../../../engine/records/source.ts';
import { goalOf } from '../../../engine/registry/goals.ts';
import type { Sender } from '../../../engine/registry/senders.ts';
import { streamOf } from '../../../engine/store/blobs.ts';
import { inTransaction } from '../../../engine/store/transaction.ts';
import type { Submission } from '../../../engine/submissions/submissions.ts';
import { aPayment } from '../../support/lists.ts';
import { filledPdf, signalsPdf } from '../../support/pdf-forms.ts';
import { openTestContent, type TestContent } from '../../support/test-content.ts';
import { zipBytes } from '../../support/zips.ts';

const NAME = 'FI.PAYM.123456.20261122.00001.R.1.1';
const paid = { CompanyID: '0206731645', ...aPayment() };
const CSV = `${Object.keys(paid).join(';')}\r\n${Object.values(paid).join(';')}\r\n`;

const neverRead: ReadPdf = async () => {
  throw new Error('there is no PDF here');
};

describe('a part of a submission', () => {
  let content: TestContent;
  before(async () => {
    content = await openTestContent('sqlite');
  });
  after(() => content.close());

  /** What is inspected of a part with this content, and what was found before that. */
  async function seenOf(bytes: Buffer, { code = 'PAYM', readPdf = neverRead } = {}) {
    const { sources, goals } = await loadConfig(undefined, {});
    const goal = goalOf(goals, code);
    if (!goal) throw new Error(`no goal ${code} is shipped`);
    let seen: string | undefined;
    const inspect: SubmissionDeps['inspect'] = async ({ source }) => {
      seen = (await buffer(streamOf(source))).toString();
      const none = { start: 0, end: 0 };
      return { ...{ root: '', schema: '', findings: [], findingsTotal: 0, forms: [] }, prologue: none, epilogue: none };
    };
    const { db, blobs } = content;
    const deps: SubmissionDeps = {
      db,
      blobs,
      goals,
      inspect,
      readPdf,
      mandated: [],
      sources: sources as Sources,
    };
    const { sha256, size } = await inTransaction(db, (tx) => blobs.put(tx, bytes));
    const request = {
      file: { name: NAME, role: 'FI' as const, part: 1, sha256, size } as never,
      ...{ goal, sender: { number: '123456' } as Sender },
      submission: { stem: NAME.slice(3, -4), receivedAt: content.now() } as Submission,
    };
    const context = { now: content.now(), signal: new AbortController().signal } as never;
    const { faults } = await inspectPart(request, context, deps);
    return { seen, faults: faults.map(({ code, line, detail }) => [code, line, detail]) };
  }

  it('is read as the declaration that CSV stands for, also when it comes in a ZIP', async () => {
    for (const bytes of [Buffer.from(CSV), zipBytes({ name: 'payments.csv', content: Buffer.from(CSV) })]) {
      const { seen, faults } = await seenOf(bytes);
      expect(faults).to.deep.equal([]);
      expect(seen).to.match(/^<\?xml .*\n.*<CompanyID>0206731645<.*<Name>Dupont Élodie<\/Name><\/Payment>/);
    }
  });

  it('is read as it is, or as it lies in its ZIP, when it is XML', async () => {
    const xml = Buffer.from('<?xml version="1.0"?><Payments/>');
    expect((await seenOf(xml)).seen).to.equal(xml.toString());
    expect((await seenOf(zipBytes({ content: xml }))).seen).to.equal(xml.toString());
  });

  it('is read as the declaration that a filled-in PDF stands for, also when it comes in a ZIP', async () => {
    const pdf = await filledPdf(await signalsPdf([['KN-1'], ['KN-2']]), { Code_2: '01', Remark_2: 'known' });
    const reader = createPdfReader(silentLogger());
    for (const bytes of [pdf, zipBytes({ name: 'signals.pdf', content: pdf })]) {
      const { seen, faults } = await seenOf(bytes, { code: 'KNFB', readPdf: reader.read });
      expect(faults).to.deep.equal([]);
      const answer =
        /^<\?xml .*\n\n<Form>.*<CompanyID>0206731645<.*<SignalNumber>KN-2<.*<Code>01<.*<Remark>known<.*\n$/;
      expect(seen).to.match(answer);
    }
    const fault = ['138', undefined, 'The PDF is damaged: it cannot be read'];
    const broken = await seenOf(Buffer.from('%PDF-'), { code: 'KNFB', readPdf: reader.read });
    expect(broken).to.deep.equal({ seen: undefined, faults: [fault] });
  });

  it('is not read as PDF for a goal that comes as XML only', async () => {
    expect((await seenOf(Buffer.from('%PDF-1.7'), { code: 'KNIP' })).seen).to.equal('%PDF-1.7');
  });

  it('is refused with the line of the CSV that is not UTF-8', async () => {
    const fault = ['138', 2, 'The CSV is not in UTF-8, as it must be'];
    expect(await seenOf(Buffer.from(CSV, 'latin1'))).to.deep.equal({ seen: undefined, faults: [fault] });
    const long = Buffer.concat([Buffer.from(CSV + CSV.split('\n')[1]?.repeat(5_000)), Buffer.from(CSV, 'latin1')]);
    expect((await seenOf(long)).faults).to.deep.equal([['138', 4, fault[2]]]);
  });
});
