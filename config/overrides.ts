import { parse } from 'yaml';
import { EngineError, messageOf } from '../engine/core/errors.ts';

type Tree = { [key: string]: unknown };

const OVERRIDE = /^([A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*)=(.*)$/s;

/**
 * Lays values over a configuration as read from its file: each is `key.key=value`, the value in YAML; the last one
 * given for a key holds. What they set is validated with the rest. Throws usage_wrong for one that cannot be read.
 */
export function overridden(given: unknown, overrides: readonly string[]): unknown {
  if (overrides.length === 0) return given;
  const tree = structuredClone(isTree(given) ? given : {});
  for (const override of overrides) lay(tree, override);
  return tree;
}

function lay(tree: Tree, override: string): void {
  const [, path = '', text = ''] = OVERRIDE.exec(override) ?? [];
  const keys = path.split('.');
  const last = keys.pop();
  if (!last) throw new EngineError('usage_wrong', '--set: must be KEY.KEY=VALUE, for example channels.sftp.port=2223');
  let group = tree;
  for (const key of keys) {
    const below = Object.hasOwn(group, key) && isTree(group[key]) ? group[key] : {};
    group[key] = below;
    group = below;
  }
  group[last] = yamlValue(path, text);
}

function yamlValue(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new EngineError('usage_wrong', `--set ${path}: not a value in YAML: ${messageOf(error).split('\n')[0]}`);
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
