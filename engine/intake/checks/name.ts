import { daysBetween, isCalendarDate } from '../../core/calendar.ts';
import { environmentOf } from '../../landing/file-name.ts';
import { type Check, check, type NameFacts } from './check.ts';

const ENVIRONMENTS = ['R', 'T', 'S'];

const outside = (environment: string, facts: NameFacts): boolean =>
  facts.name.environment === environment && environmentOf(facts.arrival.folder) !== environment;

/** Stage 1 of protocol §1.8; a name that does not even split into elements has this fault too. */
export const STRUCTURE_CHECKS: readonly Check<NameFacts>[] = [
  check('107', ({ name, goal }) => {
    return name.count === undefined && goal?.legacyNames === false && 'the number of parts is missing in the name';
  }),
];

/** Stage 2 of protocol §1.8: the name fits the folder and the user. */
export const PLACE_CHECKS: readonly Check<NameFacts>[] = [
  check('117', ({ name }) => !ENVIRONMENTS.includes(name.environment) && 'the environment is not R, T or S'),
  check('118', (facts) => outside('R', facts) && 'an R file belongs in IN'),
  check('119', (facts) => outside('T', facts) && 'a T file belongs in INTEST'),
  check('257', (facts) => outside('S', facts) && 'an S file belongs in INTEST-S'),
  check('108', ({ name, sender }) => name.sender !== sender.number && `the sender in the name is not ${sender.number}`),
];

const hasDate = ({ name }: NameFacts): boolean => isCalendarDate(name.date);
const ageOf = ({ name, today }: NameFacts): number => daysBetween(name.date, today);
const oneDigitCount = ({ name }: NameFacts): boolean => name.count !== undefined && /^[1-9]$/.test(name.count);

function sequenceCode(wanted: 'numeric' | 'alphanumeric') {
  const allowed = wanted === 'numeric' ? /^\d*$/ : /^[0-9A-Z]*$/;
  return ({ name, goal }: NameFacts): string | false =>
    (goal?.sequence ?? 'alphanumeric') === wanted &&
    !allowed.test(name.sequence) &&
    `the sequence must be ${wanted === 'numeric' ? 'digits' : '0-9 and A-Z'}`;
}

/** Stage 3 of protocol §1.8: each element of the name. */
export const ELEMENT_CHECKS: readonly Check<NameFacts>[] = [
  check('109', ({ name }) => !/^\d{8}$/.test(name.date) && 'the date is not eight digits'),
  check('110', (facts) => /^\d{8}$/.test(facts.name.date) && !hasDate(facts) && 'the date is not in the calendar'),
  check('111', (facts) => hasDate(facts) && ageOf(facts) < 0 && 'the date is in the future'),
  check('126', (facts) => {
    const limit = facts.goal?.maxAgeDays ?? Number.POSITIVE_INFINITY;
    return hasDate(facts) && ageOf(facts) > limit && `the date is more than ${limit} days ago`;
  }),
  check('112', ({ name }) => name.sequence.length !== 5 && 'the sequence is not five characters'),
  check('113', sequenceCode('numeric')),
  check('367', sequenceCode('alphanumeric')),
  check('127', ({ name }) => /^0+$/.test(name.sequence) && name.sequence.length === 5 && 'the sequence is zero'),
  check('114', ({ name }) => {
    return name.count !== undefined && name.count.length !== 1 && 'the number of parts is not one digit';
  }),
  check(
    '115',
    ({ name }) => name.count?.length === 1 && !/^\d$/.test(name.count) && 'the number of parts is not a digit',
  ),
  check('116', ({ name }) => name.count === '0' && 'the number of parts is zero'),
  check('128', (facts) => {
    const limit = facts.goal?.maxParts ?? 9;
    return oneDigitCount(facts) && Number(facts.name.count) > limit && `more than ${limit} parts`;
  }),
  check('129', ({ goal, name }) => goal === undefined && `there is no goal ${printable(name.goal)}`),
];

/** The stages on the name alone, in order. */
export const NAME_STAGES = [STRUCTURE_CHECKS, PLACE_CHECKS, ELEMENT_CHECKS] as const;

function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 20);
}
