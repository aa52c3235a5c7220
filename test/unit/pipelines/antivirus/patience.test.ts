import { expect } from 'chai';
import { EngineError } from '../../../../engine/core/errors.ts';
import { createPatientScan, type PatientScan } from '../../../../engine/pipelines/antivirus/patience.ts';
import type { Scanner, ScanVerdict } from '../../../../engine/pipelines/antivirus/scanner.ts';
import { type Line, linesOf } from '../../../support/drop.ts';

const NOTHING: AsyncIterable<Buffer> = (async function* () {})();

describe('scanning with patience', () => {
  let now: number;
  let lines: Line[];
  let asked: number;
  let verdict: ScanVerdict | Error;
  let alive: boolean;
  let patient: PatientScan;

  beforeEach(() => {
    now = 0;
    lines = [];
    asked = 0;
    alive = true;
    verdict = { kind: 'clean' };
    const scanner: Scanner = {
      async scan() {
        asked += 1;
        if (verdict instanceof Error) throw verdict;
        return verdict;
      },
      async probe() {
        if (!alive) throw away();
      },
    };
    patient = createPatientScan(scanner, linesOf(lines), () => new Date(now));
  });

  const away = () => new EngineError('scanner_unavailable', 'nobody listens');
  const scan = () => patient.scan(NOTHING, new AbortController().signal);
  const delay = async () => {
    const result = await scan();
    return result.kind === 'away' ? result.delayMs : result.kind;
  };

  it('waits for a scanner that is away, longer the longer it is, a minute and a quarter at most', async () => {
    verdict = away();
    alive = false;
    const delays: number[] = [];
    for (const at of [0, 2_000, 20_000, 100_000, 3_600_000]) {
      now = at;
      delays.push(Number(await delay()));
    }
    const least = [1_000, 1_000, 5_000, 25_000, 60_000];
    for (const [at, ms] of delays.entries()) expect(ms).to.be.within(least[at]!, least[at]! * 1.25);
  });

  it('asks it once in that time, however many wait', async () => {
    verdict = away();
    alive = false;
    for (let at = 0; at < 50; at += 1) expect(await delay()).to.be.within(1_000, 1_250);
    expect(asked).to.equal(1);
    now = 1_001;
    await delay();
    expect(asked).to.equal(2);
  });

  it('says once that it is away and once that it is back, and goes on', async () => {
    verdict = away();
    alive = false;
    for (now = 0; now < 10_000; now += 1_000) await delay();
    verdict = { kind: 'clean' };
    now += 60_000;
    expect(await delay()).to.equal('clean');
    expect(await delay()).to.equal('clean');
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['virus scanner: away', 'virus scanner: back']);
  });

  it('lets a fault be one of the content when the scanner judges other content', async () => {
    verdict = away();
    const error = await scan().catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'scanner_unavailable');
    expect(lines).to.deep.equal([]);
    verdict = { kind: 'infected', signature: 'x' };
    expect(await delay()).to.equal('infected');
  });

  it('lets through what is no fault of the scanner', async () => {
    verdict = new EngineError('blob_missing', 'gone');
    alive = false;
    expect(await scan().catch((thrown: unknown) => thrown)).to.have.property('code', 'blob_missing');
  });
});
