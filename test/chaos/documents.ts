import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileDate } from '../../engine/core/calendar.ts';
import { aDeclaration } from '../support/declarations.ts';
import { type Credentials, signFile } from '../support/pki.ts';
import type { PlannedForm, PlannedSet } from './submissions-plan.ts';

/** A set as files that are ready to be sent. */
export interface ReadySet {
  readonly set: PlannedSet;
  readonly stem: string;
  readonly goName: string;
  /** Where its files are; each has the name that it is sent under. */
  readonly dir: string;
  /** In the order they are sent, the GO last. */
  readonly names: readonly string[];
}

export interface DocumentOptions {
  readonly dir: string;
  readonly signer: Credentials;
  /** The number of each sender. */
  readonly senders: readonly string[];
  /** When all declarations were made. */
  readonly now: Date;
}

/** How many files are signed at a time. */
const SIGNING = 3;

/** Writes and signs (with `openssl cms`) the files of all sets. */
export async function writeDocuments(sets: readonly PlannedSet[], options: DocumentOptions): Promise<ReadySet[]> {
  const decoy = await signDecoy(options);
  const ready: ReadySet[] = [];
  const left = [...sets.entries()];
  async function work(): Promise<void> {
    for (let next = left.shift(); next; next = left.shift()) ready[next[0]] = await writeSet(next[1], decoy, options);
  }
  await Promise.all(Array.from({ length: SIGNING }, work));
  return ready;
}

/** A signature that is good, for something else. */
async function signDecoy({ dir, signer }: DocumentOptions): Promise<Buffer> {
  const path = join(dir, 'decoy');
  await writeFile(path, 'something else\n');
  return signFile(path, signer);
}

async function writeSet(set: PlannedSet, decoy: Buffer, options: DocumentOptions): Promise<ReadySet> {
  const { now, senders, signer } = options;
  const dir = join(options.dir, String(set.index));
  await mkdir(dir);
  const stem = `DMFA.${senders[set.sender]}.${fileDate(now)}.${set.sequence}.R`;
  const names: string[] = [];
  for (const [at, forms] of set.parts.entries()) {
    const rest = `${stem}.${set.parts.length}.${at + 1}`;
    await writeFile(join(dir, `FI.${rest}`), contentOf(set, forms, now));
    const signature = set.kind === 'bad signature' ? decoy : await signFile(join(dir, `FI.${rest}`), signer);
    await writeFile(join(dir, `FS.${rest}`), signature.toString('base64'));
    names.push(`FI.${rest}`, `FS.${rest}`);
  }
  const goName = `GO.${stem}.${set.parts.length}`;
  await writeFile(join(dir, goName), '');
  return { set, stem, goName, dir, names: [...names, goName] };
}

function contentOf({ kind }: PlannedSet, forms: readonly PlannedForm[], now: Date): string {
  const declaration = aDeclaration({ now, forms: forms.map(formOf) });
  if (kind === 'bad XML') return declaration.replace('</INSS>', '</INS>');
  if (kind === 'bad value') return declaration.replace('<Trusteeship>0', '<Trusteeship>7');
  return declaration;
}

function formOf({ reference, companyId, persons, blocked }: PlannedForm) {
  return { reference, companyId, persons, ...(blocked && { netOwed: '000000000000001' }) };
}
