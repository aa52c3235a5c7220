import type { Mandate, Sender } from '../registry/senders.ts';
import { type EmployerNumber, employerOf } from './employer.ts';
import type { Finding, FormFacts } from './xml/inspection.ts';

const MOST_FINDINGS = 100;

/**
 * Stage 11 of protocol §1.8: 101 when the sender may not declare for the employer of a form, 155 when the mandate is not of this day.
 * The employer is the number that the form is routed by. At most 100 findings.
 */
export function mandateFindings(sender: Sender, forms: readonly FormFacts[], today: string): Finding[] {
  const { mandates } = sender;
  if (!mandates) return [];
  const findings: Finding[] = [];
  for (const form of forms) {
    const finding = mandateFinding(mandates, form, today);
    if (finding) findings.push(finding);
    if (findings.length === MOST_FINDINGS) break;
  }
  return findings;
}

function mandateFinding(mandates: readonly Mandate[], form: FormFacts, today: string): Finding | undefined {
  const employer = employerOf(form);
  const own = mandates.filter((mandate) => employer !== undefined && isFor(mandate, employer));
  const place = { element: 'Form', line: form.line };
  if (own.length === 0) return { code: '101', ...place, detail: 'the sender may not declare for this employer' };
  const valid = own.some(({ from = '', until = '9999-12-31' }) => from <= today && today <= until);
  return valid ? undefined : { code: '155', ...place, detail: 'the mandate for this employer does not hold today' };
}

/** Ten digits that begin with 0 or 1 are an enterprise number, anything else an NSSO number (protocol §5.1, §5.4). */
function isFor({ employer }: Mandate, { kind, number }: EmployerNumber): boolean {
  const isEnterprise = /^[01]\d{9}$/.test(employer);
  if (kind === 'enterprise') return isEnterprise && employer === number;
  return !isEnterprise && employer.replace(/^0+/, '') === number;
}
