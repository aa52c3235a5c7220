import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bode } from '../support/command-line.ts';
import { type Fetched, fetchFolders } from './answers.ts';
import type { Installation } from './installation.ts';
import { MAILBOXES } from './submissions-plan.ts';

/** A message in a mailbox. */
export interface Mail {
  readonly eboxId: string;
  readonly id: string;
  readonly ticket: string;
  /** The reference of the form whose copy it holds. */
  readonly reference: string;
}

/** A line of `bode submissions --json`. */
export interface Listed {
  readonly ticket: string;
  readonly stem: string;
  readonly sender: string;
  readonly state: string;
}

/** What can be seen from outside when the run is over. */
export interface Observed {
  /** By sender, in the order of the accounts. */
  readonly folders: readonly Fetched[];
  readonly submissions: readonly Listed[];
  readonly mail: readonly Mail[];
}

const MOST = '10000';

/** Looks at everything by SFTP and by the command line. */
export async function observe(installation: Installation): Promise<Observed> {
  const { accounts, sftpPorts, dir } = installation;
  const folders = await Promise.all(
    accounts.map((account, at) => {
      const port = sftpPorts[at % sftpPorts.length] ?? 0;
      return fetchFolders(account, port, join(dir, 'fetched', account.login));
    }),
  );
  const { items } = await askBode<{ items: Listed[] }>(installation, ['submissions', '--limit', MOST]);
  const mail = (await Promise.all(MAILBOXES.map((eboxId) => readMailbox(installation, eboxId)))).flat();
  return { folders, submissions: items, mail };
}

interface Item {
  readonly id: string;
  readonly ticket: string;
  readonly saved: readonly string[];
}

async function readMailbox(installation: Installation, eboxId: string): Promise<Mail[]> {
  const save = join(installation.dir, 'mail', eboxId);
  const args = ['mailbox', eboxId, '--limit', MOST, '--save', save];
  const { items } = await askBode<{ items: Item[] }>(installation, args);
  return Promise.all(
    items.map(async ({ id, ticket, saved }) => {
      const copy = await readFile(saved[0] ?? '', 'utf8');
      const references = [...copy.matchAll(/<ReferenceNbr>([^<]*)<\/ReferenceNbr>/g)].map(([, text]) => text);
      return { eboxId, id, ticket, reference: references.join(' and ') };
    }),
  );
}

/** What a reading command of `bode` prints with `--json`; rejects when it fails. */
export async function askBode<T>({ configFile, dir }: Installation, args: readonly string[]): Promise<T> {
  const { status, stdout, stderr } = await bode([...args, '--json', '--config', configFile], dir);
  if (status !== 0) throw new Error(`bode ${args.join(' ')} ended with ${status}: ${stderr.trim()}`);
  return JSON.parse(stdout) as T;
}
