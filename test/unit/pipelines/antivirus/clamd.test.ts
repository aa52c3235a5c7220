import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { EngineError } from '../../../../engine/core/errors.ts';
import { createClamd } from '../../../../engine/pipelines/antivirus/clamd.ts';
import { freePort } from '../../../../scripts/demonstration/engine.ts';
import { type FakeClamd, type FakeScan, startFakeClamd } from '../../../support/fake-clamd.ts';

describe('the clamd protocol', () => {
  let fake: FakeClamd;
  let answer: (scan: FakeScan) => void;

  beforeEach(async () => {
    fake = await startFakeClamd((scan) => answer(scan));
  });
  afterEach(() => fake.close());

  const scanner = (port = fake.port, answerWithinMs = 10_000) =>
    createClamd({ address: { host: '127.0.0.1', port }, connectWithinMs: 10_000, answerWithinMs });
  const hasty = () => scanner(fake.port, 300);
  const scan = (bytes: Buffer = Buffer.from('content'), signal?: AbortSignal) =>
    scanner().scan(Readable.from([bytes]), signal);
  const atEnd = (reply: string) => (got: FakeScan) => void (got.ended && got.socket.end(reply));

  async function reasonOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      (verdict) => new Error(`it was judged: ${JSON.stringify(verdict)}`),
      (thrown: unknown) => thrown,
    );
    expect(error, String(error)).to.be.instanceOf(EngineError);
    expect((error as EngineError).code).to.equal('scanner_unavailable');
    return (error as EngineError).message;
  }

  it('gives all of the content, whatever its size', async () => {
    for (const size of [0, 1, 2 ** 18, 2 ** 18 + 1, 3_000_000]) {
      const bytes = randomBytes(size);
      let digest = '';
      answer = ({ content, ended, socket }) => {
        if (!ended) return;
        digest = createHash('sha256').update(content).digest('hex');
        socket.end('stream: OK\0');
      };
      expect(await scan(bytes)).to.deep.equal({ kind: 'clean' });
      expect(digest).to.equal(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  const answers = {
    'stream: OK\0': { kind: 'clean' },
    'stream: Win.Test.EICAR_HDB-1 FOUND\0': { kind: 'infected', signature: 'Win.Test.EICAR_HDB-1' },
    'stream: a name with FOUND FOUND\0': { kind: 'infected', signature: 'a name with FOUND' },
    'INSTREAM size limit exceeded. ERROR\0': { kind: 'unscannable', reason: 'INSTREAM size limit exceeded. ERROR' },
    'stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0': {
      kind: 'unscannable',
      reason: 'stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND',
    },
  } as const;
  for (const [reply, verdict] of Object.entries(answers)) {
    it(`takes ${JSON.stringify(reply)} for ${verdict.kind}, also when it comes in pieces`, async () => {
      answer = async ({ ended, socket }) => {
        if (!ended) return;
        for (const byte of Buffer.from(reply)) socket.write(Buffer.of(byte));
        socket.end();
      };
      expect(await scan()).to.deep.equal(verdict);
    });
  }

  it('takes the answer that comes before all was said', async () => {
    answer = ({ content, socket }) => {
      if (content.length > 100_000 && !socket.writableEnded) socket.end('INSTREAM size limit exceeded. ERROR\0');
    };
    expect((await scan(Buffer.alloc(4_000_000))).kind).to.equal('unscannable');
  });

  const broken = [
    'stream: OK',
    'stream: OKAY\0',
    'OK\0',
    'stream: OK FOUND extra\0',
    'stream:  FOUND\0',
    "stream: Can't allocate memory ERROR\0",
    'UNKNOWN COMMAND\0',
    '\0',
    '',
    'x'.repeat(5_000),
  ];
  for (const reply of broken) {
    it(`takes ${JSON.stringify(reply.slice(0, 40))} for no answer`, async () => {
      answer = atEnd(reply);
      await reasonOf(scan());
    });
  }

  it('shows what was answered on one line, without what a terminal would obey', async () => {
    answer = atEnd('some\nthing\u001b[2J ERROR\0');
    expect(await reasonOf(scan())).to.equal('the virus scanner: it answered: some\\u{a}thing\\u{1b}[2J ERROR');
  });

  it('is unavailable when nobody listens, nobody answers, and when the connection is cut', async () => {
    expect(await reasonOf(scanner(await freePort()).probe())).to.match(/ECONNREFUSED/);
    answer = () => undefined;
    expect(await reasonOf(hasty().probe())).to.match(/no answer in time$/);
    answer = ({ socket }) => void socket.resetAndDestroy();
    expect(await reasonOf(scan(Buffer.alloc(8_000_000)))).to.match(/^the virus scanner: /);
    answer = ({ socket }) => void socket.end();
    expect(await reasonOf(scan(Buffer.alloc(8_000_000)))).to.match(/^the virus scanner: /);
  });

  it('holds little of the content while clamd takes none', async () => {
    answer = ({ socket }) => void socket.pause();
    let given = 0;
    async function* endless() {
      for (; given < 10_000; given += 1) yield Buffer.alloc(2 ** 18);
    }
    await reasonOf(hasty().scan(endless()));
    expect(given * 2 ** 18).to.be.lessThan(64 * 2 ** 20); // what the system buffers, and one piece
  });

  it('stops when it is told to, and says so', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('stopping'));
    const error = await scan(Buffer.alloc(1_000), stop.signal).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'stopping');
  });

  it('lets through why the content could not be read, and closes it', async () => {
    answer = () => undefined;
    let closed = false;
    async function* failing() {
      try {
        yield Buffer.from('x');
        throw new EngineError('blob_missing', 'gone');
      } finally {
        closed = true;
      }
    }
    const error = await scanner()
      .scan(failing())
      .catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'blob_missing');
    expect(closed).to.equal(true);
  });

  it('is probed with content of its own, which must be clean', async () => {
    answer = atEnd('stream: OK\0');
    await scanner().probe();
    answer = atEnd('stream: Everything FOUND\0');
    expect(await reasonOf(scanner().probe())).to.match(/ordinary content infected$/);
  });
});
