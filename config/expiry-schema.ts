import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { pathOrNone, type Surroundings } from './sources.ts';
import { count, duration } from './values.ts';

const DAY = 'a whole number of days from 1 to 365';
const TIME = 'a time of day in UTC, such as "01:30"';

/** A time of day, in UTC. */
export const timeOfDay = (meaning: string, fallback: string) =>
  z
    .string({ error: TIME })
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: TIME })
    .prefault(fallback)
    .describe(meaning);

/** When owners are warned that messages go, and when they go. */
export const expirySchema = (around: Surroundings) =>
  keys({
    at: timeOfDay('When each day owners are warned and what has expired is removed, in UTC', '01:30'),
    warnDays: z
      .array(z.int({ error: DAY }).min(1, { error: DAY }).max(365, { error: DAY }))
      .max(10)
      .prefault([30, 7, 1])
      .describe('Days before the expiry on which the owner is warned; the smallest only of what is unread'),
    alertDays: count('Days before the expiry of an unread message that documentExpirationAlert is told', 7, 1, 365),
    remindDays: count('Days after the arrival of an unread message that newDocumentReminder is told', 15, 1, 365),
    taskDays: z
      .array(z.int({ error: DAY }).min(1, { error: DAY }).max(365, { error: DAY }))
      .max(10)
      .prefault([7, 1])
      .describe('Days before a task is due on which the owner is reminded of it'),
    grace: duration('How long a message stays after its expiry', '1d', { min: '0s', max: '365d' }),
    exportDir: pathOrNone('Directory that messages are written into before they are removed; none when empty', around),
  });
