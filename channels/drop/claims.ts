import { randomBytes } from 'node:crypto';
import { mkdir, rename, rmdir } from 'node:fs/promises';
import { isMisnamedFor, isTemporary, parseTrigger, setPrefixes } from '../../engine/landing/file-name.ts';
import { FOLDERS, type FolderName } from '../../engine/landing/folders.ts';
import { type HeldDirectory, holdDirectory, ifThere } from './held-directory.ts';
import { type InFile, rawNames } from './in-files.ts';
import type { SenderDirectory } from './sender-directory.ts';

/** Files of one IN folder that one engine has taken by rename; a directory in `.bode/claims`. */
export interface Claim {
  /** The same whoever has it. */
  readonly id: string;
  readonly folder: FolderName;
  /** The engine that has it. */
  readonly holder: string;
}

const ID = /^[0-9a-f]{32}$/;

/** The name of the directory of a claim. */
export const directoryOf = ({ id, folder, holder }: Claim) => `${id}.${folder}.${holder}`;

function claimOf(name: string): Claim | undefined {
  const [id = '', part, holder = '', ...more] = name.split('.');
  const folder = FOLDERS.find((known) => known === part);
  return folder && ID.test(id) && ID.test(holder) && more.length === 0 ? { id, folder, holder } : undefined;
}

/** Every claim there is, whoever has it. */
export async function claimsIn({ claims }: SenderDirectory): Promise<Claim[]> {
  const found: Claim[] = [];
  for await (const raw of rawNames(claims)) {
    const claim = claimOf(raw.toString('latin1'));
    if (claim) found.push(claim);
  }
  return found;
}

/** Which files a GO or TD releases: those that the intake would look at for it (evaluate.ts). */
export function setOf(trigger: string, files: readonly InFile[]): InFile[] {
  const parsed = parseTrigger(trigger);
  if (!parsed) return [];
  const prefixes = setPrefixes(parsed.stem);
  const ofStem = (name: string) => !isTemporary(name) && prefixes.some((prefix) => name.startsWith(prefix));
  return files.filter(({ name }) => ofStem(name) || isMisnamedFor(name, parsed.stem));
}

/**
 * Takes files out of an IN folder, each by one rename. The first decides: when another engine, or its sender, has taken
 * it away, nothing is claimed. Of the rest what is there is taken.
 */
export async function claim(
  { claims }: SenderDirectory,
  from: { readonly folder: FolderName; readonly directory: HeldDirectory },
  files: readonly InFile[],
  holder: string,
): Promise<Claim | undefined> {
  const mine: Claim = { id: randomBytes(16).toString('hex'), folder: from.folder, holder };
  await mkdir(claims.at(directoryOf(mine)), { mode: 0o700 });
  const into = await holdDirectory(claims.at(directoryOf(mine)));
  try {
    if ((await move(from.directory, into, files)) > 0) return mine;
    await rmdir(claims.at(directoryOf(mine)));
    return undefined;
  } finally {
    await into.close();
  }
}

/** Takes files into a claim; how many. Stops at once when the first is not there. */
async function move(from: HeldDirectory, into: HeldDirectory, files: readonly InFile[]): Promise<number> {
  let moved = 0;
  for (const { raw } of files) {
    const took = await ifThere(rename(from.at(raw), into.at(raw)).then(() => true));
    if (took) moved += 1;
    else if (moved === 0) return 0;
  }
  return moved;
}

/** Takes what is left of a set into a claim that has its GO already: whoever claimed it may have died in between. */
export async function complete(from: HeldDirectory, into: HeldDirectory, files: readonly InFile[]): Promise<void> {
  for (const { raw } of files) await ifThere(rename(from.at(raw), into.at(raw)));
}

/** Takes over the claim of an engine that is dead; undefined when another was faster. */
export async function takeOver({ claims }: SenderDirectory, claim: Claim, holder: string): Promise<Claim | undefined> {
  const mine = { ...claim, holder };
  const moved = rename(claims.at(directoryOf(claim)), claims.at(directoryOf(mine))).then(() => mine);
  return ifThere(moved);
}
