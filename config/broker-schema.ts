import { keys } from '../engine/core/mistakes.ts';
import { type Surroundings, secret } from './sources.ts';
import { count, duration, text } from './values.ts';

const BROKER_URL = /^(embedded|amqps?:\/\/.+)$/;

/** Where messages wait, how many are in hand, and when what fails is tried again. */
export const brokerSchema = (around: Surroundings) =>
  keys({
    url: secret(
      'embedded, or amqp://user:secret@host:5672/vhost',
      BROKER_URL,
      'embedded, amqp://USER:SECRET@HOST:PORT/VHOST',
      around,
    ).prefault('embedded'),
    namespace: text(
      'First part of the names of the queues on RabbitMQ; each installation on one vhost needs its own',
      'bode',
      40,
    ),
    prefetch: keys({
      submissions: count('Submissions that one worker process has in hand at most', 8, 1, 1_000),
      forms: count('Messages of accepted forms that one worker process has in hand at most', 8, 1, 1_000),
      answers: count('Answers that one worker process has in hand at most', 8, 1, 1_000),
      records: count('Messages of records for lists that one worker process has in hand at most', 4, 1, 1_000),
      documents: count(
        'Lists and the like on their way to OUT that one worker process has in hand at most',
        8,
        1,
        1_000,
      ),
    }).prefault({}),
    retry: keys({
      maxAttempts: count('Then the message becomes a dead letter and the submission gets its answer', 8, 1, 100),
      firstDelay: duration('Wait before the second attempt; doubles with each further one', '1s', {
        min: '10ms',
        max: '1h',
      }),
      maxDelay: duration('Longest wait between two attempts', '10m', { min: '10ms', max: '1d' }),
    }).prefault({}),
    breaker: keys({
      failures: count('Failed attempts in a row after which a sender is paused', 10, 1, 10_000),
      firstPause: duration('The first pause; doubles with every try that fails', '30s', { min: '1s', max: '1d' }),
      maxPause: duration('Longest pause of a sender', '10m', { min: '1s', max: '1d' }),
    }).prefault({}),
    relay: keys({
      poll: duration('How often the outbox is looked at when nothing else wakes the relay', '500ms', {
        min: '10ms',
        max: '1m',
      }),
      lease: duration('How long a relay that died keeps its messages; a living one renews', '15s', {
        min: '1s',
        max: '1h',
      }),
      publishAgain: duration(
        'A message that RabbitMQ has confirmed and no worker has settled is published again after this',
        '10m',
        { min: '10s', max: '1d' },
      ),
    }).prefault({}),
  });
