import { keys } from '../engine/core/mistakes.ts';
import { enterpriseNumber } from './message-type-schema.ts';
import type { Surroundings } from './sources.ts';
import { text } from './values.ts';

/** Whose the mailboxes are that this engine serves. */
export const mailboxesSchema = (_around: Surroundings) =>
  keys({
    provider: text(
      'What this engine calls itself as a document provider, in events and in the federation',
      'bode',
      100,
    ),
    organisation: enterpriseNumber('Enterprise number that the engine itself publishes under').prefault('0206731645'),
  });
