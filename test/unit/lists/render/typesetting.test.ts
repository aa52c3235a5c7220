import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { EngineError } from '../../../../engine/core/errors.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';
import type { ListDefinition } from '../../../../engine/lists/definition.ts';
import { createTypesetter, type Typesetter } from '../../../../engine/lists/render/typesetter.ts';
import { createTypeset, type LineFormat, type Typeset } from '../../../../engine/lists/render/typesetting.ts';
import { aHead, aPayment, shippedList } from '../../../support/lists.ts';

const FORMATS: readonly LineFormat[] = ['csv', 'fixed', 'xml', 'pdf'];
const RECORDS = 3_000;

describe('lists: documents in the making', function () {
  this.timeout(30_000);
  let statement: ListDefinition;
  let inThread: Typesetter;

  before(async () => {
    statement = await shippedList('statement-leefloon');
  });
  beforeEach(() => {
    inThread = createTypesetter(silentLogger());
  });
  afterEach(() => inThread.stop());

  const recordsOf = (from: number, count: number, with_: Record<string, string> = {}) =>
    Array.from({ length: count }, (_, index) => {
      const fields = JSON.stringify(aPayment({ Name: `Dupont Élodie 😀 ${from + index}`, ...with_ }));
      return { day: '2026-02-01', kind: '1', late: index % 7 === 0, fields };
    });

  async function made(by: Typeset, parts: readonly ReturnType<typeof recordsOf>[]) {
    const setting = by(aHead(statement, { lines: RECORDS }), FORMATS);
    const contents = Promise.all(setting.contents.map(read));
    for (const part of parts) await setting.write(part);
    const totals = await setting.end();
    return { totals, contents: await contents };
  }

  it('comes out the same by a thread of its own, several at a time and in several parts', async () => {
    const parts = [recordsOf(0, 2_000), recordsOf(2_000, RECORDS - 2_000)];
    const here = await made(createTypeset(), parts);
    expect(here.totals).to.deep.include({ lines: RECORDS, corrections: 429 });
    expect(here.contents.map(({ length }) => length > 100_000)).to.deep.equal([true, true, true, true]);
    for (const there of await Promise.all([made(inThread.typeset, parts), made(inThread.typeset, parts)])) {
      expect(there.totals).to.deep.equal(here.totals);
      expect(there.contents.map((bytes, index) => here.contents[index]?.equals(bytes))).to.deep.equal([
        ...[true, true, true, true],
      ]);
    }
  });

  it('says by its code what cannot be printed, and goes on with other documents', async () => {
    for (const by of [createTypeset(), inThread.typeset]) {
      const setting = by(aHead(statement), ['fixed']);
      const content = read(setting.contents[0] as Readable).catch((error: unknown) => error);
      const failed = await setting.write(recordsOf(0, 1, { INSS: '9'.repeat(40) })).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(EngineError).that.includes({ code: 'list_unprintable' });
      setting.abort(failed as Error);
      expect(await content).to.equal(failed);
      expect((await made(by, [recordsOf(0, 3)])).totals.lines).to.equal(3);
    }
  });

  it('fails with worker_crashed what is under way when the thread is stopped', async () => {
    const setting = inThread.typeset(aHead(statement), FORMATS);
    const reading = Promise.allSettled(setting.contents.map(read));
    const writing = setting.write(recordsOf(0, RECORDS)).catch((error: unknown) => error);
    await inThread.stop();
    expect(await writing)
      .to.be.instanceOf(EngineError)
      .that.includes({ code: 'worker_crashed' });
    expect(await setting.end().catch((error: unknown) => error)).to.include({ code: 'worker_crashed' });
    setting.abort(new Error('given up'));
    expect((await reading).map(({ status }) => status)).to.deep.equal(FORMATS.map(() => 'rejected'));
  });
});

async function read(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}
