import { isNameAllowed } from '../../registry/name-patterns.ts';
import type { Finding, InspectGoal } from './inspection.ts';
import { maskNumbers } from './mask.ts';
import { resolveReferences } from './scanned-field.ts';
import { schemaName } from './schema-files.ts';

const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';

/** What the root's start tag says, and what is wrong with it (protocol §1.8 step 9). */
export interface RootTag {
  readonly name: string;
  /** Base name of the schema; empty when none is named. */
  readonly schema: string;
  readonly findings: readonly Finding[];
}

export interface RootPlace {
  readonly line: number;
  readonly column: number;
}

/** Reads the root's start tag; `prologue` is the text before it. Findings 136, 137, 139, 088 and 089, all that hold. */
export function readRootTag(tag: string, prologue: string, goal: InspectGoal, place: RootPlace): RootTag {
  const name = /^<([^\s/>]+)/.exec(tag)?.[1] ?? '';
  const attributes = attributesOf(tag.slice(name.length + 1));
  const location = instanceAttribute(attributes, 'noNamespaceSchemaLocation');
  const schema = schemaName(location ?? '');
  const faults = [
    location === undefined ? missingSchema(attributes, prologue) : undefined,
    attributes.get('xmlns') ? fault('139', 'The root element declares a default namespace') : undefined,
    location !== undefined && !isNameAllowed(goal.schemas, schema)
      ? fault('088', `The schema ${shown(schema)} is not one of goal ${goal.code}`)
      : undefined,
    isNameAllowed(goal.roots, name)
      ? undefined
      : fault('089', `The root element ${shown(name)} is not one of goal ${goal.code}`),
  ];
  const findings = faults.flatMap((found) => (found ? [{ ...found, element: shown(name), ...place }] : []));
  return { name, schema, findings };
}

function fault(code: string, detail: string): Finding {
  return { code, detail };
}

/** A name from the file, short and without numbers of persons. */
export function shown(name: string): string {
  return maskNumbers(name.slice(0, 80));
}

function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...found].map(([, key = '', double, single]) => [key, resolveReferences(double ?? single ?? '')]));
}

function instanceAttribute(attributes: ReadonlyMap<string, string>, local: string): string | undefined {
  for (const [key, value] of attributes) {
    if (key.startsWith('xmlns:') && value === INSTANCE) {
      const found = attributes.get(`${key.slice(6)}:${local}`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** 137 when the file refers to a schema in another way than the protocol's, 136 when it refers to none. */
function missingSchema(attributes: ReadonlyMap<string, string>, prologue: string): Finding {
  const other = [...attributes.keys()].some((key) => /schemaLocation$/i.test(key));
  const old = [...attributes.values()].some((value) =>
    /^x-schema:|XMLSchema-instance$|urn:schemas-microsoft-com:xml-data/.test(value),
  );
  const model = prologue.includes('<?xml-model');
  const detail = 'The root element has no xsi:noNamespaceSchemaLocation';
  if (other || model || (old && !hasInstance(attributes)))
    return fault('137', `${detail}, but a reference of another kind`);
  return fault('136', detail);
}

function hasInstance(attributes: ReadonlyMap<string, string>): boolean {
  return [...attributes.values()].includes(INSTANCE);
}
