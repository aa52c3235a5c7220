import { keys } from '../engine/core/mistakes.ts';
import { pathOrNone, type Surroundings } from './sources.ts';
import { addresses, duration } from './values.ts';

/** Events told to the owners of mailboxes over HTTPS. */
export const webhooksSchema = (around: Surroundings) =>
  keys({
    allowPrivate: addresses('Private ranges that webhooks may be in all the same; none on public networks'),
    answerWithin: duration('How long a webhook may take to answer', '10s', { min: '100ms', max: '2m' }),
    giveUpAfter: duration('An event that a webhook has not taken for so long becomes a dead letter', '1d', {
      min: '1m',
      max: '30d',
    }),
    ca: pathOrNone(
      'CA certificates (PEM) that the servers’ must descend from; those that Node knows when empty',
      around,
    ),
  });
