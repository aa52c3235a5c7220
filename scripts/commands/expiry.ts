import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { type Logger, silentLogger } from '../../engine/core/logger.ts';
import { recordsOf } from '../../engine/expiry/deletion-records.ts';
import { allDue, type Due } from '../../engine/expiry/due.ts';
import type { Pruned } from '../../engine/expiry/prune.ts';
import type { Warned } from '../../engine/expiry/warn.ts';
import { operator } from './operator.ts';
import { print, printableText, printJson, safeJson } from './output.ts';
import { type ConfigOption, reading, settings, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

/** Opens what a run needs: given by the program, as commands know no part of the engine but what they show. */
export type OpenExpiry = (
  config: Config,
  log: Logger,
) => Promise<{ run(by: string): Promise<Warned & Pruned>; close(): Promise<void> }>;

/** `bode expiry preview|run|record`: what expires, now or on a day to come, and what is left of what did. */
export function expiryCommand(open: OpenExpiry): Command {
  return new Command('expiry')
    .description('messages that have expired')
    .addCommand(previewCommand())
    .addCommand(runCommand(open))
    .addCommand(recordCommand());
}

interface PreviewOptions extends ConfigOption {
  readonly json?: true;
  readonly at: Date;
}

function previewCommand(): Command {
  return reading('preview')
    .description('list exactly what a run would remove, and remove nothing')
    .option('--at <date>', 'a run on this day or at this instant, in UTC; now when not given', instant, systemClock())
    .action(async ({ json, at, ...options }: PreviewOptions) => {
      const config = await settings(options);
      const removal = { at, graceMs: config.expiry.grace };
      await withStore(config, (db) => show(allDue(db, removal), at, json === true));
    });
}

/** A line or an item as they are read: there may be more than memory holds. */
async function show(due: AsyncIterable<Due>, at: Date, json: boolean): Promise<void> {
  let total = 0;
  if (json) await print([`{"at":${safeJson(at)},"items":[`]);
  for await (const one of due) {
    await print([json ? `${total > 0 ? ',' : ''}${safeJson(itemOf(one))}` : lineOf(one)]);
    total += 1;
  }
  await print([json ? `],"total":${total}}` : `${total} would be removed`]);
}

function itemOf({ placed, mailbox }: Due) {
  const { messageId, messageType, receivedAt, expiresAt, firstReadAt = null } = placed;
  return {
    messageId,
    mailbox: mailbox.kind,
    eboxId: maskInss(mailbox.eboxId),
    messageType,
    receivedAt,
    expiresAt,
    firstReadAt,
  };
}

function lineOf({ placed, mailbox }: Due): string {
  const { messageId, messageType, expiresAt } = placed;
  return printableText(`${expiresAt}  ${mailbox.kind}:${maskInss(mailbox.eboxId)}  ${messageType}  ${messageId}`);
}

/** Throws usage_wrong. */
function instant(text: string): Date {
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? new Date(text) : undefined;
  if (!at || Number.isNaN(at.getTime()))
    throw new EngineError('usage_wrong', '--at: must be like 2026-12-31 or 2026-12-31T01:30:00Z');
  return at;
}

function runCommand(open: OpenExpiry): Command {
  return reading('run')
    .description('warn owners and remove what has expired, as the daily job does')
    .action(async ({ json, ...options }: ConfigOption & { readonly json?: true }) => {
      const config = await settings(options);
      await withStore(config, async () => undefined); // says so when there is none, instead of making one
      const expiry = await open(config, silentLogger());
      try {
        const done = await expiry.run(operator());
        if (json) return await printJson(done);
        const { warned, alerted, reminded, messages } = done;
        await print([`${warned} warned, ${alerted} alerted, ${reminded} reminded, ${messages} removed`]);
      } finally {
        await expiry.close();
      }
    });
}

function recordCommand(): Command {
  return reading('record')
    .description('the signed record of a message that was removed')
    .argument('<message>', 'its id')
    .option('--out <dir>', 'write the record and its signature there, for `openssl cms -verify`')
    .action(
      async (id: string, { json, out, ...options }: ConfigOption & { readonly json?: true; readonly out?: string }) => {
        const records = await withStore(await settings(options), (db) => recordsOf(db, id));
        if (records.length === 0) throw new EngineError('not_found', `there is no record that ${id} was removed`);
        if (out !== undefined) await mkdir(out, { recursive: true });
        for (const { id: record, content, signature } of out === undefined ? [] : records) {
          await writeFile(join(out ?? '', `${record}.json`), content);
          await writeFile(join(out ?? '', `${record}.p7s`), signature);
        }
        const items = records.map((one) => ({ id: one.id, at: one.at, messages: one.messages }));
        if (json) return printJson({ items });
        await print(items.map(({ id: record, at, messages }) => `${at}  ${record}  ${messages} messages removed`));
      },
    );
}
