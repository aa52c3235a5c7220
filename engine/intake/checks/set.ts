import type { Check, SetFacts, SetFile } from './check.ts';
import { check } from './check.ts';

type Part = SetFile & { readonly part: number };

const ofRole = (facts: SetFacts, role: 'FI' | 'FS'): SetFile[] => facts.files.filter((file) => file.role === role);

/** The well-named files of one role, in the order of their parts. */
export function partsOf(facts: SetFacts, role: 'FI' | 'FS'): Part[] {
  return ofRole(facts, role)
    .filter((file): file is Part => file.part !== undefined)
    .sort((a, b) => a.part - b.part);
}

function malformed(role: 'FI' | 'FS') {
  return (facts: SetFacts) =>
    ofRole(facts, role)
      .filter((file) => file.part === undefined)
      .map(({ file }) => ({ detail: `the name is not ${role}.<stem>.<parts>.<part>`, file: file.name }));
}

/** Parts must be numbered 1 to the count of the GO, each once, and every name must state that count. */
function misnumbered(role: 'FI' | 'FS') {
  return (facts: SetFacts) =>
    partsOf(facts, role)
      .filter((file, at, all) => !isNumbered(file, facts) || file.part === all[at - 1]?.part)
      .map(({ file }) => ({
        detail: `the numbering does not fit the ${facts.count} parts of the GO`,
        file: file.name,
      }));
}

const isNumbered = ({ count, part }: Part, facts: SetFacts): boolean => count === facts.count && part <= facts.count;

/** How many of the parts are there. */
function rightlyNumbered(facts: SetFacts, role: 'FI' | 'FS'): number {
  const parts = partsOf(facts, role).filter((file) => isNumbered(file, facts));
  return new Set(parts.map(({ part }) => part)).size;
}

/** Whether faults of the names or numbers of this role already say why files are missing. */
const explained = (facts: SetFacts, role: 'FI' | 'FS'): boolean =>
  malformed(role)(facts).length > 0 || misnumbered(role)(facts).length > 0;

/** How many FS files the set must have: as many as parts, or none. */
export function signaturesWanted(facts: SetFacts): number {
  const rule = facts.goal.signature[facts.environment];
  if (rule === 'required') return facts.count;
  return rule === 'optional' && ofRole(facts, 'FS').length > 0 ? facts.count : 0;
}

/** Stage 5 of protocol §1.8: the files of the set are there, well named, numbered and not empty. */
export const SET_CHECKS: readonly Check<SetFacts>[] = [
  { code: '131', find: malformed('FI') },
  { code: '132', find: malformed('FS') },
  check('142', (facts) => ofRole(facts, 'FI').length === 0 && 'no declaration file came before the GO'),
  check('120', (facts) => {
    const found = rightlyNumbered(facts, 'FI');
    const missing = ofRole(facts, 'FI').length > 0 && found < facts.count && !explained(facts, 'FI');
    return missing && `${facts.count} FI files are needed, ${found} came`;
  }),
  check('122', (facts) => {
    const [wanted, found] = [signaturesWanted(facts), rightlyNumbered(facts, 'FS')];
    return found < wanted && !explained(facts, 'FS') && `${wanted} FS files are needed, ${found} came`;
  }),
  { code: '123', find: misnumbered('FI') },
  { code: '124', find: misnumbered('FS') },
  check('121', (facts) => {
    const forbidden = facts.goal.signature[facts.environment] === 'forbidden';
    return forbidden && ofRole(facts, 'FS').length > 0 && 'no signature file may be given here';
  }),
  {
    code: '134',
    find: (facts) =>
      partsOf(facts, 'FI')
        .filter(({ file }) => file.size === 0)
        .map(({ file }) => ({ detail: 'the file is empty', file: file.name })),
  },
];

/** Stage 6: the sender may do this. */
export const RIGHTS_CHECKS: readonly Check<SetFacts>[] = [
  check('103', ({ sender: { state, barred } }) => (state !== 'active' || barred) && 'the sender is suspended'),
  check('154', ({ sender, goal }) => !sender.goals.includes(goal.code) && `the sender may not send ${goal.code}`),
  check('168', ({ sender, goal, arrival }) => {
    const allowed = sender.channels.includes(arrival.channel) && goal.channels.includes(arrival.channel);
    return !allowed && `${goal.code} may not come over ${arrival.channel}`;
  }),
];

/** Stage 7: sizes. */
export const SIZE_CHECKS: readonly Check<SetFacts>[] = [
  {
    code: '184',
    find: (facts) =>
      partsOf(facts, 'FI')
        .filter(({ file }) => file.size > facts.goal.maxFileBytes)
        .map(({ file }) => ({ detail: `the file is larger than ${facts.goal.maxFileBytes} bytes`, file: file.name })),
  },
  check('509', (facts) => {
    const total = facts.files.reduce((sum, { file }) => sum + file.size, 0);
    return total > facts.goal.maxSetBytes && `the files together are larger than ${facts.goal.maxSetBytes} bytes`;
  }),
];

/** The stages on the set, after the duplicate check and before the signature (protocol §1.8). */
export const SET_STAGES = [SET_CHECKS, RIGHTS_CHECKS, SIZE_CHECKS] as const;
