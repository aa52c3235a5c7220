import { expect } from 'chai';
import { createProgress } from '../../../engine/lists/progress.ts';
import { recorder } from '../../support/recorder.ts';

describe('the progress of a list', () => {
  it('is told once in a hundred documents, with those that were done before', () => {
    const { log, lines } = recorder();
    const told = createProgress(log, { list: 'blocked', period: '2026-03', doing: 'compared', of: 250, before: 40 });
    for (let count = 40; count < 250; count += 1) told();
    const said = lines('list under way').map((line) => JSON.parse(line));
    expect(said.map(({ list, period, compared, of }) => [list, period, compared, of])).to.deep.equal([
      ['blocked', '2026-03', 100, 250],
      ['blocked', '2026-03', 200, 250],
    ]);
  });
});
