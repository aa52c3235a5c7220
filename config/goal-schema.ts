import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { ANOMALY_CLASSES, CHANNELS, CHECK_NAMES, type Goals } from '../engine/registry/goals.ts';
import { withShipped } from './shipped.ts';
import { choice, choices, count, flag, names, size } from './values.ts';

const NAME = 'a name, or a name with * for any letters, digits, - and _';
const ROOT = /^[A-Za-z0-9_*-]+$/;
const SCHEMA = /^[A-Za-z0-9_*-]*(\{quarter\})?[A-Za-z0-9_*-]*\.xsd$/;
const bytes = (meaning: string, fallback: string) => size(meaning, fallback, { min: '1KiB', max: '16TiB' });
const signature = (environment: string, fallback: 'required' | 'optional') =>
  choice(`Signature files in ${environment}`, ['required', 'optional', 'forbidden'], fallback);

const CheckCode = z
  .string()
  .regex(/^\d{6}$/, { error: 'six digits, in quotes' })
  .describe('Code that the anomalies get; the engine’s own when absent');

/** What can be said of one goal; a goal of the operator's own needs roots, schemas and identifications only. */
const GoalSchema = keys({
  roots: names('Root elements that are accepted; * is any', ROOT, NAME),
  schemas: names('Schema names that are accepted; {quarter} is five digits', SCHEMA, `${NAME}, ending in .xsd`),
  identifications: names('Values of Form/Identification that are accepted; * is any', ROOT, NAME),
  sequence: choice(
    'Sequence in the file name: digits only (113) or digits and letters (367)',
    ['alphanumeric', 'numeric'],
    'alphanumeric',
  ),
  legacyNames: flag('Whether names without count and part are accepted', false),
  maxParts: count('Most FI files in one submission', 9, 1, 9),
  maxFileBytes: bytes('Largest FI file', '2GiB'),
  maxSetBytes: bytes('Largest sum of all files of a submission', '4GiB'),
  maxForms: count('Most forms in one submission', 50_000, 1, 1_000_000),
  compressed: flag('Whether an FI may be a ZIP with one file', false),
  channels: choices('Channels that take this goal', CHANNELS, CHANNELS),
  signature: keys({
    R: signature('production', 'required'),
    T: signature('circuit test', 'required'),
    S: signature('simulation', 'optional'),
  }).prefault({}),
  maxAgeDays: count('How many days the date in the name may lie back (126)', 365, 0, 36_500),
  checks: z
    .array(keys({ name: z.enum(CHECK_NAMES), class: z.enum(ANOMALY_CLASSES), code: CheckCode.optional() }))
    .prefault([])
    .describe('Functional checks, in order, with the class of the anomalies they find'),
  recipients: choices('Who gets the copy of an accepted form in production', ['employer'], ['employer']),
});

const Code = z.string().regex(/^[A-Z]{4}$/, { error: 'four capital letters' });

/** The goals by code: those that are shipped, changed and added to by the operator's. `CODE: false` takes one away. */
export function goalsSchema(shipped: Readonly<Record<string, unknown>>) {
  return z
    .preprocess((given) => withShipped(shipped, given), z.record(Code, GoalSchema))
    .transform(
      (goals): Goals => Object.fromEntries(Object.entries(goals).map(([code, goal]) => [code, { code, ...goal }])),
    )
    .describe('Goal codes, over what is shipped; keys that are not given keep their shipped value');
}
