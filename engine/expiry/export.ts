import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Attachment, Message } from '../mailboxes/messages.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import type { Due } from './due.ts';

/** Where what is removed is written first. */
export interface ExportDeps {
  readonly db: Db;
  readonly blobs: Pick<BlobStore, 'read'>;
  readonly dir: string;
}

/**
 * Writes a message that is about to be removed into a directory of its own: message.json and each attachment. It appears
 * whole, after everything in it was synced; one that is there already, of a run that was cut off, is left alone.
 *
 * @returns the path of the directory.
 */
export async function exportMessage({ db, blobs, dir }: ExportDeps, due: Due, message: Message): Promise<string> {
  const { expiresAt, messageId, mailbox } = due.placed;
  const month = join(dir, expiresAt.slice(0, 7));
  const target = join(month, `${messageId}.${mailbox}`); // both made by the engine: nothing from outside is in the path
  if (await exists(target)) return target;
  const aside = join(month, `.${messageId}.${mailbox}.${randomBytes(6).toString('hex')}`);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  try {
    for (const one of message.attachments) await writeAttachment(join(aside, fileNameOf(one)), one, { db, blobs });
    await writeText(join(aside, 'message.json'), `${JSON.stringify(describe(due, message), undefined, 2)}\n`);
    await syncDirectory(aside);
    await rename(aside, target);
    await syncDirectory(month);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (await exists(target)) return target; // another run was faster
    throw error;
  }
  return target;
}

function describe({ placed, mailbox }: Due, message: Message) {
  const attachments = message.attachments.map((one) => ({ ...one, exportedAs: fileNameOf(one) }));
  return { mailbox, placed, message: { ...message, attachments } };
}

const LONGEST = 150;

/** Its number and what is harmless of its name: unique in its message, safe on every file system. */
export function fileNameOf({ number, fileName }: Pick<Attachment, 'number' | 'fileName'>): string {
  const harmless = fileName.replace(/[^A-Za-z0-9._-]+/g, '_').slice(-LONGEST);
  return `${number}-${harmless}`;
}

async function writeAttachment(
  path: string,
  { sha256 }: Attachment,
  { db, blobs }: Pick<ExportDeps, 'db' | 'blobs'>,
): Promise<void> {
  await pipeline(await blobs.read(db, sha256), createWriteStream(path, { mode: 0o600, flush: true }));
}

async function writeText(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
