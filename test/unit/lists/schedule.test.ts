import { expect } from 'chai';
import { instantOf, wallClock } from '../../../engine/core/calendar.ts';
import { cronOf, timetableOf } from '../../../engine/lists/schedule.ts';

const at = (text: string) => new Date(text);

function slots(schedule: string, after: string, count: number): string[] {
  const { next } = timetableOf(schedule);
  const found: string[] = [];
  for (let slot = at(after); found.length < count; ) {
    slot = next(slot);
    found.push(slot.toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('lists: schedules', () => {
  it('finds the first Sundays of a year in Belgian time, summer and winter', () => {
    const year = slots('first Sunday of the month at 06:00', '2026-01-01T00:00:00Z', 12);
    expect(year).to.deep.equal([
      ...['2026-01-04T05:00Z', '2026-02-01T05:00Z', '2026-03-01T05:00Z', '2026-04-05T04:00Z', '2026-05-03T04:00Z'],
      ...['2026-06-07T04:00Z', '2026-07-05T04:00Z', '2026-08-02T04:00Z', '2026-09-06T04:00Z', '2026-10-04T04:00Z'],
      ...['2026-11-01T05:00Z', '2026-12-06T05:00Z'],
    ]);
  });

  const cases: readonly [string, string, string[]][] = [
    ['first Sunday of March, October at 06:00', '2026-03-01T05:00:00Z', ['2026-10-04T04:00Z', '2027-03-07T05:00Z']],
    ['last Friday of the month at 18:30', '2026-02-01T00:00:00Z', ['2026-02-27T17:30Z', '2026-03-27T17:30Z']],
    ['day 29 of February at 06:00', '2025-01-01T00:00:00Z', ['2028-02-29T05:00Z', '2032-02-29T05:00Z']],
    ['day 1 of the month at 00:00', '2026-02-28T22:59:00Z', ['2026-02-28T23:00Z', '2026-03-31T22:00Z']],
    ['cron: 0 6 * * 1', '2026-03-14T00:00:00Z', ['2026-03-16T05:00Z', '2026-03-23T05:00Z', '2026-03-30T04:00Z']],
    // 02:30 is not there on 29 March, and there twice on 25 October
    ['daily at 02:30', '2026-03-28T00:00:00Z', ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']],
    ['daily at 02:30', '2026-10-24T00:00:00Z', ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z']],
    ['daily at 02:30', '2026-10-25T00:30:00Z', ['2026-10-26T01:30Z']],
  ];
  for (const [schedule, after, expected] of cases) {
    it(`${schedule}, after ${after}`, () => {
      expect(slots(schedule, after, expected.length)).to.deep.equal(expected);
    });
  }

  for (const schedule of ['daily at 02:30', 'cron: */30 * * * *', 'first Sunday of the month at 02:00']) {
    it(`finds the same slots forwards and backwards, whenever it is asked: ${schedule}`, () => {
      const { next, latest } = timetableOf(schedule);
      for (const [from, until] of [
        ['2026-03-28T21:00:00Z', '2026-03-29T05:00:00Z'],
        ['2026-10-24T21:00:00Z', '2026-10-25T05:00:00Z'],
      ] as const) {
        for (let now = at(from).getTime(); now < at(until).getTime(); now += 7 * 60_000) {
          const slot = latest(new Date(now));
          const following = next(slot);
          expect(slot.getTime(), 'not after').to.be.at.most(now);
          expect(following.getTime(), 'the next is later').to.be.above(now);
          expect(latest(following)).to.deep.equal(following);
          expect(latest(new Date(following.getTime() - 1))).to.deep.equal(slot);
        }
      }
    });
  }

  it('knows no schedule that cannot be meant', () => {
    const wrong = [
      '',
      'daily',
      'daily at 25:00',
      'first Someday of the month at 06:00',
      'first Sunday of Mars at 06:00',
    ];
    const cron = ['day 32 of the month at 06:00', 'cron: 0 6 * *', 'cron: 0 0 6 * * *', 'cron: x y z a b'];
    expect([...wrong, ...cron].filter((text) => cronOf(text) !== undefined)).to.deep.equal([]);
  });

  it('turns what clocks show into instants and back, except in the hour that there is not', () => {
    for (let hour = 0; hour < 24 * 400; hour += 1) {
      const instant = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000);
      const again = instantOf(wallClock(instant));
      const twice = instant.toISOString() === '2026-10-25T01:00:00.000Z';
      expect(again.getTime(), instant.toISOString()).to.equal(instant.getTime() - (twice ? 3_600_000 : 0));
    }
    expect(instantOf(at('2026-03-29T02:59:59Z')).toISOString()).to.equal('2026-03-29T01:00:00.000Z');
  });
});
