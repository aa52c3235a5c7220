import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { EngineError } from '../engine/core/errors.ts';
import { describeMistakes, mistakesOf } from '../engine/core/mistakes.ts';
import { readYaml } from '../engine/core/yaml-file.ts';
import { overridden } from './overrides.ts';
import { packageRoot } from './package-root.ts';
import { configSchema } from './schema.ts';

type Frozen<T> = { readonly [K in keyof T]: Frozen<T[K]> };

/** The configuration that is in force: durations in milliseconds, sizes in bytes, paths absolute, secrets read, deep-frozen. */
export type Config = Frozen<z.output<ReturnType<typeof configSchema>>>;

/**
 * Reads, validates and freezes the configuration; without a path, the defaults, relative to the working directory.
 * Relative paths are relative to the configuration file. Throws config_invalid with every mistake, one a line.
 *
 * @param overrides laid over what the file says, each `key.key=value` (overrides.ts).
 */
export async function loadConfig(
  path: string | undefined,
  env = process.env,
  overrides: readonly string[] = [],
): Promise<Config> {
  const read = path === undefined ? {} : await readYaml(path, 'config_invalid');
  const given = overridden(read, overrides);
  const schema = await openSchema(path === undefined ? process.cwd() : resolve(path, '..'), env);
  const parsed = schema.safeParse(given, { reportInput: true });
  if (!parsed.success) {
    throw new EngineError(
      'config_invalid',
      describeMistakes(path ?? 'default configuration', mistakesOf(parsed.error)),
    );
  }
  return deepFreeze(parsed.data);
}

/** The schema of a configuration file in `folder`, with what is shipped: goals, fixed links, message types, sources and lists. */
export async function openSchema(folder: string, env: NodeJS.ProcessEnv) {
  const root = packageRoot();
  const shipped = async (name: string) =>
    (await readYaml(join(root, 'config', name), 'config_invalid')) as Record<string, unknown>;
  const [goals, networks] = [await shipped('goals.yaml'), await shipped('networks.yaml')];
  const messageTypes = await shipped('message-types.yaml');
  const { sources, lists } = (await shipped('lists.yaml')) as Record<'sources' | 'lists', Record<string, unknown>>;
  return configSchema({ folder, packageRoot: root, env }, { goals, networks, messageTypes, sources, lists });
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (inner && typeof inner === 'object') deepFreeze(inner);
  return Object.freeze(value);
}
