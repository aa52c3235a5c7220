import { padEnterpriseNumber } from '../core/identifiers.ts';
import type { Sender } from '../registry/senders.ts';
import type { Finding, FormFacts } from './xml/inspection.ts';

/** The numbers an employer is known by in a form: enterprise number in ten digits, and NSSO number without leading zeros. */
export function employerNumbers(form: Pick<FormFacts, 'companyId' | 'nssoNumber' | 'localAuthorityNumber'>): string[] {
  const company = form.companyId && !/^0+$/.test(form.companyId) ? [padEnterpriseNumber(form.companyId)] : [];
  const nsso = [form.nssoNumber, form.localAuthorityNumber].flatMap((number) => (number ? [bare(number)] : []));
  return [...company, ...nsso.filter((number) => number !== '')];
}

/** Stage 11 of protocol §1.8: 101 when the sender may not declare for the employer, 155 when the mandate is not of this day. */
export function mandateFindings(sender: Sender, forms: readonly FormFacts[], today: string): Finding[] {
  if (!sender.mandates) return [];
  return forms.flatMap((form) => mandateFinding(sender, form, today) ?? []);
}

function mandateFinding(sender: Sender, form: FormFacts, today: string): Finding | undefined {
  const numbers = employerNumbers(form);
  const mandates = (sender.mandates ?? []).filter(({ employer }) => {
    return numbers.includes(padEnterpriseNumber(employer)) || numbers.includes(bare(employer));
  });
  const place = { element: 'Form', line: form.line };
  if (mandates.length === 0) return { code: '101', ...place, detail: 'the sender may not declare for this employer' };
  const valid = mandates.some(({ from = '', until = '9999-12-31' }) => from <= today && today <= until);
  return valid ? undefined : { code: '155', ...place, detail: 'the mandate for this employer does not hold today' };
}

const bare = (number: string): string => number.replace(/^0+/, '');
