import type { Check } from './check.ts';
import { decisionFuture, decisionStart, decisionTerm } from './decisions.ts';
import { inssDuplicate, netOwedAmount, quarter } from './dmfa.ts';
import { enterpriseNumber, formHeader, inssCheckDigits, nssoNumber } from './generic.ts';

/** Every functional check by the name that a goal's configuration uses (protocol §10, §5). */
export const CHECKS: Readonly<Record<string, Check>> = {
  'inss-duplicate': inssDuplicate,
  'net-owed-amount': netOwedAmount,
  'inss-check-digits': inssCheckDigits,
  'enterprise-number': enterpriseNumber,
  'nsso-number': nssoNumber,
  quarter,
  'form-header': formHeader,
  'decision-term': decisionTerm,
  'decision-start': decisionStart,
  'decision-future': decisionFuture,
};
