import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { type Listed, listMessages } from '../../engine/mailboxes/list.ts';
import type { Translated } from '../../engine/mailboxes/message-types.ts';
import type { Attachment } from '../../engine/mailboxes/messages.ts';
import { type BlobStore, createBlobStore } from '../../engine/store/blobs.ts';
import type { Db } from '../../engine/store/database.ts';
import { print, printableText, printJson } from './output.ts';
import { type ConfigOption, matching, reading, settings, upTo, withStore } from './settings.ts';

interface Options extends ConfigOption {
  readonly json?: true;
  readonly save?: string;
  readonly limit: number;
  readonly after?: string;
}

/** A message as it is printed and, once saved, where its attachments are. */
interface Shown {
  readonly id: string;
  readonly subject: Translated;
  readonly messageType: string;
  readonly receivedAt: string;
  readonly expiresAt: string;
  readonly read: boolean;
  readonly visible: boolean;
  readonly partition: string;
  readonly senderOrganisation: string;
  readonly ticket: string | null;
  readonly attachments: readonly Attachment[];
  readonly saved?: readonly string[];
}

/** `bode mailbox EBOXID`: the messages of a mailbox with their attachments. */
export function mailboxCommand(): Command {
  return reading('mailbox')
    .description('list the messages of a mailbox, newest first')
    .argument(
      '<eboxid>',
      'the mailbox: an enterprise number or INSS',
      matching(/^[0-9A-Za-z_-]{1,20}$/, 'letters and digits'),
    )
    .option('--save <dir>', 'write the attachments there, one directory a message')
    .option('--limit <n>', 'at most so many', upTo(10_000), 50)
    .option('--after <id>', 'go on after this message')
    .action(async (eboxId: string, options: Options) => {
      const config = await settings(options);
      const items = await withStore(config, (db) => read(db, config, eboxId, options));
      await (options.json
        ? printJson({ items })
        : print(items.length === 0 ? ['no messages'] : items.flatMap(linesOf)));
    });
}

async function read(db: Db, config: Config, eboxId: string, { save, limit, after }: Options): Promise<Shown[]> {
  const listed = await listMessages(db, eboxId, { limit, ...(after === undefined ? {} : { after }) });
  const messages = listed.map(shownOf);
  if (save === undefined) return messages;
  const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log: silentLogger() });
  const shown: Shown[] = [];
  for (const message of messages) shown.push({ ...message, saved: await saveAll(db, blobs, message, save) });
  return shown;
}

function shownOf({ message, placed }: Listed): Shown {
  const { id, subject, messageType, senderOrganisation, ticket = null, attachments } = message;
  const { receivedAt, expiresAt, firstReadAt, visible, partition } = placed;
  const state = { receivedAt, expiresAt, read: firstReadAt !== undefined, visible, partition };
  return { id, subject, messageType, senderOrganisation, ...state, ticket, attachments };
}

async function saveAll(db: Db, blobs: BlobStore, { id, attachments }: Shown, dir: string): Promise<string[]> {
  const folder = join(dir, safeName(id));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const paths: string[] = [];
  for (const attachment of attachments) {
    const path = join(folder, savedName(attachment));
    await saveAs(path, await blobs.read(db, attachment.sha256));
    paths.push(path);
  }
  return paths;
}

/** Written aside and renamed: nothing that lies there, a link least of all, is written through. */
async function saveAs(path: string, content: Readable): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  await pipeline(content, createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
  await rename(aside, path);
}

function savedName({ number, fileName }: Attachment): string {
  return `${number}-${safeName(fileName)}`;
}

/** A name from outside as one plain file name. */
function safeName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 200);
}

function linesOf({ id, subject, messageType, receivedAt, ticket, attachments, saved }: Shown): string[] {
  const title = subject.en ?? Object.values(subject)[0] ?? '';
  return [
    `${receivedAt}  ${title}`,
    `  ${messageType}, ticket ${ticket ?? '-'}, id ${id}`,
    ...attachments.map(
      ({ number, fileName, mediaType, main, size }) =>
        `  ${number}. ${fileName}  ${mediaType}  ${size} bytes${main ? '  (main)' : ''}`,
    ),
    ...(saved ?? []).map((path) => `  saved ${path}`),
  ].map(printableText);
}
