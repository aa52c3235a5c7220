import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { newKeyPair } from '../../channels/sftp/key-pair.ts';
import { makeCertificate, SIGNER } from './pki.ts';

type Group = Record<string, unknown>;

/** A sender as a provisioning file says it; a test names only what it is about. */
export function aPlannedSender(with_: Group = {}): Group {
  return {
    number: '123456',
    login: 'voorbeeld',
    channels: ['sftp'],
    sshKeys: ['voorbeeld.pub'],
    certificates: ['voorbeeld.pem'],
    goals: ['DMFA'],
    ...with_,
  };
}

/** An organisation with one sender as a provisioning file says it. */
export function aPlannedOrganisation(with_: Group = {}, senders: readonly Group[] = [aPlannedSender()]): Group {
  return {
    enterpriseNumber: '0206731645',
    name: { nl: 'Voorbeeld NV' },
    language: 'nl',
    qualities: [{ code: 'employer', senders }],
    ...with_,
  };
}

/** Writes the key and certificate that the builders above refer to: `voorbeeld.pub` and `voorbeeld.pem`. */
export async function writeMaterials(dir: string, name = 'voorbeeld'): Promise<void> {
  await writeFile(join(dir, `${name}.pub`), `${newKeyPair('ed25519').public}\n`);
  await makeCertificate(dir, { name, extensions: SIGNER, key: 'ec:P-256' });
}

/** Writes a provisioning file and answers its path. */
export async function writePlan(dir: string, organisations: readonly unknown[], name = 'plan.yaml'): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, stringify({ organisations }));
  return path;
}
