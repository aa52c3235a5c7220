import { readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { mailboxesOf } from '../../engine/mailboxes/mailboxes.ts';
import { readBounce } from '../../engine/outbound/bounce.ts';
import { addressesOf } from '../../engine/outbound/mail-addresses.ts';
import { recentMails } from '../../engine/outbound/mails.ts';
import { noteBounce } from '../../engine/outbound/send-mails.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, reading, settings, upTo, withStore } from './settings.ts';

interface Reading extends ConfigOption {
  readonly json?: true;
}

/** `bode mail list|addresses|bounce`: what was sent to whom, and what became of it. */
export function mailCommand(): Command {
  return new Command('mail')
    .description('mails to the owners of mailboxes')
    .addCommand(listCommand())
    .addCommand(addressesCommand())
    .addCommand(bounceCommand());
}

function listCommand(): Command {
  return reading('list')
    .description('list mails and their state, newest first')
    .option('--limit <n>', 'how many', upTo(10_000), 100)
    .action(async ({ json, limit, ...options }: Reading & { readonly limit: number }) => {
      const mails = await withStore(await settings(options), (db) => recentMails(db, limit));
      const items = mails.map(({ facts: _, ...mail }) => mail); // what confirms an address is for its reader only
      if (json) return printJson({ items });
      const rows = items.map((mail) => [
        mail.createdAt,
        mail.state,
        mail.kind,
        mail.address,
        mail.id,
        mail.answer ?? '',
      ]);
      const titles = ['QUEUED', 'STATE', 'KIND', 'ADDRESS', 'ID', 'SERVER SAID'];
      await print(rows.length === 0 ? ['no mails'] : table(titles, rows));
    });
}

function addressesCommand(): Command {
  return reading('addresses')
    .description('the addresses of the mailboxes of an enterprise number or INSS')
    .argument('<eboxid>', 'whose mailboxes')
    .action(async (eboxId: string, { json, ...options }: Reading) => {
      const items = await withStore(await settings(options), (db) =>
        inTransaction(db, async (tx) => {
          const each = (await mailboxesOf(tx, eboxId)).map(async (mailbox) =>
            (await addressesOf(tx, mailbox, systemClock())).map((address) => ({ mailbox: mailbox.id, ...address })),
          );
          return (await Promise.all(each)).flat();
        }),
      );
      if (json) return printJson({ items });
      const rows = items.map((one) => [
        ...[one.address, one.language, one.owner ? 'owner' : 'subscriber', one.confirmed ? 'yes' : 'no'],
        ...[one.failingSince ?? '-', one.lastFailure ?? '-'],
      ]);
      const titles = ['ADDRESS', 'LANGUAGE', 'WHOSE', 'CONFIRMED', 'FAILING SINCE', 'LAST FAILURE'];
      await print(rows.length === 0 ? ['no addresses'] : table(titles, rows));
    });
}

const MOST_BYTES = 1 << 20;

function bounceCommand(): Command {
  return configured('bounce')
    .description('note that a mail came back: a delivery status notification (RFC 3464), as a mail server pipes it')
    .argument('<file>', 'the notification; /dev/stdin for standard input')
    .action(async (file: string, options: ConfigOption) => {
      const bounce = readBounce(await readMail(file));
      if (!bounce) throw new EngineError('message_malformed', `${file}: tells of no mail that failed for good`);
      const now = systemClock();
      const noted = await withStore(await settings(options), (db) => noteBounce(db, bounce.id, { ...bounce, now }));
      if (!noted)
        throw new EngineError(
          'not_found',
          `${file}: tells of no mail that this engine has sent, or of one known to have bounced`,
        );
      await print([`${bounce.id}: bounced`]);
    });
}

/** Throws not_found, limit_exceeded. */
async function readMail(file: string): Promise<string> {
  const size = await stat(file).then(
    (entry) => entry.size,
    () => undefined,
  );
  if (size === undefined) throw new EngineError('not_found', `${file}: there is no such file`);
  const text = size <= MOST_BYTES ? await readFile(file, 'latin1') : undefined;
  if (text === undefined || text.length > MOST_BYTES)
    throw new EngineError('limit_exceeded', `${file}: larger than ${MOST_BYTES} bytes`);
  return text;
}
