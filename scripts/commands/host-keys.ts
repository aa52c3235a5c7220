import { join } from 'node:path';
import type { Command } from 'commander';
import { readHostKeys } from '../../channels/sftp/host-keys.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, reading, settings } from './settings.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

/** `bode host-keys`: by what senders know that the SFTP server is this one. */
export function hostKeysCommand(): Command {
  return reading('host-keys')
    .description(
      'show the SFTP server’s public keys and their fingerprints: what senders compare at their first connection',
    )
    .action(async ({ json, ...options }: Options) => {
      const { dataDir } = await settings(options);
      const items = await readHostKeys(join(dataDir, 'keys'));
      if (items.length === 0) {
        throw new EngineError('not_found', 'there are no host keys yet: the first start of the engine makes them');
      }
      if (json) return printJson({ items });
      const rows = items.map(({ type, fingerprint, publicKey }) => [type, `SHA256:${fingerprint}`, publicKey]);
      await print(table(['TYPE', 'FINGERPRINT', 'PUBLIC KEY'], rows));
    });
}
