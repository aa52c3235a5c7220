import { z } from 'zod';
import { fault } from '../engine/core/mistakes.ts';
import { range } from './values.ts';

const NAME = '1 to 40 small letters, digits and dashes, a letter first';

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, { error: NAME });

/** Fixed links, over what is shipped: a name that is given has exactly the ranges that are given. */
export function networksSchema(shipped: Readonly<Record<string, unknown>>) {
  return z
    .preprocess((given) => merged(shipped, given), z.record(Name, z.array(range()).max(10_000)))
    .describe('Fixed links by name, each with its ranges of addresses (config/networks.yaml)');
}

function merged(shipped: Readonly<Record<string, unknown>>, given: unknown): unknown {
  if (given === undefined) return shipped;
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...shipped, ...given } : given;
}

interface Bound {
  readonly networks: Readonly<Record<string, unknown>>;
  readonly channels: Readonly<Record<'sftp' | 'ftp' | 'webservice', { readonly networks: readonly string[] }>>;
}

/** Notes each channel that is bound to a link that nobody knows: it would be open to nobody. */
export function requireLinks({ networks, channels: { sftp, ftp, webservice } }: Bound, context: z.RefinementCtx): void {
  for (const [channel, bound] of Object.entries({ sftp, ftp, webservice })) {
    for (const [at, name] of bound.networks.entries()) {
      const path = ['channels', channel, 'networks', at];
      const known = Object.keys(networks).join(', ');
      if (!Object.hasOwn(networks, name)) fault(context, 'there is no such fixed link', known, path);
    }
  }
}
