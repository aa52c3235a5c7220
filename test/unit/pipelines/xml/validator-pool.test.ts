import { expect } from 'chai';
import { EngineError } from '../../../../engine/core/errors.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';
import type { Parcel } from '../../../../engine/pipelines/xml/scan-job.ts';
import { createValidatorPool, type ValidatorPool } from '../../../../engine/pipelines/xml/validator-pool.ts';

const FILE = {};
const SCHEMA = 'schemas/xsd/DmfAOriginal_20231.xsd';

function aParcel(text: string, schemaPath?: string): Parcel {
  const own = { at: 0, file: 0, line: 1, column: 1 };
  const buffer = Uint8Array.from(Buffer.from(text)).buffer;
  const context = { own, ancestors: [], unclosed: [], plain: false, encoding: 'utf-8', broken: undefined } as const;
  return { ...context, buffer, length: text.length, schemaPath };
}

const PAGE = 65_536; // WebAssembly's memory grows by pages: two threads that did the same may differ by one

describe('pool of validators', () => {
  let pool: ValidatorPool;
  const { signal } = new AbortController();
  beforeEach(() => {
    pool = createValidatorPool(2, silentLogger());
  });
  afterEach(() => pool.stop());

  it('checks more windows than it has threads', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => pool.check(aParcel(at % 2 ? '<a/>' : '<a>', SCHEMA), signal, FILE)),
    );
    expect(answers.map(({ result }) => result.syntax?.code ?? result.findings[0]?.code)).to.deep.equal(
      Array.from({ length: 20 }, (_, at) => (at % 2 ? '089' : '102')),
    );
  });

  it('rejects what a thread died over, and goes on with another', async () => {
    const dying = pool.check(aParcel('<a/>', 'schemas/xsd/gone.xsd'), signal, FILE).catch((error: unknown) => error);
    const living = [1, 2, 3].map(() => pool.check(aParcel('<a>'), signal, FILE));
    const error = await dying;
    expect(error).to.be.instanceOf(EngineError).and.to.have.property('code', 'worker_crashed');
    for (const { result } of await Promise.all(living)) expect(result.syntax?.code).to.equal('102');
  });

  it('leaves out what was given up before its turn', async () => {
    const abort = new AbortController();
    const waiting = Array.from({ length: 6 }, () =>
      pool.check(aParcel('<a/>'), abort.signal, FILE).then(
        () => 'checked',
        () => 'left out',
      ),
    );
    abort.abort();
    expect(await Promise.all(waiting)).to.include('left out');
  });

  it('rejects what is under way when it stops', async () => {
    const running = pool.check(aParcel('<a/>'), signal, FILE).catch((error: EngineError) => error.code);
    await pool.stop();
    expect(await running).to.equal('worker_crashed');
  });

  it('takes the windows of several files by turns', async () => {
    const alone = createValidatorPool(1, silentLogger()); // two threads would end in another order than they began
    const order: string[] = [];
    const give = (name: string, count: number) => {
      const file = {};
      return Array.from({ length: count }, () =>
        alone.check(aParcel('<a>'), signal, file).then(() => {
          order.push(name);
        }),
      );
    };
    try {
      const hostile = ['a', 'b', 'c', 'd'].flatMap((name) => give(name, 30));
      await Promise.all([...hostile, ...give('plain', 1)]);
    } finally {
      await alone.stop();
    }
    // the thread had taken one window; then each of the five files has its turn
    expect(order).to.have.length(121);
    expect(order.indexOf('plain')).to.be.at.most(5);
  });

  it('replaces a thread whose parser has taken much memory', async () => {
    const alone = createValidatorPool(1, silentLogger());
    try {
      const fresh = await alone.check(aParcel('<a/>'), signal, FILE);
      const worn = await alone.check(aParcel(`<a>${'<a/>'.repeat(1_400_000)}</a>`), signal, FILE);
      const next = await alone.check(aParcel('<a/>'), signal, FILE);
      expect(worn.memory).to.be.greaterThan(96 * 1024 * 1024);
      expect(next.memory).to.be.at.most(fresh.memory + PAGE);
      expect(next.result.syntax).to.equal(undefined);
    } finally {
      await alone.stop();
    }
  }).timeout(30_000);

  it('survives a thread that runs out of memory', async () => {
    const mass = `<DmfAOriginal>${'<a/>'.repeat(2_000_000)}</DmfAOriginal>`;
    const error = await pool.check(aParcel(mass, SCHEMA), signal, FILE).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(EngineError).and.to.have.property('code', 'worker_crashed');
    const { result } = await pool.check(aParcel('<a>'), signal, FILE);
    expect(result.syntax?.code).to.equal('102');
  }).timeout(60_000);
});
