import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { enterpriseNumber, Id, translated } from './message-type-schema.ts';
import { givenPath, type Surroundings } from './sources.ts';
import { choice, text } from './values.ts';

const CONTACT = 'one line of at most 200 characters';
const contact = (meaning: string) =>
  z
    .string({ error: CONTACT })
    .regex(/^[^\p{Cc}]{0,200}$/u, { error: CONTACT })
    .describe(meaning);

const described = (around: Surroundings) => ({
  names: translated('What people are shown'),
  url: translated('Where people find it').optional(),
  logos: z
    .array(
      keys({
        file: givenPath(around).describe('PNG, JPEG, GIF or SVG'),
        language: z.enum(['nl', 'fr', 'de']).optional().describe('Of its text'),
      }),
    )
    .max(10)
    .prefault([])
    .describe('Pictures that it is shown with'),
  contactBusiness: contact('Where users ask; no name of a person').optional(),
  contactTechnical: contact('Where technicians ask; no name of a person').optional(),
});

/** The mailboxes that this engine serves, and whom messages come from. */
export const mailboxesSchema = (around: Surroundings) =>
  keys({
    provider: text(
      'What this engine calls itself as a document provider, in events and in the federation',
      'bode',
      100,
    ),
    organisation: enterpriseNumber('Enterprise number that the engine itself publishes under').prefault('0206731645'),
    environment: choice(
      'What clients are told that this is',
      ['development', 'test', 'integration', 'acceptation', 'simulation', 'production'],
      'production',
    ),
    contact: contact('Where clients are told to ask for help; empty: nowhere').prefault(''),
    applications: z
      .record(Id, keys({ ...described(around), description: translated('A sentence about it').optional() }))
      .prefault({})
      .describe('Online services that messages come from, by id'),
    organisations: z
      .record(
        enterpriseNumber('An organisation that publishes'),
        keys({ ...described(around), longNames: translated('Its whole name').optional() }),
      )
      .prefault({})
      .describe('More about organisations that publish, by enterprise number'),
  });
