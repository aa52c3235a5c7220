import { z } from 'zod';
import { fault, keys } from '../engine/core/mistakes.ts';
import { type Surroundings, secret } from './sources.ts';
import { duration, flag, text } from './values.ts';

const CODE = '1 to 40 small letters, digits and dashes, a letter first';
const Code = z.string({ error: CODE }).regex(/^[a-z][a-z0-9-]{0,39}$/, { error: CODE });
const ISSUER = 'an address that begins with https://, or with http:// on this very machine';

/** Qualities as they are shipped, and which of them are of local authorities (protocol §2.6, §4). */
const QUALITIES = {
  ...{ employer: {}, 'employer-local': { localAuthority: true }, 'social-secretariat': {}, 'full-secretariat': {} },
  ...{ 'service-provider': {}, curator: {}, ocmw: { localAuthority: true }, municipality: { localAuthority: true } },
  ...{ province: { localAuthority: true }, institution: {}, 'mutual-fund': {}, 'pension-body': {} },
};

/** A provider of OpenID Connect: who people are is its word. */
const provider = (around: Surroundings) =>
  keys({
    issuer: z
      .string({ error: ISSUER })
      .regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])/, { error: ISSUER })
      .describe('Address of the provider, as it calls itself'),
    clientId: z.string({ error: 'text' }).min(1).max(200).describe('What the provider calls this installation'),
    clientSecret: secret(
      'Secret of this installation; a public client has none',
      /^.{1,500}$/,
      'text',
      around,
    ).optional(),
    scope: text('What is asked for, with spaces between', 'openid'),
    claim: text('Claim of the identity token that holds the national register number', 'national_register_number'),
  });

/** The account side: sessions, providers, qualities. */
export const accessSchema = (around: Surroundings) =>
  keys({
    sessionLife: duration('How long a session of a person is good for', '8h', { min: '1m', max: '30d' }),
    oidc: z.record(Code, provider(around)).prefault({}).describe('Providers that people sign in at, by name'),
    qualities: z
      .record(Code, keys({ localAuthority: flag('Whether it may come over fixed links (networks)', false) }))
      .prefault(QUALITIES)
      .transform((given, context) =>
        Object.keys(given).length > 0 ? given : fault(context, 'is empty', 'at least one quality'),
      )
      .describe('Qualities that an organisation may activate'),
  });
