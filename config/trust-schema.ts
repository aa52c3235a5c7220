import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { existing, type Surroundings } from './sources.ts';
import { choice, duration, size } from './values.ts';

const URL_FORM = 'an http or https URL, without a user in it';
const url = () => z.string({ error: URL_FORM }).regex(/^https?:\/\/[^\s@]{1,2000}$/, { error: URL_FORM });

const HOST = 'HOST or HOST:PORT, in small letters';
const urlHost = () =>
  z.string({ error: HOST }).regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/, { error: HOST });

const unknownIs = (environment: string) =>
  choice(
    `Whether a signature in ${environment} is refused (hard) or accepted with a note (soft) when nobody says if its certificate was revoked`,
    ['hard', 'soft'],
    'soft',
  );

const revocation = (around: Surroundings) =>
  keys({
    unknown: keys({ R: unknownIs('R'), T: unknownIs('T'), S: unknownIs('S') }).prefault({}),
    crls: existing('Revocation lists (PEM or DER files, or directories of them); read again when they change', around),
    crlUrls: z
      .array(url())
      .max(64)
      .prefault([])
      .describe('Revocation lists that are fetched, whatever a certificate says'),
    ocspUrl: z
      .union([z.literal(''), url()], { error: URL_FORM })
      .prefault('')
      .describe('The OCSP responder that is asked about every certificate; none when empty'),
    followHosts: z
      .array(urlHost())
      .max(1_000)
      .prefault([])
      .describe('Hosts to which URLs in certificates are followed; none of them is when empty'),
    nonce: choice(
      'Whether an OCSP answer without the nonce of its request is refused (required), or believed until its next update (preferred)',
      ['preferred', 'required'],
      'preferred',
    ),
    answerWithin: duration('How long a server that tells of revocations may take; then nothing is known', '3s', {
      min: '100ms',
      max: '1m',
    }),
    askAgain: duration('How long a server that failed is not asked again', '1m', { min: '1s', max: '1d' }),
    crlBytes: size('Largest revocation list', '16MiB', { min: '1KiB', max: '256MiB' }),
  });

/** Whom signers must descend from, and who tells that a certificate was taken back. */
export function trustSchema(around: Surroundings) {
  return keys({
    anchors: existing('CA certificates (PEM files, or directories of them) that signers must descend from', around),
    revocation: revocation(around).prefault({}),
  });
}
