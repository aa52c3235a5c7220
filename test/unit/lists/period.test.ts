import { expect } from 'chai';
import {
  addDays,
  closedBy,
  type PeriodRule,
  parsePeriod,
  periodAfter,
  periodBefore,
  periodOf,
} from '../../../engine/lists/period.ts';

const RULES: readonly PeriodRule[] = [
  { kind: 'day' },
  { kind: 'month' },
  { kind: 'year' },
  { kind: 'half-year', starts: [1, 7] },
  { kind: 'half-year', starts: [3, 10] },
];

describe('lists: periods', () => {
  const cases: readonly [string, PeriodRule, string, string][] = [
    ['2024-02-29', { kind: 'day' }, '2024-02-29', '2024-02-29 to 2024-03-01'],
    ['2026-12-31', { kind: 'day' }, '2026-12-31', '2026-12-31 to 2027-01-01'],
    ['2024-02-29', { kind: 'month' }, '2024-02', '2024-02-01 to 2024-03-01'],
    ['2026-12-31', { kind: 'month' }, '2026-12', '2026-12-01 to 2027-01-01'],
    ['2024-02-29', { kind: 'year' }, '2024', '2024-01-01 to 2025-01-01'],
    ['2026-06-30', { kind: 'half-year', starts: [1, 7] }, '2026-H1', '2026-01-01 to 2026-07-01'],
    ['2026-07-01', { kind: 'half-year', starts: [1, 7] }, '2026-H2', '2026-07-01 to 2027-01-01'],
    ['2026-02-28', { kind: 'half-year', starts: [3, 10] }, '2025-H2', '2025-10-01 to 2026-03-01'],
    ['2026-03-01', { kind: 'half-year', starts: [3, 10] }, '2026-H1', '2026-03-01 to 2026-10-01'],
    ['2026-10-01', { kind: 'half-year', starts: [3, 10] }, '2026-H2', '2026-10-01 to 2027-03-01'],
  ];
  for (const [day, rule, name, span] of cases) {
    it(`${day} lies in ${name}`, () => {
      const period = periodOf(rule, day);
      expect([period.name, `${period.from} to ${period.until}`]).to.deep.equal([name, span]);
    });
  }

  for (const rule of RULES) {
    it(`leaves out no day and counts none twice: ${JSON.stringify(rule)}`, () => {
      for (let day = '2023-12-30'; day < '2029-01-02'; day = addDays(day, 1)) {
        const period = periodOf(rule, day);
        expect(period.from <= day && day < period.until, day).to.equal(true);
        expect(periodAfter(rule, period).from, day).to.equal(period.until);
        expect(periodBefore(rule, period).until, day).to.equal(period.from);
        expect(parsePeriod(rule, period.name), day).to.deep.equal(period);
        expect(closedBy(rule, day).until, day).to.equal(period.from);
      }
    });
  }

  it('knows no period by the name of another kind, or of a day that there is not', () => {
    const wrong: readonly [PeriodRule, string][] = [
      [{ kind: 'day' }, '2026-02-29'],
      [{ kind: 'day' }, '2026-13-01'],
      [{ kind: 'day' }, '2026-03'],
      [{ kind: 'month' }, '2026-13'],
      [{ kind: 'month' }, '2026-00'],
      [{ kind: 'month' }, '2026'],
      [{ kind: 'year' }, '26'],
      [{ kind: 'half-year', starts: [3, 10] }, '2026-H3'],
      [{ kind: 'half-year', starts: [3, 10] }, '2026-03'],
    ];
    expect(wrong.filter(([rule, name]) => parsePeriod(rule, name) !== undefined)).to.deep.equal([]);
  });
});
