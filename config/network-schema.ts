import { z } from 'zod';
import { parseCidr } from '../engine/core/cidr.ts';

const NAME = '1 to 40 small letters, digits and dashes, a letter first';
const RANGE = 'a range of addresses, such as 10.20.0.0/16 or "2001:db8:20::/48"';

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, { error: NAME });
const Range = z.string({ error: RANGE }).refine((text) => parseCidr(text) !== undefined, { error: RANGE });

/** Fixed links, over what is shipped: a name that is given has exactly the ranges that are given. */
export function networksSchema(shipped: Readonly<Record<string, unknown>>) {
  return z
    .preprocess((given) => merged(shipped, given), z.record(Name, z.array(Range).max(10_000)))
    .describe('Fixed links by name, each with its ranges of addresses (config/networks.yaml)');
}

function merged(shipped: Readonly<Record<string, unknown>>, given: unknown): unknown {
  if (given === undefined) return shipped;
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...shipped, ...given } : given;
}
