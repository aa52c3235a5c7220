import { Command } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { allWebhooks, removeWebhook, webhooksOf } from '../../engine/mailboxes/webhooks.ts';
import { askReplay, webhookLetters } from '../../engine/outbound/webhook-letters.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';

interface Reading extends ConfigOption {
  readonly json?: true;
  readonly limit: number;
}

/** `bode webhooks list|remove|dead`: who is told of events over HTTPS, and what could not be told. */
export function webhooksCommand(): Command {
  return new Command('webhooks')
    .description('where events of mailboxes are sent to')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(removeCommand())
    .addCommand(deadCommand());
}

function listCommand(): Command {
  return reading('list')
    .description('list webhooks, how far each was told, and which fail')
    .option('--organisation <number>', 'only of this one', matching(/^\d{10}$/, 'an enterprise number of ten digits'))
    .option('--limit <n>', 'how many', upTo(10_000), 100)
    .action(async ({ json, limit, organisation, ...options }: Reading & { readonly organisation?: string }) => {
      const items = await withStore(await settings(options), (db) =>
        organisation === undefined ? allWebhooks(db, limit) : webhooksOf(db, organisation),
      );
      if (json) return printJson({ items });
      const rows = items.map((one) => [
        ...[one.id, one.organisation, one.url, one.types.join(), String(one.lastSequence)],
        ...[one.failingSince ?? '-', one.lastFailure ?? '-'],
      ]);
      const titles = ['WEBHOOK', 'ORGANISATION', 'URL', 'EVENTS', 'TOLD UP TO', 'FAILING SINCE', 'LAST FAILURE'];
      await print(rows.length === 0 ? ['no webhooks'] : table(titles, rows));
    });
}

function removeCommand(): Command {
  return configured('remove')
    .description('send no events there any more; what was given up of it goes too')
    .argument('<webhook>', 'its id')
    .action(async (id: string, options: ConfigOption) => {
      const by = { who: operator(), now: systemClock() };
      const gone = await withStore(await settings(options), (db) =>
        inTransaction(db, (tx) => removeWebhook(tx, { id }, by)),
      );
      if (!gone) throw new EngineError('not_found', `no webhook ${id}`);
      await print([`${id}: removed`]);
    });
}

function deadCommand(): Command {
  return new Command('dead')
    .description('events that were given up')
    .addCommand(deadListCommand(), { isDefault: true })
    .addCommand(replayCommand());
}

function deadListCommand(): Command {
  return reading('list')
    .description('list events that no webhook took in time, the oldest first')
    .option('--limit <n>', 'how many', upTo(10_000), 100)
    .option('--after <letter>', 'go on after this letter', upTo(999_999_999))
    .action(async ({ json, limit, after = 0, ...options }: Reading & { readonly after?: number }) => {
      const items = await withStore(await settings(options), (db) => webhookLetters(db, { after, limit }));
      if (json) return printJson({ items });
      const rows = items.map((one) => [
        ...[String(one.id), one.at, one.webhook, one.organisation, String(one.sequence)],
        ...[one.replayAt === undefined ? '-' : 'asked', one.answer],
      ]);
      const titles = ['LETTER', 'GIVEN UP', 'WEBHOOK', 'ORGANISATION', 'EVENT', 'REPLAY', 'WHY'];
      await print(rows.length === 0 ? ['no letters'] : table(titles, rows));
    });
}

function replayCommand(): Command {
  return configured('replay')
    .description('send an event that was given up once more, or all of a webhook')
    .argument('[letter]', 'its number', upTo(999_999_999))
    .option('--webhook <id>', 'all of this webhook')
    .action(
      async (letter: number | undefined, { webhook, ...options }: ConfigOption & { readonly webhook?: string }) => {
        if ((letter === undefined) === (webhook === undefined))
          throw new EngineError('usage_wrong', 'name a letter, or a webhook with --webhook');
        const which = letter === undefined ? { webhook: webhook ?? '' } : { letter };
        const by = { who: operator(), now: systemClock() };
        const asked = await withStore(await settings(options), (db) => askReplay(db, which, by));
        if (asked === 0) throw new EngineError('not_found', `no letter ${letter ?? `of webhook ${webhook}`}`);
        await print([`${asked} to be sent again by the scheduler`]);
      },
    );
}
