import type { MailboxKey } from '../../mailboxes/mailboxes.ts';
import type { Corrects } from '../../records/source.ts';
import type { Language } from '../../registry/organisations.ts';
import type { Db } from '../../store/database.ts';
import { type Anomaly, findForms } from '../../submissions/forms.ts';
import { findSubmission, type Submission } from '../../submissions/submissions.ts';
import { employerOf, organisationOf } from '../employer.ts';
import type { ErrorId } from '../goals/error-ids.ts';
import type { JudgedForm, KeptFacts } from '../judged-form.ts';
import type { Fields } from '../records/read-form.ts';

/** The accepted form that a correction changes, and who is told. */
export interface Corrected {
  readonly submission: Submission;
  readonly form: JudgedForm;
  /** The mailbox of its employer. */
  readonly mailbox: MailboxKey;
  readonly language: Language;
}

/** Why a correction is refused, and the field that says it. */
export interface CorrectionFault {
  readonly errorId: ErrorId;
  readonly field: string;
  readonly label: string;
}

const UNKNOWN = {
  errorId: '90801-001',
  field: 'Ticket',
  label: 'there is no accepted form of this ticket and number',
} as const;
const FOREIGN = { errorId: '90801-002', field: 'Ticket', label: 'the institution may not correct this form' } as const;
const OTHER_EMPLOYER = { errorId: '90801-003', field: 'CompanyID', label: 'the form is not of this employer' } as const;

/** The form that a correction names, when this institution may change it; else why not. */
export async function correctedForm(
  db: Db,
  corrects: Corrects,
  { Ticket: ticket = '', FormNumber: number = '', CompanyID: company = '' }: Fields,
  institution: string,
): Promise<Corrected | CorrectionFault> {
  const goals = Object.hasOwn(corrects.by, institution) ? (corrects.by[institution] ?? []) : [];
  if (goals.length === 0) return FOREIGN; // whoever may correct nothing learns nothing of what there is
  const submission = await findSubmission(db, ticket);
  const [form] = await findForms<KeptFacts, Anomaly>(db, ticket, [Number(number)]);
  if (submission?.environment !== 'R' || form?.outcome !== 'accepted') return UNKNOWN;
  if (!goals.includes(submission.goal)) return FOREIGN;
  const employer = employerOf(form.facts);
  if (!employer) return UNKNOWN;
  const organisation = await organisationOf(db, employer);
  const eboxId = organisation?.enterpriseNumber ?? employer.number;
  const isKnown = organisation !== undefined || employer.kind === 'enterprise'; // else by another number than this one
  if (isKnown && eboxId !== company) return OTHER_EMPLOYER;
  const mailbox = { kind: organisation?.mailboxType ?? 'enterprise', eboxId };
  return { submission, form, mailbox, language: organisation?.language ?? 'nl' };
}
