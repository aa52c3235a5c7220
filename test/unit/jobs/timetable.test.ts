import { expect } from 'chai';
import { daily, every, runKeyOf, slotOf } from '../../../engine/jobs/timetable.ts';

const at = (text: string) => new Date(text);

describe('a timetable', () => {
  it('has a slot every so often, the same for every process', () => {
    const quarters = every(900_000);
    expect(quarters.latest(at('2026-11-22T11:44:59.999Z'))).to.deep.equal(at('2026-11-22T11:30:00Z'));
    expect(quarters.latest(at('2026-11-22T11:45:00Z'))).to.deep.equal(at('2026-11-22T11:45:00Z'));
    expect(quarters.next(at('2026-11-22T11:45:00Z'))).to.deep.equal(at('2026-11-22T12:00:00Z'));
  });

  it('has a slot a day, in UTC', () => {
    const nightly = daily('03:10');
    expect(nightly.latest(at('2026-11-22T03:09:59Z'))).to.deep.equal(at('2026-11-21T03:10:00Z'));
    expect(nightly.latest(at('2026-11-22T03:10:00Z'))).to.deep.equal(at('2026-11-22T03:10:00Z'));
    expect(nightly.next(at('2026-12-31T03:10:00Z'))).to.deep.equal(at('2027-01-01T03:10:00Z'));
  });

  it('says for people when it is due', () => {
    const texts = [every(250), every(1_500), every(15_000), every(90_000), every(86_400_000), daily('03:10')];
    expect(texts.map(({ text }) => text)).to.deep.equal([
      'every 250ms',
      'every 1500ms',
      'every 15s',
      'every 90s',
      'every 1d',
      'daily at 03:10 UTC',
    ]);
  });

  it('knows its own run keys and no others', () => {
    for (const timetable of [every(15_000), every(250), daily('03:10')]) {
      const slot = timetable.latest(at('2026-11-22T11:44:07.900Z'));
      expect(slotOf(timetable, runKeyOf(slot))).to.deep.equal(slot);
    }
    const wrong = [
      '',
      'x',
      '2026-11-22',
      '2026-11-22T11:40:01Z',
      '2026-11-22T11:40:00.000Z',
      '2026-11-22T12:40:00+01:00',
    ];
    for (const key of wrong) expect(slotOf(every(15_000), key)).to.equal(undefined);
    expect(runKeyOf(at('2026-11-22T11:40:00Z'))).to.equal('2026-11-22T11:40:00Z');
    expect(runKeyOf(at('2026-11-22T11:40:00.250Z'))).to.equal('2026-11-22T11:40:00.250Z');
  });
});
