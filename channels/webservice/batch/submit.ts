import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../engine/core/clock.ts';
import type { FoldersOf } from '../../../engine/landing/create-folders.ts';
import { inFolderOf, isTemporary, parseTrigger, triggerRole } from '../../../engine/landing/file-name.ts';
import type { FolderName, Folders } from '../../../engine/landing/folders.ts';
import type { Db } from '../../../engine/store/database.ts';
import { findKeyed, type KeyedRequest, keepKeyed } from '../../../engine/submissions/idempotency.ts';
import type { Bearer } from '../access.ts';
import { contentOf, digesting, type IncomingPart, type PartDigest, readParts } from '../multipart.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { SUBMISSIONS_PATH } from './paths.ts';

export interface SubmitDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly foldersOf: FoldersOf;
  /** Size of one file, in bytes; folders have the same limit. */
  readonly fileBytes: number;
}

const TRIGGER_BYTES = 1_024; // a GO is empty; what some clients write into it is not looked at
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Takes the files of one submission in, in any order, and releases it: 201 with its ticket once it is durable. The same
 * files again give the same ticket again. Under an idempotency key nothing is done a second time, and other files are refused.
 */
export async function submit(request: FastifyRequest, reply: FastifyReply, { sender }: Bearer, deps: SubmitDeps) {
  const key = keyOf(request);
  const before = key === undefined ? undefined : await findKeyed(deps.db, { sender, key });
  if (before) return accepted(reply, await sameAsBefore(request, before, deps.fileBytes));
  const done = await takeIn(request, { sender, keyed: key !== undefined }, deps);
  if (key !== undefined) await keepKeyed(deps.db, { sender, key }, done, deps.clock());
  return accepted(reply, done.ticket);
}

function accepted(reply: FastifyReply, ticket: string) {
  const href = `${SUBMISSIONS_PATH}/${ticket}`;
  return reply.code(201).header('location', href).send({ ticket, href });
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw invalidInput('header', 'Idempotency-Key', '1 to 255 printable ASCII characters without blanks');
  }
  return key;
}

/** Reads the files, only to see whether they are those that the key was used for. */
async function sameAsBefore(request: FastifyRequest, before: KeyedRequest, fileBytes: number): Promise<string> {
  const digests: PartDigest[] = [];
  await readFiles(request, async ({ name, content }) => {
    const digested = digesting(content);
    await lengthOf(digested.content, fileBytes);
    digests.push({ name, sha256: digested.sha256() });
  });
  if (contentOf(digests) === before.content) return before.ticket;
  throw new ProblemError('keyReused', 'This Idempotency-Key was used for other files: choose a new one');
}

const LIMITS = { parts: 60, files: 40, fields: 20, fieldSize: 1_024 };

function readFiles({ raw, headers }: FastifyRequest, take: (part: IncomingPart) => Promise<void>): Promise<void> {
  const file = async (part: IncomingPart) => {
    if (part.name === '') throw invalidInput('body', 'filename', 'Each part must have a file name');
    await take(part);
  };
  return readParts(raw, headers, { file }, LIMITS);
}

/** Reads to the end; rejects with a problem when that is further away than `most`. */
async function lengthOf(content: AsyncIterable<Buffer>, most: number): Promise<void> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > most) throw new ProblemError('payloadTooLarge', `The file is larger than ${most} bytes`);
  }
}

/** A file that a request has stored, and when it was done with it. */
interface Stored {
  readonly folder: FolderName;
  readonly name: string;
  readonly at: Date;
}

/** The files of a request on their way into a folder. */
interface Intake {
  readonly folders: Folders;
  readonly clock: Clock;
  readonly stored: Stored[];
  /** Absent without a key: what nobody compares costs no second digest. */
  readonly digests?: PartDigest[];
  trigger?: string;
}

async function takeIn(
  request: FastifyRequest,
  { sender, keyed }: { readonly sender: string; readonly keyed: boolean },
  { foldersOf, clock }: SubmitDeps,
): Promise<KeyedRequest> {
  const tickets: string[] = [];
  const folders = foldersOf({ number: sender, channel: 'webservice', onTaken: (ticket) => tickets.push(ticket) });
  const intake: Intake = { folders, clock, stored: [], ...(keyed && { digests: [] }) };
  try {
    await readFiles(request, (part) => takePart(part, intake));
  } catch (error) {
    await takeBack(intake);
    throw error;
  }
  // from here on nothing is taken back: a GO that is stored is taken in later, whatever the client hears now
  await release(intake);
  const [ticket] = tickets;
  if (ticket === undefined) throw new ProblemError('serviceUnavailable', 'The set is being taken in: ask again');
  return { ticket, content: contentOf(intake.digests ?? []) };
}

async function takePart({ name, content }: IncomingPart, intake: Intake): Promise<void> {
  if (isTemporary(name)) throw invalidInput('body', 'filename', 'The name is that of a file on its way');
  const take = triggerRole(name) ? takeTrigger : store;
  if (!intake.digests) return take(name, content, intake);
  const digested = digesting(content);
  await take(name, digested.content, intake);
  intake.digests.push({ name, sha256: digested.sha256() });
}

/** The GO or TD is kept in hand: it is to come last, in whatever order the parts do. */
async function takeTrigger(name: string, content: AsyncIterable<Buffer>, intake: Intake): Promise<void> {
  if (intake.trigger !== undefined) throw invalidInput('body', 'filename', 'One GO or TD in each request');
  intake.trigger = name;
  await lengthOf(content, TRIGGER_BYTES);
}

async function store(name: string, content: AsyncIterable<Buffer>, intake: Intake): Promise<void> {
  const { folders, stored, clock } = intake;
  const folder = folderOf(name);
  const upload = await folders.openWrite(folder, name, 'create');
  try {
    let offset = 0;
    for await (const piece of content) {
      await upload.write(offset, piece);
      offset += piece.length;
    }
    await upload.close();
  } catch (error) {
    await upload.abandon().catch(() => undefined); // the client is to hear of the first failure
    throw error;
  } finally {
    stored.push({ folder, name, at: clock() });
  }
}

/** The environment is the element before the counts, as in every name (protocol §1.1). */
function folderOf(name: string): FolderName {
  const environment = name.split('.')[5];
  if (environment === 'R' || environment === 'T' || environment === 'S') return inFolderOf(environment);
  throw invalidInput('body', 'filename', 'The sixth element of the name must be R, T or S');
}

async function release({ folders, stored, trigger }: Intake): Promise<void> {
  const name = trigger ?? goFor(stored.map((file) => file.name));
  const upload = await folders.openWrite(folderOf(name), name, 'create');
  await upload.close();
}

/** The name of the GO that the files ask for, when none came with them. */
function goFor(names: readonly string[]): string {
  const [first] = names.filter((name) => name.startsWith('FI.')).sort();
  const go = first && `GO.${first.slice(3).split('.').slice(0, 6).join('.')}`;
  if (go !== undefined && parseTrigger(go)) return go;
  throw invalidInput('body', 'filename', 'There is no GO file, and no FI file that tells its name');
}

/**
 * What was stored of a request that failed would only wait for its GO in vain. What was written anew since is left: the
 * client may be sending again already.
 */
async function takeBack({ folders, stored }: Intake): Promise<void> {
  for (const { folder, name, at } of stored) {
    const entry = await folders.stat(folder, name).catch(() => undefined);
    if (entry && entry.modifiedAt <= at) await folders.remove(folder, name).catch(() => undefined);
  }
}
