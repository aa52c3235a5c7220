/**
 * Every anomaly the engine can put in a notification: zone of the authority's glossary (INSS 00024, CompanyID 00014…),
 * a dash, and the engine's own number. ERRORS.md explains each; a test keeps both equal.
 */
export const ERROR_IDS = {
  '00011-001': 'NOSSRegistrationNbr: the check digits are wrong',
  '00013-001': 'Quarter: before the first quarter of 2003',
  '00013-002': 'Quarter: later than the next quarter',
  '00014-001': 'CompanyID: the check digits are wrong',
  '00015-001': 'NetOwedAmount: not the sum of the contributions minus the sum of the deductions',
  '00024-001': 'INSS: the check digits are wrong',
  '00024-002': 'INSS: more than once for the same employer and quarter in this file',
  '00109-001': 'NOSSLPARegistrationNbr: the check digits are wrong',
  '00218-001': 'FormCreationDate: later than the date in the file name',
  '00218-002': 'FormCreationDate: in the future',
  '90601-001': 'DecisionDate: sent later than the term after the month of the decision',
  '90601-002': 'EffectiveDate: not the first day of a month',
  '90601-003': 'DecisionDate: in the future',
  '90701-001': 'Answer: there is nothing of this number to answer',
  '90701-002': 'Answer: there is no such code',
  '90801-001': 'Ticket: there is no accepted form of this ticket and number',
  '90801-002': 'Ticket: the institution may not correct this form',
  '90801-003': 'CompanyID: the form is not of this employer',
  '90901-001': 'Record: its day is no day of the calendar',
} as const;

/** Zone and number, nine characters. */
export type ErrorId = keyof typeof ERROR_IDS;
