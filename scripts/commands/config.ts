import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { printable } from '../../config/effective.ts';
import { loadConfig, openSchema } from '../../config/load.ts';
import { print, printJson } from './output.ts';
import { type ConfigOption, configPath, reading } from './settings.ts';

/** `bode config check [FILE]`: says every mistake, or prints what is in force with its secrets masked. */
export function configCommand(): Command {
  const check = reading('check')
    .description('check a configuration and print what is in force, secrets as ***')
    .argument('[file]', 'the file to check; else as --config')
    .action(async (file: string | undefined, options: ConfigOption & { json?: true }) => {
      const path = file ?? configPath(options.config);
      const config = await loadConfig(path, process.env, options.set ?? []);
      const folder = path === undefined ? process.cwd() : dirname(resolve(path));
      const shown = printable(await openSchema(folder, process.env), config);
      await (options.json ? printJson(shown) : print([stringify(shown).trimEnd()]));
    });
  return new Command('config').description('the configuration').addCommand(check);
}
