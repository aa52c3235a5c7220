import { expect } from 'chai';
import type { Check, Field } from '../../../../engine/pipelines/goals/check.ts';
import { decisionFuture, decisionStart, decisionTerm } from '../../../../engine/pipelines/goals/decisions.ts';

function found(check: Check, value: string, now = '2026-04-15T10:00:00Z'): string[] {
  const errors: string[] = [];
  const context = { fileDate: '20260415', now: new Date(now) };
  const running = check.start(context, ({ errorId }) => errors.push(errorId));
  const field: Field = {
    name: check.elements[0] ?? '',
    parent: 'Decision',
    text: () => value,
    number: Number,
    line: 1,
    column: 1,
  };
  running.closed(field);
  return errors;
}

describe('checks of decisions', () => {
  it('take one 45 days after the end of its month, and warn of one a day later', () => {
    expect(found(decisionTerm, '20260201', '2026-04-14T10:00:00Z')).to.deep.equal([]);
    expect(found(decisionTerm, '20260228', '2026-04-15T10:00:00Z')).to.deep.equal(['90601-001']);
    expect(found(decisionTerm, '20240229', '2024-04-14T10:00:00Z')).to.deep.equal([]);
    expect(found(decisionTerm, '20240229', '2024-04-15T10:00:00Z')).to.deep.equal(['90601-001']);
  });

  it('refuse the future by the Belgian calendar', () => {
    expect(found(decisionFuture, '20260416', '2026-04-15T21:59:00Z')).to.deep.equal(['90601-003']);
    expect(found(decisionFuture, '20260416', '2026-04-15T22:00:00Z')).to.deep.equal([]);
  });

  it('want the first of a month, and leave to the schema what is no date', () => {
    expect([
      found(decisionStart, '20260301'),
      found(decisionStart, '20260302'),
      found(decisionStart, '20261301'),
    ]).to.deep.equal([...[[], ['90601-002'], []]]);
  });
});
