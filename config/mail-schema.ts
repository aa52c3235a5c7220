import { z } from 'zod';
import { fault, keys } from '../engine/core/mistakes.ts';
import { isMailAddress } from '../engine/outbound/mail-addresses.ts';
import { timeOfDay } from './expiry-schema.ts';
import { pathOrNone, type Surroundings, secret } from './sources.ts';
import { duration, flag, text } from './values.ts';

const SMTP = /^(smtps?:\/\/[^\s/?#]+\/?)?$/;
const ADDRESS = 'an e-mail address, or empty';

const address = (meaning: string) =>
  z
    .string({ error: ADDRESS })
    .refine((text) => text === '' || isMailAddress(text), { error: ADDRESS })
    .prefault('')
    .describe(meaning);

/** Mails to the owners of mailboxes: none are sent unless a server is named. */
export const mailSchema = (around: Surroundings) =>
  keys({
    smtp: secret(
      'Mail server; no mails are sent when empty',
      SMTP,
      'smtp://USER:SECRET@HOST:PORT (STARTTLS), smtps://USER:SECRET@HOST:PORT, or empty',
      around,
    ).prefault(''),
    requireTls: flag('Whether nothing is sent without TLS; false only for a server on this machine', true),
    ca: pathOrNone(
      'CA certificates (PEM) that the server’s must descend from; those that Node knows when empty',
      around,
    ),
    from: address('Address that mails come from and that they come back to; must be given with smtp'),
    operator: address('Address of whoever runs the engine: notices that managers get go there, too; none when empty'),
    fromName: text('Name beside it', 'e-Box', 100),
    summaryAt: timeOfDay('When each day the summaries are sent, in UTC', '05:00'),
    giveUpAfter: duration('A mail that the server defers (4xx) is given up after this', '2d', {
      min: '1m',
      max: '30d',
    }),
    keepFor: duration('How long it is remembered what became of a mail', '400d', { min: '30d', max: '4000d' }),
  });

/** A mail server without an address that mails come from is a mistake. */
export function requireSender(
  { mail }: { readonly mail: z.infer<ReturnType<typeof mailSchema>> },
  context: z.RefinementCtx,
): void {
  if (mail.smtp !== '' && mail.from === '') fault(context, 'is missing', 'given with mail.smtp', ['mail', 'from']);
}
