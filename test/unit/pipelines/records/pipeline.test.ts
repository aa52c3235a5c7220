import { expect } from 'chai';
import { runStages } from '../../../../engine/broker/pipeline.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';
import { type DocumentFor, type RecordDeps, recordsPipeline } from '../../../../engine/pipelines/records/pipeline.ts';
import { recordOf } from '../../../../engine/pipelines/records/record-of.ts';
import { switchOn } from '../../../../engine/records/electronic.ts';
import type { NewRecord } from '../../../../engine/records/records.ts';
import type { Source } from '../../../../engine/records/source.ts';
import { inTransaction } from '../../../../engine/store/transaction.ts';
import type { Submission } from '../../../../engine/submissions/submissions.ts';
import { openTestContent, type TestContent } from '../../../support/test-content.ts';

const AUTHORITY = '0206731645';
const receivedAt = new Date('2026-03-14T10:00:00Z');
const aSource = (name: string): Source => ({
  ...{ name, goal: 'KNIP', element: 'Signal', authority: 'CompanyID', day: 'Day', position: [] },
  ...{ outcomes: 'accepted' as const, alone: { goal: 'MUTA' } },
});

describe('records pipeline', () => {
  let content: TestContent;

  beforeEach(async () => {
    content = await openTestContent('sqlite');
  });
  afterEach(() => content.close());

  it('takes in what each source of a goal holds, and places a document of each record, once', async () => {
    const placed: DocumentFor[] = [];
    const deps = {
      ...{ db: content.db, blobs: content.blobs, sources: {}, isReached: async () => true },
      placeDocument: async (_: unknown, document: DocumentFor) => placed.push(document),
    } as unknown as RecordDeps;
    const fields = { CompanyID: AUTHORITY, Day: '20260314' };
    const read = ['signals', 'warnings'].map((name) => {
      const source = aSource(name);
      const record = recordOf(source, fields, { ticket: 'TICKET0000001', formIndex: 1, line: 1, receivedAt });
      return { source, records: [record as NewRecord] };
    });
    for (const { source } of read) {
      await switchOn(content.db, { source: source.name, authority: AUTHORITY, from: '2026-03-01' });
    }
    const submission = { receivedAt } as Submission;
    const work = { kind: 'work', submission, institution: '', read } as const;
    const takeIn = () =>
      inTransaction(content.db, (tx) => {
        const context = { tx, now: receivedAt, log: silentLogger(), signal: new AbortController().signal };
        return runStages(recordsPipeline(deps).stages, work, context);
      });
    await takeIn();
    await takeIn();
    expect(await content.db('records').orderBy('id').pluck('source')).to.deep.equal(['signals', 'warnings']);
    const ids = ['signals', 'warnings'].map((name) => `alone:TICKET0000001:1:1:${name}`);
    expect(placed.map(({ id }) => id)).to.deep.equal(ids);
  });
});
