import { Command } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { quarantinedSince, release } from '../../engine/store/quarantine.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

interface ListOptions extends ConfigOption {
  readonly json?: true;
  readonly limit: number;
}

interface ReleaseOptions extends ConfigOption {
  readonly reason: string;
}

const TITLES = ['FOUND', 'SENDER', 'TICKET', 'VIRUS', 'SHA-256'];

/** `bode quarantine list|release`: what a virus was found in, and a decision about it. */
export function quarantineCommand(): Command {
  return new Command('quarantine')
    .description('content that a virus was found in; nothing can read it')
    .addCommand(listCommand())
    .addCommand(releaseCommand());
}

function listCommand(): Command {
  return reading('list')
    .description('list it, newest first')
    .option('--limit <n>', 'how many', upTo(10_000), 100)
    .action(async ({ json, limit, ...options }: ListOptions) => {
      const items = await withStore(await settings(options), (db) => quarantinedSince(db, new Date(0), limit));
      if (json) return printJson({ items });
      const rows = items.map(({ foundAt, sender, ticket, signature, sha256 }) => [
        foundAt.toISOString(),
        ...[sender, ticket, signature, sha256],
      ]);
      await print(items.length === 0 ? ['nothing is in quarantine'] : table(TITLES, rows));
    });
}

function releaseCommand(): Command {
  return configured('release')
    .description('let content be read and scanned again, after a false alarm; its submission stays refused')
    .argument('<sha256>', 'the content', matching(/^[0-9a-f]{64}$/, '64 characters of hex'))
    .requiredOption(
      '--reason <text>',
      'why; kept in the audit',
      matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
    )
    .action(async (sha256: string, options: ReleaseOptions) => {
      const decision = { sha256, by: operator(), reason: maskInss(options.reason), now: systemClock() };
      const released = await withStore(await settings(options), (db) => release(db, decision));
      if (!released) throw new EngineError('not_found', `${sha256} is not in quarantine`);
      await print([`${sha256}: released`]);
    });
}
