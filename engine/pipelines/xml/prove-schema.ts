import { createNameTable, MAX_NAMES, type NameTable } from './names.ts';
import { type ContentModel, contentModel } from './prove-content.ts';
import { type ValueRule, valueRule } from './prove-values.ts';
import { parseNodes, type SchemaNode, walk } from './schema-outline.ts';

const XSD = 'http://www.w3.org/2001/XMLSchema';
const MOST_STATES = 30_000;
const TOP = new Set(['element', 'complexType', 'simpleType', 'annotation']);
const SCHEMA_ATTRIBUTES = ['version', 'id', 'attributeFormDefault', 'elementFormDefault'];

/** What of a schema can be decided byte by byte: tables for the elements that were understood whole. */
export interface ProofTables {
  readonly names: NameTable;
  /** Every name with the mark that ends a tag behind it; those of one element begin at `tagStart` of its number. */
  readonly tags: Uint8Array;
  readonly tagStart: Int32Array;
  /** By element number: whether it may be the root. */
  readonly isGlobal: Uint8Array;
  /** By element number: the rule of its value, if it has one. */
  readonly values: readonly (ValueRule | undefined)[];
  /** By element number: the first state of its content model; -1 when it has none that is known. */
  readonly first: Int32Array;
  /** By state times `width` plus element number: the next state; -1 when there is none. */
  readonly next: Int16Array;
  readonly width: number;
  readonly mayEnd: Uint8Array;
}

/** The tables of a schema without namespace; `undefined` when something in it may mean more than is known here. */
export function proofTables(text: string): ProofTables | undefined {
  // entities would be content that is not seen here
  if (text.includes('<!DOCTYPE')) return undefined;
  const schema = parseNodes(text).find(({ tag }) => tag === 'schema');
  const prefix = schema && xsdPrefix(schema);
  if (!schema || prefix === undefined || schema.children.some(({ tag }) => !TOP.has(tag))) return undefined;
  const declared = elementsByName(schema);
  if (declared.size > MAX_NAMES) return undefined;
  const names = [...declared.keys()];
  const types = new Map(
    schema.children
      .filter(({ tag, attributes }) => tag.endsWith('Type') && attributes['name'])
      .map((node) => [node.attributes['name'] ?? '', node]),
  );
  const global = new Set(
    schema.children.filter(({ tag }) => tag === 'element').map(({ attributes }) => attributes['name']),
  );
  const contents = [...declared.values()].map((node) => node && typeOf(node, types));
  const values = contents.map((type) => (type?.tag === 'simpleType' ? valueRule(type, prefix) : undefined));
  const models = contents.map((type) => (type?.tag === 'complexType' ? contentModel(type, types) : undefined));
  const isGlobal = Uint8Array.from(['', ...names], (name) => (global.has(name) ? 1 : 0));
  return tablesOf(names, isGlobal, values, models);
}

/** The prefix, with its colon, of the names that XML Schema defines; other names without a prefix are the schema's. */
function xsdPrefix({ attributes }: SchemaNode): string | undefined {
  const others = Object.keys(attributes).filter(
    (name) => !name.startsWith('xmlns:') && !SCHEMA_ATTRIBUTES.includes(name),
  );
  const prefixes = Object.keys(attributes).filter((name) => name.startsWith('xmlns:') && attributes[name] === XSD);
  return others.length > 0 || prefixes.length !== 1 ? undefined : `${prefixes[0]?.slice(6)}:`;
}

/** Every element that is declared once, by a name of ASCII; one declared in two ways is nothing that is known. */
function elementsByName(schema: SchemaNode): Map<string, SchemaNode | undefined> {
  const found = new Map<string, SchemaNode | undefined>();
  for (const node of walk(schema)) {
    const { name } = node.attributes;
    if (node.tag !== 'element' || name === undefined || !/^[A-Za-z_][\w.-]*$/.test(name)) continue;
    found.set(name, found.has(name) ? undefined : node);
  }
  return found;
}

/** The type of an element that has one and says nothing else. */
function typeOf(element: SchemaNode, types: ReadonlyMap<string, SchemaNode>): SchemaNode | undefined {
  const { name, type, minOccurs, maxOccurs, ...others } = element.attributes;
  const inside = element.children.filter(({ tag }) => tag !== 'annotation');
  if (Object.keys(others).length > 0 || inside.length + (type === undefined ? 0 : 1) !== 1) return undefined;
  return type === undefined ? inside[0] : types.get(type);
}

function tablesOf(
  names: readonly string[],
  isGlobal: Uint8Array,
  values: readonly (ValueRule | undefined)[],
  models: readonly (ContentModel | undefined)[],
): ProofTables | undefined {
  const width = names.length + 1;
  const count = models.reduce((sum, model) => sum + (model?.steps.length ?? 0), 0);
  if (count > MOST_STATES) return undefined;
  const numbers = new Map(names.map((name, index) => [name, index + 1]));
  const first = new Int32Array(width).fill(-1);
  const next = new Int16Array(count * width).fill(-1);
  const mayEnd = new Uint8Array(count);
  let base = 0;
  for (const [index, model] of models.entries()) {
    if (!model) continue;
    first[index + 1] = base;
    model.mayEnd.forEach((may, state) => {
      mayEnd[base + state] = may ? 1 : 0;
      for (const [name, to] of model.steps[state] ?? []) {
        const number = numbers.get(name);
        if (number !== undefined) next[(base + state) * width + number] = base + to;
      }
    });
    base += model.steps.length;
  }
  return {
    names: createNameTable(names),
    ...tagsOf(names),
    isGlobal,
    values: [undefined, ...values],
    first,
    next,
    width,
    mayEnd,
  };
}

function tagsOf(names: readonly string[]): Pick<ProofTables, 'tags' | 'tagStart'> {
  const tagStart = new Int32Array(names.length + 2);
  names.forEach((name, index) => {
    tagStart[index + 2] = (tagStart[index + 1] as number) + name.length + 1;
  });
  return { tags: Uint8Array.from(Buffer.from(names.map((name) => `${name}>`).join(''))), tagStart };
}
