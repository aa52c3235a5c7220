import type { CrashStep } from '../support/crash-point.ts';

type What = CrashStep['what'];
const justBefore = (matching: string, what: What = 'statement'): CrashStep => ({ at: 'before', what, matching });
const justAfter = (matching: string, what: What = 'statement'): CrashStep => ({ at: 'after', what, matching });

/** The transactions by what they do; in each text the statements come in their order. */
const RECEIVED = 'insert into submissions ';
const CHECKED = 'insert into processed [^\\n]*-- submissions';
const DELIVERED = 'insert into processed [^\\n]*-- forms';
const ANSWERED = 'insert into processed [^\\n]*-- answers';

/** One point of design §4's table at which the engine dies. */
export interface Crash {
  /** The row of the table, and where in it. */
  readonly where: string;
  readonly steps: readonly CrashStep[];
  readonly persons?: number;
  /** Tried on every setting; the others on the second only in the long run. */
  readonly crucial?: true;
}

/** The sender hears of a failure and sends everything again: what the first two rows of the table count on. */
export const SENT_AGAIN: readonly Crash[] = [
  {
    where: 'upload and GO: a small file is stored, its reply not sent',
    steps: [justAfter('into folder_files .* -- FI')],
  },
  {
    where: 'upload and GO: a large file lies on the disk and no row names it',
    steps: [justBefore('insert into folder_files .* -- FI')],
    persons: 60,
  },
  {
    where: 'upload and GO: a large file has its partial row',
    steps: [justAfter('insert into folder_files .* -- partial'), justAfter('', 'commit')],
    persons: 60,
  },
  { where: 'GO stored and reply sent: no submission yet', steps: [justAfter('insert into folder_files .* -- GO')] },
  { where: 'GO stored and reply sent: the submission not committed', steps: [justBefore(RECEIVED, 'commit')] },
  { where: 'GO stored and reply sent: the submission committed', steps: [justAfter(RECEIVED, 'commit')] },
];

/** With the embedded broker. Nobody sends anything again, here and below. */
export const EMBEDDED: readonly Crash[] = [
  {
    where: 'submission stored and published: nothing done about it yet',
    steps: [justAfter(RECEIVED, 'commit'), justBefore('update outbox')],
  },
  {
    where: 'published and outbox row removed: handed over',
    steps: [justAfter(RECEIVED, 'commit'), justAfter('from submission_files ')],
  },
];

/** With RabbitMQ. */
export const RABBITMQ: readonly Crash[] = [
  {
    where: 'submission stored and published: nothing done about it yet',
    steps: [justBefore('submissions ', 'publish')],
  },
  { where: 'published and outbox row removed: confirmed', steps: [justAfter('submissions ', 'publish')] },
  { where: 'commit and ack: a submission', steps: [justBefore('submissions ', 'ack')] },
  { where: 'commit and ack: forms', steps: [justBefore('forms ', 'ack')] },
  { where: 'commit and ack: an answer', steps: [justBefore('answers .*ACRF', 'ack')] },
];

/** In the three pipelines, whatever the broker. */
export const PIPELINES: readonly Crash[] = [
  {
    where: 'any point of a pipeline: prepared, not yet claimed',
    steps: [justBefore('insert into processed [^\\n]*-- submissions')],
  },
  {
    where: 'any point of a pipeline: claimed',
    crucial: true,
    steps: [justAfter('insert into processed [^\\n]*-- submissions')],
  },
  { where: 'any point of a pipeline: decided, no receipt queued', steps: [justBefore('insert into outbox .*ACRF')] },
  {
    where: 'any point of a pipeline: receipt queued, forms not split',
    crucial: true,
    steps: [justBefore('insert into forms ')],
  },
  { where: 'any point of a pipeline: forms split, no notification', steps: [justBefore('insert into outbox .*NOTI')] },
  {
    where: 'any point of a pipeline: notification queued, no deliveries',
    steps: [justBefore('insert into outbox .*forms.accepted')],
  },
  { where: 'any point of a pipeline: all done, not committed', crucial: true, steps: [justBefore(CHECKED, 'commit')] },
  { where: 'commit and ack: a submission checked', steps: [justAfter(CHECKED, 'commit')] },
  {
    where: 'any point of a pipeline: message in the mailbox, its event not told',
    steps: [justAfter('insert into attachments')],
  },
  {
    where: 'any point of a pipeline: forms delivered, not committed',
    crucial: true,
    steps: [justBefore(DELIVERED, 'commit')],
  },
  { where: 'commit and ack: forms delivered', steps: [justAfter(DELIVERED, 'commit')] },
  {
    where: 'any point of a pipeline: a delivery numbered, its answer not placed',
    steps: [justAfter('insert into deliveries ')],
  },
  { where: 'answer placed and delivery marked: not committed', crucial: true, steps: [justBefore(ANSWERED, 'commit')] },
  { where: 'answer placed and delivery marked: committed', crucial: true, steps: [justAfter(ANSWERED, 'commit')] },
];
