import { expect } from 'chai';
import { runStages, type Stage, type StageContext, type Timed, type Work } from '../../../engine/broker/pipeline.ts';
import { done, reject } from '../../../engine/broker/verdict.ts';
import { systemClock } from '../../../engine/core/clock.ts';
import { silentLogger } from '../../../engine/core/logger.ts';
import { openTestStore } from '../../support/database.ts';

interface Trail extends Work {
  readonly steps: readonly string[];
}

describe('runStages', () => {
  const first: Trail = { kind: 'work', steps: [] };
  let context: StageContext;
  let patience: AbortController;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const store = await openTestStore();
    close = store.close;
    patience = new AbortController();
    context = { tx: store.db, now: systemClock(), log: silentLogger(), signal: patience.signal };
  });
  afterEach(() => close());

  const seen: string[][] = [];
  const step =
    (name: string): Stage<Trail> =>
    async (work) => {
      seen.push([...work.steps]);
      return { ...work, steps: [...work.steps, name] };
    };

  it('hands each stage what the one before returned, and ends as done', async () => {
    seen.length = 0;
    expect(await runStages({ a: step('a'), b: step('b'), c: step('c') }, first, context)).to.deep.equal(done);
    expect(seen).to.deep.equal([[], ['a'], ['a', 'b']]);
  });

  it('leaves at the first verdict', async () => {
    seen.length = 0;
    expect(await runStages({ a: step('a'), no: async () => reject('no'), c: step('c') }, first, context)).to.deep.equal(
      reject('no'),
    );
    expect(seen).to.have.length(1);
  });

  it('tells what each stage took, by its name, also of one that failed', async () => {
    const steps: string[] = [];
    const timed: Timed = (step, work) => work().finally(() => steps.push(step));
    const fail: Stage<Trail> = async () => {
      throw new Error('no');
    };
    await runStages({ a: step('a'), fail }, first, context, timed).catch(() => undefined);
    expect(steps).to.deep.equal(['a', 'fail']);
  });

  it('stops between two stages when patience is over', async () => {
    const impatient: Stage<Trail> = async (work) => {
      patience.abort(new Error('out of patience'));
      return work;
    };
    const outcome = await runStages({ impatient, b: step('b') }, first, context).catch((error: Error) => error.message);
    expect(outcome).to.equal('out of patience');
  });
});
