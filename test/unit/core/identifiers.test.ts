import { expect } from 'chai';
import {
  isEnterpriseNumber,
  isInss,
  isLocalAuthorityNumber,
  isNssoNumber,
  newTicket,
  padEnterpriseNumber,
} from '../../../engine/core/identifiers.ts';

interface Table {
  readonly name: string;
  readonly check: (text: string) => boolean;
  readonly right: readonly string[];
  readonly wrong: readonly string[];
}

const NOT_NUMBERS = ['', ' ', 'abc', '-1', '１２３', '\n', '12345678901234567890'];

const TABLES: readonly Table[] = [
  {
    name: 'enterprise number (protocol §5.1)',
    check: isEnterpriseNumber,
    right: ['0566988259', '0884303369', '0403019261', '0428759497', '0206731645'],
    wrong: ['0431150351', '0884303370', '2297964444', '403019261', '0403.019.261', '0403019261\n', ' 0403019261'],
  },
  {
    name: 'INSS (protocol §5.2, §5.3)',
    check: isInss,
    right: [
      ...['85073003328', '93051822361'], // born in the 1900s
      ...['17073003384', '00012556777', '19082416188'], // born from 2000 on
      ...['98472899765', '01490700185', '92200006963', '10400100171'], // bis numbers
    ],
    wrong: [
      '85073003329',
      '17073003385',
      '98472899766',
      '8507300332',
      '850730033288',
      '85.07.30-033.28',
      '85073003300',
    ],
  },
  {
    name: 'NSSO number (protocol §5.4)',
    check: isNssoNumber,
    right: ['212345609', '312345625', '187995796', '168676597', '100006', '5134794036', '5678901277', '0212345609'],
    wrong: ['193', '196', '4000000100', '5678901279', '212345610', '6000000000', '12'],
  },
  {
    name: 'local authority number (protocol §5.4)',
    check: isLocalAuthorityNumber,
    right: ['43220065', '2130057'],
    wrong: ['43220066', '2130058', '99999927', '212345609'],
  },
];

describe('identifiers', () => {
  for (const { name, check, right, wrong } of TABLES) {
    describe(name, () => {
      for (const text of right) it(`takes ${text}`, () => expect(check(text)).to.equal(true));
      for (const text of [...wrong, ...NOT_NUMBERS]) {
        it(`refuses ${JSON.stringify(text)}`, () => expect(check(text)).to.equal(false));
      }
    });
  }

  it('takes exactly one pair of check digits for each enterprise number', () => {
    for (const radix of ['02067316', '10000000', '00000001', '19999999']) {
      expect(pairsTaken(radix, isEnterpriseNumber), radix).to.have.length(1);
    }
  });

  it('takes exactly one pair of check digits for each INSS and century', () => {
    for (const radix of ['850730033', '000125567', '924000001'])
      expect(pairsTaken(radix, isInss), radix).to.have.length(2);
  });

  it('gives a nine-digit enterprise number its leading zero', () => {
    expect(padEnterpriseNumber('403019261')).to.equal('0403019261');
    expect(padEnterpriseNumber('0403019261')).to.equal('0403019261');
  });

  it('makes tickets of 13 capital letters and digits, each another', () => {
    const tickets = new Set(Array.from({ length: 1_000 }, newTicket));
    expect(tickets.size).to.equal(1_000);
    for (const ticket of tickets) expect(ticket).to.match(/^[0-9A-Z]{13}$/);
  });
});

function pairsTaken(radix: string, check: (text: string) => boolean): string[] {
  const pairs = Array.from({ length: 100 }, (_, pair) => radix + String(pair).padStart(2, '0'));
  return pairs.filter(check);
}
