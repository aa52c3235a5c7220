import { z } from 'zod';
import { isEnterpriseNumber } from '../engine/core/identifiers.ts';
import { fault, keys } from '../engine/core/mistakes.ts';
import { MAILBOX_KINDS } from '../engine/mailboxes/mailboxes.ts';
import { ENGINE_TYPES, type MessageTypes, VALIDITY_UNITS } from '../engine/mailboxes/message-types.ts';
import { withShipped } from './shipped.ts';
import { choice, choices, count, flag, size } from './values.ts';

const TEXT = 'one line of 1 to 400 characters';
const Line = z
  .string({ error: TEXT })
  .max(400, { error: TEXT })
  .regex(/^[^\p{Cc}]+$/u, { error: TEXT });

/** A text in one or more of the four languages. */
export const translated = (meaning: string) =>
  keys({ nl: Line.optional(), fr: Line.optional(), de: Line.optional(), en: Line.optional() })
    .transform((texts, context) =>
      Object.keys(texts).length > 0 ? texts : fault(context, 'is empty', 'a text in nl, fr, de, en'),
    )
    .describe(meaning);

const NUMBER = 'an enterprise number: ten digits in quotes with their check digits';

/** An enterprise number. */
export const enterpriseNumber = (meaning: string) =>
  z.string({ error: NUMBER }).refine(isEnterpriseNumber, { error: NUMBER }).describe(meaning);

const ID = '1 to 40 letters, digits, dots, dashes and underscores, a letter or digit first';

/** How message types and applications are named. */
export const Id = z.string({ error: ID }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, { error: ID });

const MEDIA = 'a media type, such as application/pdf';
const MediaType = z.string({ error: MEDIA }).regex(/^[a-z]+\/[a-z0-9.+-]{1,100}$/, { error: MEDIA });

const FORMAT = 'a regular expression, such as ^\\d{4}Q[1-4]$';
const Format = z
  .string({ error: FORMAT })
  .max(200, { error: FORMAT })
  .refine((text) => isRegExp(text), { error: FORMAT });

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

const Publisher = keys({
  organisation: enterpriseNumber('An organisation that may publish messages of this type'),
  applications: z.array(Id).prefault([]).describe('With these applications only; empty: with any, or with none'),
});

const BusinessData = keys({
  key: Id.describe('Names it in messages'),
  names: translated('What people are shown'),
  description: translated('A sentence about it').optional(),
  required: flag('Whether each message must have it', false),
  format: Format.optional().describe('Regular expression that a whole value must match'),
});

const Period = keys({
  number: count('How many days, months or years', 6, 1, 1_200),
  unit: choice('Days, months or years', VALIDITY_UNITS, 'month'),
});

/** What can be said of one message type. */
const MessageTypeSchema = keys({
  names: translated('What people are shown'),
  description: translated('A sentence about it').optional(),
  validity: Period.prefault({}).describe('How long messages stay in a mailbox'),
  publishers: z.array(Publisher).prefault([]).describe('Who may publish; the engine itself always may'),
  audience: choices('Kinds of mailboxes that it may lie in', MAILBOX_KINDS, MAILBOX_KINDS),
  protected: flag('Whether only who has the right for protected documents may see it', false),
  service: Id.optional().describe('Service that users need to read it; without one, all who have access may'),
  quality: Id.optional().describe('Quality that it is sent to; without one it is for all of an organisation'),
  registered: flag('Whether it may be published as registered mail', false),
  replyAllowed: flag('Whether its recipients may answer', false),
  task: keys({
    within: Period.describe('It is due so long after the arrival'),
    dueData: Id.optional().describe('Key of the business data that names another day, such as 2026-12-31'),
  })
    .optional()
    .describe('What recipients must do something within; without it nothing is asked of them'),
  mainContent: choice('What the main content may be', ['attachment', 'body', 'either'], 'attachment'),
  businessData: z.array(BusinessData).max(50).prefault([]).describe('Facts that publishers may add; no others'),
  mediaTypes: z.array(MediaType).min(1).max(50).prefault(['application/pdf']).describe('What attachments may be'),
  attachments: count('Most attachments of one message', 6, 0, 6),
  attachmentBytes: size('Largest attachment', '20MiB', { min: '1KiB', max: '16GiB' }),
});

/** The message types by id: those that are shipped, changed and added to by the operator's. `ID: false` takes one away. */
export function messageTypesSchema(shipped: Readonly<Record<string, unknown>>) {
  return z
    .preprocess((given) => withShipped(shipped, given), z.record(Id, MessageTypeSchema))
    .transform((types, context): MessageTypes => {
      const missing = ENGINE_TYPES.find((id) => !Object.hasOwn(types, id));
      if (missing) return fault(context, `has no ${missing}, which the engine itself publishes`, 'not false');
      return Object.fromEntries(Object.entries(types).map(([id, type]) => [id, { id, ...type }]));
    })
    .describe('Message types, over what is shipped; keys that are not given keep their shipped value');
}
