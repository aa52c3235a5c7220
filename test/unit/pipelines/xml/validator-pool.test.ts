import { expect } from 'chai';
import { EngineError } from '../../../../engine/core/errors.ts';
import { silentLogger } from '../../../../engine/core/logger.ts';
import type { Parcel } from '../../../../engine/pipelines/xml/scan-job.ts';
import { createValidatorPool, type ValidatorPool } from '../../../../engine/pipelines/xml/validator-pool.ts';

const SCHEMA = 'schemas/xsd/DmfAOriginal_20231.xsd';

function aParcel(text: string, schemaPath?: string): Parcel {
  const own = { at: 0, file: 0, line: 1, column: 1 };
  const buffer = Uint8Array.from(Buffer.from(text)).buffer;
  const context = { own, ancestors: [], unclosed: [], plain: false, encoding: 'utf-8', broken: undefined } as const;
  return { ...context, buffer, length: text.length, schemaPath };
}

describe('pool of validators', () => {
  let pool: ValidatorPool;
  const { signal } = new AbortController();
  beforeEach(() => {
    pool = createValidatorPool(2, silentLogger());
  });
  afterEach(() => pool.stop());

  it('checks more windows than it has threads', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => pool.check(aParcel(at % 2 ? '<a/>' : '<a>', SCHEMA), signal)),
    );
    expect(answers.map(({ result }) => result.syntax?.code ?? result.findings[0]?.code)).to.deep.equal(
      Array.from({ length: 20 }, (_, at) => (at % 2 ? '089' : '102')),
    );
  });

  it('rejects what a thread died over, and goes on with another', async () => {
    const dying = pool.check(aParcel('<a/>', 'schemas/xsd/gone.xsd'), signal).catch((error: unknown) => error);
    const living = [1, 2, 3].map(() => pool.check(aParcel('<a>'), signal));
    const error = await dying;
    expect(error).to.be.instanceOf(EngineError).and.to.have.property('code', 'worker_crashed');
    for (const { result } of await Promise.all(living)) expect(result.syntax?.code).to.equal('102');
  });

  it('leaves out what was given up before its turn', async () => {
    const abort = new AbortController();
    const waiting = Array.from({ length: 6 }, () =>
      pool.check(aParcel('<a/>'), abort.signal).then(
        () => 'checked',
        () => 'left out',
      ),
    );
    abort.abort();
    expect(await Promise.all(waiting)).to.include('left out');
  });

  it('rejects what is under way when it stops', async () => {
    const running = pool.check(aParcel('<a/>'), signal).catch((error: EngineError) => error.code);
    await pool.stop();
    expect(await running).to.equal('worker_crashed');
  });
});
