import { z } from 'zod';
import type { Config } from './load.ts';
import type { configSchema } from './schema.ts';
import { inUnits } from './values.ts';

/**
 * The configuration as its author would write it: quantities with their units, every secret as `***`.
 * Written to a file it means the same again, secrets apart.
 */
export function printable(schema: ReturnType<typeof configSchema>, config: Config): Record<string, unknown> {
  return shown(schema, config) as Record<string, unknown>;
}

function shown(schema: unknown, value: unknown): unknown {
  const { core, kind } = unwrap(schema);
  if (kind === 'secret') return maskUrl(String(value));
  if (kind === 'duration' || kind === 'size') return inUnits(Number(value), kind);
  if (core instanceof z.ZodObject) return mapKeys(Object.entries(core.shape), value);
  if (core instanceof z.ZodRecord)
    return mapKeys(
      Object.keys(value as object).map((key) => [key, core.valueType]),
      value,
    );
  return value;
}

function mapKeys(schemas: readonly (readonly [string, unknown])[], value: unknown): Record<string, unknown> {
  const group = value as Record<string, unknown>;
  const given = schemas.filter(([key]) => group[key] !== undefined);
  return Object.fromEntries(given.map(([key, schema]) => [key, shown(schema, group[key])]));
}

/** What is under defaults and transforms, and what kind of value they say it is. */
function unwrap(schema: unknown): { core: unknown; kind?: unknown } {
  const kind = schema instanceof z.ZodType ? schema.meta()?.['kind'] : undefined;
  if (kind !== undefined) return { core: schema, kind };
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return { core: schema };
}

/** A URL without its password, its password-like parameters and its credentials in other places. */
export function maskUrl(url: string): string {
  if (url === '' || url === 'embedded' || url.startsWith('sqlite:')) return url;
  if (!URL.canParse(url)) return '***';
  const parsed = new URL(url);
  // a password with an unescaped / or ? ends up in what follows the host
  if (`${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@')) return '***';
  if (parsed.password !== '') parsed.password = '***';
  for (const name of new Set(parsed.searchParams.keys())) {
    if (/pass|secret|token|key/i.test(name)) parsed.searchParams.set(name, '***');
  }
  return parsed.href;
}

/** The configuration with its secrets masked, for a log line. */
export function withoutSecrets(config: Config): Config {
  const { store, broker, mail } = config;
  return {
    ...config,
    store: { ...store, url: maskUrl(store.url) },
    broker: { ...broker, url: maskUrl(broker.url) },
    mail: { ...mail, smtp: maskUrl(mail.smtp) },
  };
}
