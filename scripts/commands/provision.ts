import type { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { loadTrust } from '../../engine/pki/trust.ts';
import { type Change, type ProvisionOptions, provision } from '../../engine/registry/provision.ts';
import { type ChangeCounts, provisionLines } from '../../engine/registry/provision-lines.ts';
import type { Db } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { operator } from './operator.ts';
import { print, printableText, printJson } from './output.ts';
import { type ConfigOption, markPeople, openStoreOf, reading, settings } from './settings.ts';

/** `bode provision FILE`: makes the registry agree with a file; says what changed. */
export function provisionCommand(): Command {
  return reading('provision')
    .description('apply organisations, qualities, senders and people; the same file again changes nothing')
    .argument('<file>', 'the provisioning file: YAML, or .jsonl with one organisation a line, of any size')
    .action(async (file: string, options: ConfigOption & { json?: true }) => {
      const config = await settings(options);
      if (/\.(jsonl|ndjson)$/.test(file))
        return printCounts(await applyFile(config, file, provisionLines), options.json);
      const changes = await applyFile(config, file, provision);
      await (options.json ? printJson({ items: changes }) : print(linesOf(changes)));
    });
}

type Apply<T> = (db: Db, file: string, now: Date, options: ProvisionOptions) => Promise<T>;

async function applyFile<T>(config: Config, file: string, apply: Apply<T>): Promise<T> {
  const minRsaBits = config.intake.signature.allow.includes('rsa1024') ? 1024 : 2048;
  const db = openStoreOf(config);
  try {
    await migrate(db);
    await markPeople(db, config);
    const [goals, networks] = [Object.keys(config.goals), Object.keys(config.networks)];
    const signing = await signingOf(config);
    return await apply(db, file, systemClock(), { goals, networks, minRsaBits, ...signing, by: operator() });
  } finally {
    await db.destroy();
  }
}

/** Without anchors nobody's signature is trusted: there is nothing to warn of one by one. */
async function signingOf({ trust, intake }: Config) {
  if (trust.anchors.length === 0) return {};
  return { signing: { trust: await loadTrust(trust.anchors), rules: intake.signature } };
}

async function printCounts(counts: ChangeCounts, json?: true): Promise<void> {
  if (json) return printJson(counts);
  const done = Object.entries(counts).filter(([, count]) => count > 0);
  return print(done.length === 0 ? ['nothing changed'] : done.map(([action, count]) => `${action} ${count}`));
}

function linesOf(changes: readonly Change[]): string[] {
  const lines = changes.map(({ action, subject, detail }) =>
    printableText(`${action} ${subject}${detail === '' ? '' : `: ${detail}`}`),
  );
  const changed = changes.some(({ action }) => action === 'added' || action === 'changed' || action === 'removed');
  return changed ? lines : [...lines, 'nothing changed'];
}
