import { mkdir } from 'node:fs/promises';
import { EngineError } from '../../engine/core/errors.ts';
import { FOLDERS, type FolderName } from '../../engine/landing/folders.ts';
import { type HeldDirectory, holdDirectory, ifThere } from './held-directory.ts';

/** The engine's own directory in that of a sender; nobody else may write in it. */
export const OWN = '.bode';

/** The directories of one sender, held open. */
export interface SenderDirectory {
  /** Those of the six folders that are there; IN and OUT always are. */
  readonly folders: ReadonlyMap<FolderName, HeldDirectory>;
  /** What was taken out of the IN folders and is not in the store yet. */
  readonly claims: HeldDirectory;
  /** Answers that are not in their OUT folder yet. */
  readonly outgoing: HeldDirectory;
  /** What was taken and turned out to be no file that may be taken in. */
  readonly refused: HeldDirectory;
  close(): Promise<void>;
}

/**
 * Opens the directory of a sender. Its folders are made by whoever runs the machine; `.bode` is made here. Throws
 * config_invalid, naming place and remedy, when it cannot be used safely: nothing is taken or given then.
 */
export async function openSenderDirectory(path: string): Promise<SenderDirectory> {
  const held: HeldDirectory[] = [];
  const close = async () => void (await Promise.all(held.map((directory) => directory.close())));
  const hold = async (opened: Promise<HeldDirectory>) => {
    const directory = await opened;
    held.push(directory);
    return directory;
  };
  try {
    const root = await hold(holdDirectory(path, true));
    const folders = new Map<FolderName, HeldDirectory>();
    for (const name of FOLDERS) {
      const folder = await ifThere(holdDirectory(root.at(name)));
      if (folder) folders.set(name, await hold(Promise.resolve(folder)));
    }
    for (const name of ['IN', 'OUT'] as const) {
      if (!folders.has(name)) throw unusable(path, `there is no directory ${name} in it`);
    }
    const own = await hold(openOwn(root, OWN));
    await requireOurs(own, path);
    for (const [name, folder] of folders) await requireSameDisk(own, folder, path, name);
    const [claims, outgoing, refused] = [
      await hold(openOwn(own, 'claims')),
      await hold(openOwn(own, 'out')),
      await hold(openOwn(own, 'refused')),
    ];
    return { folders, claims, outgoing, refused, close };
  } catch (error) {
    await close();
    throw error instanceof EngineError ? error : unusable(path, `it cannot be opened (${codeOf(error)})`, error);
  }
}

async function openOwn(above: HeldDirectory, name: string): Promise<HeldDirectory> {
  const there = await ifThere(holdDirectory(above.at(name)));
  if (there) return there;
  await mkdir(above.at(name), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error; // another engine was faster
  });
  return holdDirectory(above.at(name));
}

/** A sender that may write here could put anything in the place of what was claimed. */
async function requireOurs(own: HeldDirectory, path: string): Promise<void> {
  const { uid, mode } = await own.stat();
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
  throw unusable(path, `${OWN} in it must belong to the engine's user, with mode 0700`);
}

async function requireSameDisk(own: HeldDirectory, folder: HeldDirectory, path: string, name: string): Promise<void> {
  if ((await own.stat()).dev === (await folder.stat()).dev) return;
  throw unusable(path, `${name} and ${OWN} in it must lie on one file system, so that files can be claimed by rename`);
}

function unusable(path: string, reason: string, cause?: unknown): EngineError {
  return new EngineError('config_invalid', `drop folder ${path}: ${reason}`, {}, cause);
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown';
