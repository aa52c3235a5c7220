import { expect } from 'chai';
import { expiryOf, typeIn, type Validity } from '../../../engine/mailboxes/message-types.ts';
import { partitionFor } from '../../../engine/mailboxes/routing.ts';
import { aMessageType, typesOf } from '../../support/mailboxes.ts';

describe('message types', () => {
  const CASES: readonly [string, Validity, string][] = [
    ['2026-08-31T10:00:00.000Z', { number: 6, unit: 'month' }, '2027-02-28T10:00:00.000Z'],
    ['2027-08-31T10:00:00.000Z', { number: 6, unit: 'month' }, '2028-02-29T10:00:00.000Z'],
    ['2026-01-31T23:59:59.999Z', { number: 1, unit: 'month' }, '2026-02-28T23:59:59.999Z'],
    ['2026-12-15T00:00:00.000Z', { number: 14, unit: 'month' }, '2028-02-15T00:00:00.000Z'],
    ['2028-02-29T08:00:00.000Z', { number: 1, unit: 'year' }, '2029-02-28T08:00:00.000Z'],
    ['2028-02-29T08:00:00.000Z', { number: 4, unit: 'year' }, '2032-02-29T08:00:00.000Z'],
    ['2026-03-28T12:00:00.000Z', { number: 2, unit: 'day' }, '2026-03-30T12:00:00.000Z'],
  ];
  for (const [now, validity, then] of CASES) {
    it(`say that what comes on ${now} and is valid for ${validity.number} ${validity.unit} expires on ${then}`, () => {
      expect(expiryOf(validity, new Date(now)).toISOString()).to.equal(then);
    });
  }

  it('are found by their own ids only', () => {
    const types = typesOf(aMessageType());
    expect(typeIn(types, 'attest')?.id).to.equal('attest');
    expect(typeIn(types, 'constructor')).to.equal(undefined);
  });

  it('are routed by the first rule that agrees in all that it says', () => {
    const message = { messageType: 'attest', senderApplication: '', senderOrganisation: '0403019261' };
    const rules = [
      { priority: 1, messageType: 'attest', senderApplication: 'x', partition: 'A' },
      { priority: 2, senderOrganisation: '0403019261', partition: 'B' },
      { priority: 3, partition: 'C' },
    ];
    expect(partitionFor(rules, message)).to.equal('B');
    expect(partitionFor(rules, { ...message, senderApplication: 'x' })).to.equal('A');
    expect(partitionFor(rules, { ...message, senderOrganisation: '0206731645' })).to.equal('C');
    expect(partitionFor([], message)).to.equal('GENERAL');
  });
});
