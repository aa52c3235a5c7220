import { EMPLOYERS_AT_ONCE, type EmployerKey, holdsOn, type Mandate, mandatesFor } from '../registry/mandates.ts';
import { findOrganisation } from '../registry/organisations.ts';
import type { Sender } from '../registry/senders.ts';
import type { Db } from '../store/database.ts';
import { employerOf } from './employer.ts';
import type { Finding, FormFacts } from './xml/inspection.ts';

const MOST_FINDINGS = 100;

/** Whose mandates are in question, and when. */
export interface MandateQuestion {
  readonly sender: Sender;
  readonly goal: string;
  /** Qualities that declare with a mandate only, or for their own organisation. */
  readonly needed: readonly string[];
  /** True when the goal answers what authorities were told: whatever the quality, only themselves and those they mandated. */
  readonly answers?: boolean;
  /** The day of receipt, YYYY-MM-DD. */
  readonly today: string;
}

/**
 * Stage 11 of protocol §1.8, by the register: 101 when the sender may not declare for the employer of a form, 155 when the mandate is not
 * of this day, 154 when it is not for this goal. The employer is the number that the form is routed by; an organisation needs no
 * mandate for itself. At most 100 findings; memory does not grow with the mandates that are held.
 */
export async function mandateFindings(
  db: Db,
  question: MandateQuestion,
  forms: readonly FormFacts[],
): Promise<Finding[]> {
  const { sender, needed, answers = false } = question;
  if (!(sender.mandated ?? (answers || needed.includes(sender.quality)))) return [];
  const own = await ownNumbers(db, sender.enterpriseNumber);
  const findings: Finding[] = [];
  for (let at = 0; at < forms.length && findings.length < MOST_FINDINGS; at += EMPLOYERS_AT_ONCE) {
    findings.push(...(await findingsIn(db, question, own, forms.slice(at, at + EMPLOYERS_AT_ONCE))));
  }
  return findings.slice(0, MOST_FINDINGS);
}

const nameOf = ({ kind, number }: EmployerKey) => `${kind} ${number}`;

async function ownNumbers(db: Db, enterpriseNumber: string): Promise<ReadonlySet<string>> {
  const nsso = (await findOrganisation(db, enterpriseNumber))?.nssoNumber;
  const own: EmployerKey[] = [{ kind: 'enterprise', number: enterpriseNumber }];
  if (nsso !== undefined) own.push({ kind: 'employer', number: nsso });
  return new Set(own.map(nameOf));
}

async function findingsIn(
  db: Db,
  question: MandateQuestion,
  own: ReadonlySet<string>,
  forms: readonly FormFacts[],
): Promise<Finding[]> {
  const { number: sender, enterpriseNumber: organisation, quality } = question.sender;
  const keys = forms.map(keyOf);
  const asked = keys.filter((key): key is EmployerKey => key !== undefined && !own.has(nameOf(key)));
  const held = new Map<string, Mandate[]>();
  for (const mandate of await mandatesFor(db, { organisation, quality, sender }, asked)) {
    const name = nameOf(mandate.employer);
    held.set(name, [...(held.get(name) ?? []), mandate]);
  }
  return forms.flatMap((form, at) => {
    const key = keys[at];
    if (key && own.has(nameOf(key))) return [];
    const fault = mandateFault((key && held.get(nameOf(key))) ?? [], question);
    return fault ? [{ ...fault, element: 'Form', line: form.line }] : [];
  });
}

/** Numbers of local authorities are registered as NSSO numbers are. */
function keyOf(form: FormFacts): EmployerKey | undefined {
  const employer = employerOf(form);
  return employer && { kind: employer.kind === 'enterprise' ? 'enterprise' : 'employer', number: employer.number };
}

function mandateFault(
  held: readonly Mandate[],
  { goal, today }: MandateQuestion,
): Pick<Finding, 'code' | 'detail'> | undefined {
  if (held.length === 0)
    return { code: '101', detail: 'the sender may not declare for this employer: it holds no mandate' };
  const valid = held.filter((mandate) => holdsOn(mandate, today));
  if (valid.length === 0)
    return { code: '155', detail: `the mandate for this employer does not hold today (${daysOf(held)})` };
  const covers = valid.some(({ goals }) => goals?.includes(goal) ?? true);
  return covers ? undefined : { code: '154', detail: `the mandate for this employer is not for ${goal}` };
}

function daysOf(held: readonly Mandate[]): string {
  const days = held.map(({ from, until }) =>
    [from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(' '),
  );
  return days.slice(0, 3).join(', ');
}
