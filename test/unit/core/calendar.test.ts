import { expect } from 'chai';
import { daysBetween, fileDate, isCalendarDate, protocolTime, withoutZone } from '../../../engine/core/calendar.ts';

describe('protocol calendar', () => {
  it('writes an instant in Belgian time, summer and winter', () => {
    expect(protocolTime(new Date('2026-01-15T10:20:30.045Z'))).to.deep.equal({
      date: '2026-01-15',
      time: '11:20:30.045',
    });
    expect(protocolTime(new Date('2026-07-15T22:30:00Z'))).to.deep.equal({ date: '2026-07-16', time: '00:30:00.000' });
  });

  it('has a new day at Belgian midnight', () => {
    expect(fileDate(new Date('2026-11-21T22:59:59Z'))).to.equal('20261121');
    expect(fileDate(new Date('2026-11-21T23:00:00Z'))).to.equal('20261122');
  });

  it('knows which dates are in the calendar', () => {
    for (const date of ['20240229', '20261231']) expect(isCalendarDate(date), date).to.equal(true);
    for (const date of ['20260229', '20261301', '20260100', '2026011', 'abcdefgh']) {
      expect(isCalendarDate(date), date).to.equal(false);
    }
  });

  it('leaves out the zone of a date, and nothing else', () => {
    expect(['2026-03-14', '2026-03-14Z', '2026-03-14-05:00'].map(withoutZone)).to.deep.equal([
      ...['2026-03-14', '2026-03-14', '2026-03-14'],
    ]);
    expect(['2026-03Z', '20260314Z', 'x2026-03-14Z'].map(withoutZone)).to.deep.equal([
      ...['2026-03Z', '20260314Z', 'x2026-03-14Z'],
    ]);
  });

  it('counts days across months and the change of clocks', () => {
    expect(daysBetween('20261024', '20261026')).to.equal(2);
    expect(daysBetween('20270101', '20261231')).to.equal(-1);
  });
});
