import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig } from '../../config/load.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { markPeopleWith } from '../../engine/store/audit-inss.ts';
import { readAuditKey } from '../../engine/store/audit-key.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { MIGRATIONS } from '../../engine/store/migrate.ts';

/** What every command that needs the configuration takes. */
export interface ConfigOption {
  readonly config?: string;
  readonly set?: readonly string[];
}

/** A command that takes `--config FILE`. */
export function configured(name: string): Command {
  return new Command(name)
    .addOption(setting())
    .addOption(
      new Option('--config <file>', 'configuration file; else ./bode.yaml if it is there, else the defaults').env(
        'BODE_CONFIG',
      ),
    );
}

/** Lays single values over the configuration file; may be given more than once. */
function setting(): Option {
  return new Option(
    '--set <key=value>',
    'lay a value over the configuration, e.g. observe.port=0; may be repeated',
  ).argParser((value: string, before: readonly string[] = []) => [...before, value]);
}

/** A command that also takes `--json`. */
export function reading(name: string): Command {
  return configured(name).option('--json', 'print JSON instead of text');
}

/** The configuration that a command is to use. Throws config_invalid with every mistake. */
export function settings({ config, set = [] }: ConfigOption): Promise<Config> {
  return loadConfig(configPath(config), process.env, set);
}

/** The file named by `--config` or BODE_CONFIG, else ./bode.yaml if it is there. */
export function configPath(given: string | undefined): string | undefined {
  return given ?? (existsSync('bode.yaml') ? 'bode.yaml' : undefined);
}

/** Opens the store, does the work, closes it. Throws not_found when no engine has made a store yet. */
export async function withStore<T>(config: Config, work: (db: Db) => Promise<T>): Promise<T> {
  const file = config.store.url.startsWith('sqlite:') ? config.store.url.slice('sqlite:'.length) : undefined;
  if (file !== undefined && file !== ':memory:' && !existsSync(file)) throw noStore();
  const db = openStoreOf(config);
  try {
    await requireCurrentSchema(db);
    await markPeople(db, config);
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** The configured store, with the patience that is configured for it. */
export function openStoreOf({ store }: Config): Db {
  const { connectWithin: connectWithinMs, answerWithin: answerWithinMs } = store;
  return openStore({ ...store, connectWithinMs, answerWithinMs });
}

/** What this command audits marks people as the engine does; without the engine's key they are hidden for good. */
export async function markPeople(db: Db, { dataDir }: Config): Promise<void> {
  try {
    markPeopleWith(db, await readAuditKey(dataDir));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error; // no engine has made it yet, or it is for the engine's eyes only
  }
}

async function requireCurrentSchema(db: Db): Promise<void> {
  if (!(await db.schema.hasTable('schema_versions'))) throw noStore();
  const row = await db('schema_versions').max('number as newest').first();
  const newest = Number(row?.['newest'] ?? 0);
  const known = MIGRATIONS.at(-1)?.number ?? 0;
  if (newest < known)
    throw new EngineError('store_outdated', 'the store is of an older release: start the engine once');
  if (newest > known) throw new EngineError('store_newer', 'the store is of a newer release: use its command line');
}

function noStore(): EngineError {
  return new EngineError('not_found', 'there is no store yet: run `bode provision` or `bode start` first');
}

/** Parses an option that is a whole number from 1 to `max`. */
export function upTo(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    return value;
  };
}

/** Parses an option or argument of a fixed form. */
export function matching(pattern: RegExp, allowed: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`It must be ${allowed}.`);
    return text;
  };
}
