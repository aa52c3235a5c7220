import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { run } from '../../scripts/demonstration/command.ts';
import type { PreparedEngine } from './engine.ts';
import { type Credentials, signFile } from './pki.ts';

/** What a receipt says. */
export interface Receipt {
  readonly file: string;
  readonly fileName: string;
  readonly ticket: string;
  readonly resultCode: string;
  /** Without their prefix, in the order of the receipt. */
  readonly errors: readonly string[];
}

/** A sender that uses OpenSSH's sftp and openssl, from a directory of its own. */
export interface TestClient {
  readonly dir: string;
  /** Runs a batch of sftp commands in the sender's directory. */
  sftp(batch: string): Promise<string>;
  /** Writes a file into the sender's directory. */
  write(name: string, content: string | Buffer): Promise<void>;
  /** Writes the signature file of an FI file that is there, in base64. */
  sign(fiName: string, signer?: Credentials): Promise<void>;
  /** Fetches everything in an OUT folder and gives the receipts in it, by the name of their GO. */
  receipts(folder?: string): Promise<Map<string, Receipt>>;
  /** Names of what was fetched last, with the directory they are in. */
  fetched(folder?: string): Promise<{ readonly dir: string; readonly names: readonly string[] }>;
}

/** Opens a client for one login; nothing is connected until a batch is run. */
export async function openClient(
  engine: PreparedEngine,
  login = 'voorbeeld',
  key = engine.loginKey,
): Promise<TestClient> {
  const dir = await mkdtemp(join(engine.dir, `${login}-`));
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', `UserKnownHostsFile=${join(dir, 'hosts')}`];
  const args = ['-q', '-P', String(engine.port), '-i', key, ...options.flatMap((option) => ['-o', option])];

  const sftp = (batch: string) => run('sftp', [...args, '-b', '-', `${login}@127.0.0.1`], { cwd: dir, input: batch });
  const write = (name: string, content: string | Buffer) => writeFile(join(dir, name), content);

  async function sign(fiName: string, signer = engine.pki.sender): Promise<void> {
    const der = await signFile(join(dir, fiName), signer);
    await write(fiName.replace(/^FI/, 'FS'), der.toString('base64'));
  }

  async function fetched(folder = 'OUT') {
    const target = join(dir, `from-${folder}`);
    await mkdir(target, { recursive: true });
    await sftp(`-get ${folder}/* from-${folder}/\n`);
    return { dir: target, names: (await readdir(target)).sort() };
  }

  async function receipts(folder = 'OUT'): Promise<Map<string, Receipt>> {
    const { dir: target, names } = await fetched(folder);
    const files = names.filter((name) => name.startsWith('FO.ACRF.'));
    const read = await Promise.all(
      files.map(async (name) => receiptOf(name, await readFile(join(target, name), 'utf8'))),
    );
    return new Map(read.map((receipt) => [receipt.fileName, receipt]));
  }

  return { dir, sftp, write, sign, receipts, fetched };
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'ErrorID' });

function receiptOf(file: string, xml: string): Receipt {
  const form = parser.parse(xml).ACRF.Form;
  const errors = (form.ReceptionResult.ErrorID ?? []) as string[];
  return {
    file,
    fileName: form.FileReference.FileName,
    ticket: form.FileReference.ReferenceNbr,
    resultCode: form.ReceptionResult.ResultCode,
    errors: errors.map((code) => code.replace('ACRF-', '')),
  };
}
