import { fileDate } from '../../core/calendar.ts';
import {
  isEnterpriseNumber,
  isInss,
  isLocalAuthorityNumber,
  isNssoNumber,
  padEnterpriseNumber,
} from '../../core/identifiers.ts';
import type { Check, CheckContext, Field, Report } from './check.ts';
import type { ErrorId } from './error-ids.ts';

/** Every INSS has the right check digits; 0 means that there is none (protocol §5.2, §5.3). */
export const inssCheckDigits: Check = valueCheck({
  INSS: { errorId: '00024-001', right: (text) => text === '0' || isInss(text) },
});

/** The enterprise number has the right check digits; 0 means that there is none, nine digits lack their zero (protocol §5.1). */
export const enterpriseNumber: Check = valueCheck({
  CompanyID: { errorId: '00014-001', right: (text) => text === '0' || isEnterpriseNumber(padEnterpriseNumber(text)) },
});

/** NSSO and local authority numbers have the right check digits (protocol §5.4). */
export const nssoNumber: Check = valueCheck({
  NOSSRegistrationNbr: { errorId: '00011-001', right: isNssoNumber },
  NOSSLPARegistrationNbr: { errorId: '00109-001', right: isLocalAuthorityNumber },
});

/** The form's own creation date is neither in the future nor later than the date in the file name (protocol §1.4). */
export const formHeader: Check = {
  elements: ['FormCreationDate'],
  start: (context, report) => {
    const today = fileDate(context.now);
    return { closed: (field) => checkCreationDate(field, context, today, report) };
  },
};

interface ValueRule {
  readonly errorId: ErrorId;
  readonly right: (text: string) => boolean;
}

function valueCheck(rules: Readonly<Record<string, ValueRule>>): Check {
  return {
    elements: Object.keys(rules),
    start: (_, report) => ({
      closed(field) {
        const rule = rules[field.name];
        const text = field.text();
        if (rule && !rule.right(text)) report(faultOf(field, rule.errorId, text, 'check digits are wrong'));
      },
    }),
  };
}

function checkCreationDate(field: Field, context: CheckContext, today: string, report: Report): void {
  if (field.parent !== 'Form') return;
  const text = field.text();
  const date = text.replaceAll('-', '');
  if (date > today) report(faultOf(field, '00218-002', text, 'date is in the future'));
  else if (date > context.fileDate)
    report(faultOf(field, '00218-001', text, `date is later than ${context.fileDate} in the file name`));
}

/** A fault at the field itself. */
export function faultOf(field: Field, errorId: ErrorId, value: string, label: string) {
  return { errorId, tagName: field.name, value, label, line: field.line, column: field.column };
}
