import type { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { loadTrust } from '../../engine/pki/trust.ts';
import { type Change, provision } from '../../engine/registry/provision.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { operator } from './operator.ts';
import { print, printableText, printJson } from './output.ts';
import { type ConfigOption, markPeople, openStoreOf, reading, settings } from './settings.ts';

/** `bode provision FILE`: makes the registry agree with a file; says what changed. */
export function provisionCommand(): Command {
  return reading('provision')
    .description('apply organisations, qualities and senders; the same file again changes nothing')
    .argument('<file>', 'the provisioning file (YAML)')
    .action(async (file: string, options: ConfigOption & { json?: true }) => {
      const changes = await applyFile(await settings(options), file);
      await (options.json ? printJson({ items: changes }) : print(linesOf(changes)));
    });
}

async function applyFile(config: Config, file: string): Promise<Change[]> {
  const minRsaBits = config.intake.signature.allow.includes('rsa1024') ? 1024 : 2048;
  const db = openStoreOf(config);
  try {
    await migrate(db);
    await markPeople(db, config);
    const [goals, networks] = [Object.keys(config.goals), Object.keys(config.networks)];
    const signing = await signingOf(config);
    return await provision(db, file, systemClock(), { goals, networks, minRsaBits, ...signing, by: operator() });
  } finally {
    await db.destroy();
  }
}

/** Without anchors nobody's signature is trusted: there is nothing to warn of one by one. */
async function signingOf({ trust, intake }: Config) {
  if (trust.anchors.length === 0) return {};
  return { signing: { trust: await loadTrust(trust.anchors), rules: intake.signature } };
}

function linesOf(changes: readonly Change[]): string[] {
  const lines = changes.map(({ action, subject, detail }) =>
    printableText(`${action} ${subject}${detail === '' ? '' : `: ${detail}`}`),
  );
  const changed = changes.some(({ action }) => action === 'added' || action === 'changed' || action === 'removed');
  return changed ? lines : [...lines, 'nothing changed'];
}
