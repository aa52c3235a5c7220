import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createDropFolders, type DropOptions } from '../../channels/drop/service.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { FOLDERS, type FolderName } from '../../engine/landing/folders.ts';
import type { TestLanding } from './landing.ts';

/** The directory of a sender, as another daemon would fill it. */
export interface TestDirectory {
  readonly path: string;
  in(folder: FolderName, name: string): string;
  /** Puts a file as an upload would: aside, then by rename. */
  put(folder: FolderName, name: string, content?: string | Buffer): Promise<void>;
  /** Names in a folder, in order. */
  list(folder: string): Promise<string[]>;
  /** What is claimed, as `FOLDER/name`. */
  claimed(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Makes a directory with the six folders, at `given` or at a place of its own. */
export async function makeDirectory(given?: string): Promise<TestDirectory> {
  const path = given ?? (await mkdtemp(join(tmpdir(), 'bode-drop-')));
  for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
  const at = (folder: string, name: string) => join(path, folder, name);
  const list = async (folder: string) => (await readdir(join(path, folder)).catch(() => [])).sort();

  let uploads = 0;

  async function put(folder: FolderName, name: string, content: string | Buffer = ''): Promise<void> {
    const aside = join(path, `upload-${uploads++}`);
    await writeFile(aside, content);
    await rename(aside, at(folder, name));
  }

  async function claimed(): Promise<string[]> {
    const found = [];
    for (const claim of await list('.bode/claims')) {
      const names = await list(`.bode/claims/${claim}`);
      found.push(...names.map((name) => `${claim.split('.')[1]}/${name}`));
    }
    return found.sort();
  }

  return { path, in: at, put, list, claimed, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Drop folders over a test's landing, for sender 123456. */
export function dropOver(landing: TestLanding, path: string, options: Partial<DropOptions> = {}): Service {
  return createDropFolders({
    db: landing.db,
    clock: () => new Date(),
    log: options.log ?? linesOf([]),
    foldersOf: landing.foldersOf,
    directories: { '123456': path },
    isServed: async () => true,
    limits: { names: 50_000, fileBytes: 2 ** 30 },
    waitMs: 3_600_000,
    mode: 0o640,
    lookMs: 50,
    pollMs: 50,
    places: 8,
    alone: true,
    ...options,
  });
}

/** One line of a log. */
export type Line = Readonly<Record<string, unknown>>;

/** A logger that adds to `lines`. */
export function linesOf(lines: Line[]): Logger {
  return pino({ level: 'debug' }, { write: (text: string) => void lines.push(JSON.parse(text)) });
}
