import { expect } from 'chai';
import { createFairQueue } from '../../../../engine/pipelines/xml/fair-queue.ts';

describe('line with turns', () => {
  const [a, b, c] = [{}, {}, {}];

  it('gives each owner a turn and keeps the order of each', () => {
    const queue = createFairQueue<string>();
    for (const item of ['a1', 'a2', 'a3']) queue.push(a, item);
    queue.push(b, 'b1');
    expect(queue.shift()).to.equal('a1');
    queue.push(c, 'c1');
    queue.push(b, 'b2');
    const rest = Array.from({ length: 6 }, () => queue.shift());
    expect(rest).to.deep.equal(['b1', 'a2', 'c1', 'b2', 'a3', undefined]);
  });

  it('gives everything at the end, and is empty then', () => {
    const queue = createFairQueue<string>();
    queue.push(a, 'a1');
    queue.push(b, 'b1');
    expect(queue.clear()).to.have.members(['a1', 'b1']);
    expect(queue.shift()).to.equal(undefined);
  });
});
