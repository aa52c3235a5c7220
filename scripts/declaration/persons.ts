import { compileTemplate, type Element, type Layout, renderElement } from './elements.ts';

/** What a person is declared with; each is a schema-valid shape of `NaturalPerson`. */
type Kind = 'plain' | 'bonus' | 'reduced' | 'ill' | 'twoJobs' | 'student' | 'retired' | 'allowance';

// twenty persons in a row have the proportions of an ordinary employer
const CYCLE: readonly Kind[] = [
  ...(['plain', 'bonus', 'plain', 'reduced', 'ill', 'plain', 'bonus', 'twoJobs', 'plain', 'student'] as const),
  ...(['plain', 'bonus', 'reduced', 'plain', 'ill', 'plain', 'bonus', 'retired', 'plain', 'allowance'] as const),
];

/** After so many persons the shapes, and so the sizes, repeat. */
export const PERSONS_IN_CYCLE = CYCLE.length;

/** Amounts of one person in euro cents; `{name}` in a template. */
interface Amounts {
  readonly pay: number;
  readonly bonus: number;
  readonly personal: number;
  readonly employer: number;
  readonly fixed: number;
  readonly reduction: number;
  readonly small: number;
}

type Field = 'sequence' | 'inss' | 'quarterStart' | 'quarterEnd' | keyof Amounts;

function amountsOf(index: number): Amounts {
  const pay = 250_000 + ((index * 7919) % 400_000);
  return {
    pay,
    bonus: 90_000 + (index % 1000),
    personal: Math.round(pay * 0.1307),
    employer: Math.round(pay * 0.25),
    fixed: 1_000 + (index % 50),
    reduction: 20_000 + (index % 1000),
    small: 15_000 + (index % 100),
  };
}

/** What the person with this index adds to `NetOwedAmount`: contributions minus deductions, in cents (protocol §10). */
export function netOf(index: number): number {
  const { personal, employer, fixed, reduction, small } = amountsOf(index);
  const all = personal + employer + fixed;
  switch (kindOf(index)) {
    case 'reduced':
    case 'ill':
      return all - reduction;
    case 'student':
    case 'retired':
    case 'allowance':
      return small;
    default:
      return all;
  }
}

function kindOf(index: number): Kind {
  return CYCLE[index % CYCLE.length] ?? 'plain';
}

/** Writes one `NaturalPerson`. */
export type WritePerson = (index: number, person: { readonly sequence: number; readonly inss: string }) => string;

/** A writer of persons for a quarter (YYYYQ), `depth` steps to the right; about 2.5 kB a person with tabs. */
export function createPersonWriter(quarter: string, depth: number, layout: Layout): WritePerson {
  const templates = new Map(
    CYCLE.map((kind) => [kind, compileTemplate<Field>(renderElement(SHAPES[kind], depth, layout))]),
  );
  const days = daysOf(quarter);
  return (index, { sequence, inss }) => {
    const values = { ...days, ...amountTexts(index), sequence: String(sequence).padStart(7, '0'), inss };
    return templates.get(kindOf(index))?.(values) ?? '';
  };
}

// always as wide, so that each shape has one size
function amountTexts(index: number): Record<keyof Amounts, string> {
  const { pay, bonus, personal, employer, fixed, reduction, small } = amountsOf(index);
  const wide = (amount: number) => String(amount).padStart(11, '0');
  return {
    pay: wide(pay),
    bonus: wide(bonus),
    personal: wide(personal),
    employer: wide(employer),
    fixed: wide(fixed),
    reduction: wide(reduction),
    small: String(small).padStart(9, '0'),
  };
}

function daysOf(quarter: string): { readonly quarterStart: string; readonly quarterEnd: string } {
  const year = Number(quarter.slice(0, 4));
  const firstMonth = (Number(quarter.slice(4)) - 1) * 3;
  const day = (month: number, date: number) => new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);
  return { quarterStart: day(firstMonth, 1), quarterEnd: day(firstMonth + 3, 0) };
}

function person(workerCode: string, content: readonly Element[]): Element {
  return [
    'NaturalPerson',
    [
      ['NaturalPersonSequenceNbr', '{sequence}'],
      ['INSS', '{inss}'],
      ['WorkerRecord', [...workerLine(workerCode), ...content]],
    ],
  ];
}

function workerLine(workerCode: string): readonly Element[] {
  return [
    ['EmployerClass', '010'],
    ['WorkerCode', workerCode],
    ['NOSSQuarterStartingDate', '{quarterStart}'],
    ['NOSSQuarterEndingDate', '{quarterEnd}'],
    ['Border', '0'],
  ];
}

function occupation(sequence: string, content: readonly Element[]): Element {
  const head: readonly Element[] = [
    ['OccupationSequenceNbr', sequence],
    ['OccupationStartingDate', '2005-10-01'],
    ['JointCommissionNbr', '200'],
    ['WorkingDaysSystem', '500'],
    ['ContractType', '0'],
    ['RefMeanWorkingHours', '3800'],
    ['MeanWorkingHours', '3800'],
    ['Retired', '0'],
    ['ActivityCode', '62010'],
    ['LocalUnitID', '2000000141'],
  ];
  return ['Occupation', [...head, ...content]];
}

function service(sequence: string, code: string, days: string): Element {
  return [
    'Service',
    [
      ['ServiceSequenceNbr', sequence],
      ['ServiceCode', code],
      ['ServiceNbrDays', days],
      ['ServiceNbrHours', '0045600'],
    ],
  ];
}

function pay(sequence: string, code: string, amount: string): Element {
  const frequency: readonly Element[] = code === '002' ? [['BonusPaymentFrequency', '12']] : [];
  return ['Remun', [['RemunSequenceNbr', sequence], ['RemunCode', code], ...frequency, ['RemunAmount', amount]]];
}

function contribution(code: string, type: string, amount: string): Element {
  return [
    'WorkerContribution',
    [
      ['ContributionWorkerCode', code],
      ['ContributionType', type],
      ['ContributionCalculationBasis', '{pay}'],
      ['ContributionAmount', amount],
    ],
  ];
}

function reduction(block: 'WorkerDeduction' | 'OccupationDeduction'): Element {
  return [
    block,
    [
      ['DeductionCode', '3000'],
      ['DeductionCalculationBasis', '{pay}'],
      ['DeductionAmount', '{reduction}'],
    ],
  ];
}

const CONTRIBUTIONS: readonly Element[] = [
  contribution('495', '0', '{personal}'),
  contribution('495', '1', '{employer}'),
  contribution('852', '0', '{fixed}'),
];

const DAYS = service('01', '001', '06500');
const PAY = pay('01', '001', '{pay}');
const BONUS = pay('02', '002', '{bonus}');

const STUDENT: Element = [
  'StudentContribution',
  [
    ['StudentRemunAmount', '000300000'],
    ['StudentContributionAmount', '{small}'],
    ['StudentHoursNbr', '120'],
    ['LocalUnitID', '2000000141'],
  ],
];

const RETIRED: Element = [
  'EarlyRetirementContribution',
  [
    ['EarlyRetirementCode', '0'],
    ['EarlyRetirementNbrMonths', '003'],
    ['EarlyRetirementContributionAmount', '{small}'],
  ],
];

const ALLOWANCE: Element = [
  'ComplementaryIndemnity',
  [
    ['EmployerNotion', '00206731645'],
    ['JointCommissionNbr', '200'],
    ['ActivityCode', '62010'],
    ['DebtorType', '0'],
    ['FirstComplIndemnityDate', '2015-04-01'],
    ['ComplIndemnityAgreementNotion', '1'],
    ['HalfTimeCareerInterruptionNotion', '0'],
    ['ServiceExemptionNotion', '0'],
    ['ReplacementAccordanceWCCNotion', '0'],
    [
      'ComplIndemnityContribution',
      [
        ['ContributionWorkerCode', '883'],
        ['ContributionType', '0'],
        ['ComplIndemnityAmountAdjustNotion', '0'],
        ['ContributionSequenceNbr', '001'],
        ['ComplIndemnityAmount', '000045000'],
        ['ComplIndemnityNbrMonths', '003'],
        ['ContributionAmount', '{small}'],
      ],
    ],
  ],
];

const SHAPES: Readonly<Record<Kind, Element>> = {
  plain: person('495', [occupation('01', [DAYS, PAY]), ...CONTRIBUTIONS]),
  bonus: person('495', [occupation('01', [DAYS, PAY, BONUS]), ...CONTRIBUTIONS]),
  reduced: person('495', [occupation('01', [DAYS, PAY]), ...CONTRIBUTIONS, reduction('WorkerDeduction')]),
  ill: person('495', [
    occupation('01', [DAYS, service('02', '050', '00500'), PAY, reduction('OccupationDeduction')]),
    ...CONTRIBUTIONS,
  ]),
  twoJobs: person('495', [occupation('01', [DAYS, PAY]), occupation('02', [DAYS, BONUS]), ...CONTRIBUTIONS]),
  student: person('840', [STUDENT]),
  retired: person('879', [RETIRED]),
  allowance: person('883', [ALLOWANCE]),
};
