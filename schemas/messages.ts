import { z } from 'zod';

const Ticket = z.string().length(13).describe('The submission it is about');

/** A submission was stored: check it and answer with its receipt and notification. */
export const SubmissionReceived = z.strictObject({
  kind: z.literal('submission.received'),
  id: z.string().describe('Names the message: the same id twice is the same work'),
  ticket: Ticket,
});

/** Forms were accepted: deliver each to the mailbox of its employer. */
export const FormsAccepted = z.strictObject({
  kind: z.literal('forms.accepted'),
  id: z.string(),
  ticket: Ticket,
  formIndexes: z
    .array(z.int().min(1))
    .min(1)
    .max(100)
    .readonly()
    .describe('Forms of the submission, numbered over all its parts'),
});

/** A document answers a submission: sign it and place it in the sender's OUT folder. */
export const AnswerReady = z.strictObject({
  kind: z.literal('answer.ready'),
  id: z.string(),
  ticket: Ticket,
  sender: z.string().length(6),
  goal: z.enum(['ACRF', 'NOTI']),
  environment: z.enum(['R', 'T', 'S']),
  sha256: z.string().length(64).describe('The document, in the blob store'),
});

/** Forms hold records that lists are made of: take them in. */
export const RecordsReady = z.strictObject({
  kind: z.literal('records.ready'),
  id: z.string(),
  ticket: Ticket,
  formIndexes: z.array(z.int().min(1)).min(1).max(100).readonly().describe('As in forms.accepted'),
});

/** A document that answers no submission is ready, such as a list: sign it and place it in a sender's OUT folder. */
export const DocumentReady = z.strictObject({
  kind: z.literal('document.ready'),
  id: z.string(),
  ticket: Ticket.describe('Of the document itself'),
  sender: z.string().length(6),
  goal: z.string().regex(/^[A-Z]{4}$/),
  environment: z.enum(['R', 'T', 'S']),
  sha256: z.string().length(64).describe('The document, in the blob store'),
});

/** Every message that travels over the broker: ids and references, never content. A new kind is one schema and one line here. */
export const Message = z.discriminatedUnion('kind', [
  SubmissionReceived,
  FormsAccepted,
  AnswerReady,
  RecordsReady,
  DocumentReady,
]);

export type SubmissionReceived = z.infer<typeof SubmissionReceived>;
export type FormsAccepted = z.infer<typeof FormsAccepted>;
export type AnswerReady = z.infer<typeof AnswerReady>;
export type RecordsReady = z.infer<typeof RecordsReady>;
export type DocumentReady = z.infer<typeof DocumentReady>;
export type Message = z.infer<typeof Message>;
export type MessageKind = Message['kind'];

/** The queue that each kind of message waits in. */
export const QUEUE_OF = {
  'submission.received': 'submissions',
  'forms.accepted': 'forms',
  'answer.ready': 'answers',
  'records.ready': 'records',
  'document.ready': 'documents',
} as const satisfies Record<MessageKind, string>;

export type QueueName = (typeof QUEUE_OF)[MessageKind];
export const QUEUES: readonly QueueName[] = Object.values(QUEUE_OF);
