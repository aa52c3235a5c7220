import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { silentLogger } from '../../../../engine/core/logger.ts';
import { createPdfReader, type PdfReader } from '../../../../engine/pipelines/rows/pdf-reader.ts';
import { eventually } from '../../../support/eventually.ts';
import { HOSTILE_PDFS, pdfOf, pdfWith } from '../../../support/hostile-pdfs.ts';
import { filledPdf, type Saving, signalsPdf } from '../../../support/pdf-forms.ts';

const IMPATIENT_MS = 3_000;
const MOST_MB = 450; // of its process: V8 and the library take some 75, and it may have 192 and 128
const NEVER = new AbortController().signal;

describe('what is read of PDFs', function () {
  this.timeout(60_000);

  let reader: PdfReader;
  let impatient: PdfReader;
  before(() => {
    reader = createPdfReader(silentLogger());
    impatient = createPdfReader(silentLogger(), IMPATIENT_MS);
  });
  after(() => Promise.all([reader.stop(), impatient.stop()]));

  async function readBy(one: PdfReader, content: Buffer, signal = NEVER): Promise<string | Map<string, string>> {
    const read = await one.read(content, signal);
    return read.kind === 'fields' ? new Map(read.fields) : read.reason;
  }

  for (const saving of ['anew', 'packed', 'behind'] satisfies Saving[]) {
    it(`is what was filled in, saved ${saving}`, async () => {
      const list = await signalsPdf([['KN-1'], ['KN-2'], ['KN-3', 'as before']]);
      const remark = 'déjà vu: "1" <2> & =3 \\ ( ) Łódź 😀\nsecond line';
      const fields = await readBy(
        reader,
        await filledPdf(list, { Code_1: '01', Remark_1: remark, Code_3: '03' }, saving),
      );
      expect([...fields]).to.have.deep.members([
        ...[
          ['authority', '0206731645'],
          ['SignalNumber_1', 'KN-1'],
          ['SignalNumber_2', 'KN-2'],
          ['SignalNumber_3', 'KN-3'],
        ],
        ...[
          ['Code_1', '01'],
          ['Remark_1', remark],
          ['Code_2', ''],
          ['Remark_2', ''],
          ['Code_3', '03'],
          ['Remark_3', 'as before'],
        ],
      ]);
    });
  }

  it('is what was filled in last, and nothing of a list that was printed', async () => {
    const list = await signalsPdf([['KN-1']]);
    const twice = await filledPdf(await filledPdf(list, { Code_1: '01' }), { Code_1: '02' });
    expect(await readBy(reader, twice))
      .to.be.a('map')
      .that.includes('02')
      .and.does.not.include('01');
    expect(await readBy(reader, await signalsPdf([]))).to.match(/^The PDF has no form/);
  });

  it('takes texts of any letters, as every version of the format writes them', async () => {
    const utf8 = pdfOf('<</AcroForm<</Fields[<</T(Remark_1)/V<efbbbfc389>>><</T(Remark_2)/V(\\311\\(\\))>>]>>>>');
    expect(await readBy(reader, utf8)).to.deep.equal(new Map(Object.entries({ Remark_1: 'É', Remark_2: 'É()' })));
    const long = 'ÿ'.repeat(9_000);
    expect(await readBy(reader, pdfWith({ Remark_1: long }))).to.deep.equal(new Map([['Remark_1', long]]));
  });

  for (const [what, [said, make]] of Object.entries(HOSTILE_PDFS)) {
    it(`ends for a PDF with ${what}`, async () => {
      const watch = watchMemory();
      const own = said.source.includes('time') ? impatient : reader;
      const answer = await readBy(own, make()).finally(() => watch.stop());
      expect(typeof answer === 'string' ? answer : `read: ${[...answer.keys()].join(' ')}`).to.match(said);
      expect(watch.mostMb(), 'MB of the process').to.be.within(20, MOST_MB);
    });
  }

  it('reads two at once, and goes on with others when it gives one up', async () => {
    const slow = HOSTILE_PDFS['names without end']?.[1]() ?? Buffer.alloc(0);
    const hurried = createPdfReader(silentLogger(), 1_500);
    const contents = [slow, slow, slow, pdfWith({ Code_1: '01' })];
    const answers = await Promise.all(contents.map((content) => readBy(hurried, content)));
    expect(answers.slice(0, 3)).to.satisfy((all: unknown[]) => all.every((one) => /time/.test(String(one))));
    expect(answers[3]).to.deep.equal(new Map([['Code_1', '01']]));
    await eventually(async () => expect(processes()).to.deep.equal([]));
  });

  it('ends its processes when it is told to, or when nobody waits any more', async () => {
    const slow = HOSTILE_PDFS['names without end']?.[1]() ?? Buffer.alloc(0);
    const own = createPdfReader(silentLogger());
    const given = new AbortController();
    const [first, ...others] = [given.signal, NEVER, NEVER].map((signal) =>
      own.read(slow, signal).then(String, (error: { code: string; message: string }) => error.code ?? error.message),
    );
    await eventually(async () => expect(processes().length).to.equal(2));
    given.abort(new Error('nobody waits'));
    expect(await first).to.equal('nobody waits');
    await own.stop();
    expect(await Promise.all(others)).to.deep.equal(['worker_crashed', 'worker_crashed']);
    await eventually(async () => expect(processes()).to.deep.equal([]));
  });
});

/** The processes that this one has started. */
function processes(): string[] {
  const threads = readdirSync('/proc/self/task');
  return threads.flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** Looks at the memory of the processes that this one has started, all the time. */
function watchMemory() {
  let most = 0;
  const timer = setInterval(() => {
    for (const id of processes()) most = Math.max(most, peakOf(id));
  }, 10);
  return { stop: () => clearInterval(timer), mostMb: () => most / 1024 };
}

function peakOf(id: string): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}
