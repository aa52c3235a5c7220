import { readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';

interface Occurs {
  readonly min: number;
  readonly max: number;
}

/** What may stand where inside an element; schemas without repeated groups give the same particle however they are written. */
export type Particle = Occurs &
  (
    | { readonly kind: 'element'; readonly name: string }
    | { readonly kind: 'any' }
    | { readonly kind: 'sequence' | 'choice'; readonly items: readonly Particle[] }
  );

/** A built-in type with its facets, sorted. */
export interface ValueType {
  readonly base: string;
  readonly facets: readonly (readonly [name: string, value: string])[];
}

/** What an element holds: a value, or further elements. */
export type Content = { readonly value: ValueType } | { readonly particle: Particle };

/** The global elements of a schema by name. */
export type XsdModel = ReadonlyMap<string, Content>;

interface Node {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}

/** Reads a schema of global elements without namespace: the style of the interface's schemas, and of ours. */
export function readXsd(path: string): XsdModel {
  const root = parse(readFileSync(path, 'utf8'));
  const named = (tag: string) =>
    new Map(root.children.filter((node) => node.tag === tag).map((node) => [node.attributes['name'] ?? '', node]));
  const types = new Map([...named('complexType'), ...named('simpleType')]);
  return new Map([...named('element')].map(([name, node]) => [name, contentOf(node, types)]));
}

function parse(text: string): Node {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
  });
  const nodes = (parser.parse(text.replace(/^\uFEFF/, '')) as Raw[]).map(toNode);
  const root = nodes.find(({ tag }) => tag === 'schema');
  if (!root) throw new Error('not a schema');
  return root;
}

type Raw = Readonly<Record<string, unknown>>;

function toNode(raw: Raw): Node {
  const [name = '', children] = Object.entries(raw).find(([key]) => key !== ':@') ?? [];
  const inside = Array.isArray(children) ? (children as Raw[]).map(toNode) : [];
  return {
    tag: name.replace(/^\w+:/, ''),
    attributes: (raw[':@'] ?? {}) as Record<string, string>,
    children: inside.filter(({ tag }) => tag !== 'annotation' && tag !== '#text'),
  };
}

type Types = ReadonlyMap<string, Node>;

function contentOf(element: Node, types: Types): Content {
  const type = element.children[0] ?? types.get(element.attributes['type'] ?? '');
  if (!type) throw new Error(`no type for ${element.attributes['name']}`);
  return type.tag === 'simpleType'
    ? { value: valueType(type) }
    : { particle: normal(sequence(particlesOf(type, types))) };
}

function valueType(type: Node): ValueType {
  const restriction = type.children[0];
  const facets = (restriction?.children ?? []).map(({ tag, attributes }) => [tag, attributes['value'] ?? ''] as const);
  return {
    base: restriction?.attributes['base'] ?? '',
    facets: facets.sort((a, b) => a.join().localeCompare(b.join())),
  };
}

function particlesOf(type: Node, types: Types): Particle[] {
  return type.children.flatMap((child) => {
    if (child.tag === 'complexContent') return particlesOf(child, types);
    if (child.tag !== 'extension') return [particle(child)];
    const base = types.get(child.attributes['base'] ?? '');
    return [...(base ? particlesOf(base, types) : []), ...child.children.map(particle)];
  });
}

function particle({ tag, attributes, children }: Node): Particle {
  const max = attributes['maxOccurs'] ?? '1';
  const occurs = { min: Number(attributes['minOccurs'] ?? '1'), max: max === 'unbounded' ? Infinity : Number(max) };
  if (tag === 'element') return { kind: 'element', name: attributes['ref'] ?? '', ...occurs };
  if (tag === 'any') return { kind: 'any', ...occurs };
  if (tag === 'sequence' || tag === 'choice') return { kind: tag, items: children.map(particle), ...occurs };
  throw new Error(`<${tag}> is not read here`);
}

function sequence(items: readonly Particle[]): Particle {
  return { kind: 'sequence', items, min: 1, max: 1 };
}

/** The shortest form that accepts the same: absent particles dropped, groups that add nothing opened up. */
function normal(given: Particle): Particle {
  if (!('items' in given)) return given;
  const inside = given.items.filter(({ max }) => max > 0).map(normal);
  if (given.kind === 'choice') return { ...given, items: inside };
  const items = inside.flatMap((item) =>
    'items' in item && item.kind === 'sequence' && opens(item) ? item.items : [item],
  );
  return { ...given, items };
}

function opens(group: Particle): boolean {
  return group.max === 1 && (group.min === 1 || canBeEmpty({ ...group, min: 1 }));
}

/** Whether nothing at all satisfies the particle. */
export function canBeEmpty(given: Particle): boolean {
  if (given.min === 0) return true;
  if (!('items' in given)) return false;
  return given.kind === 'sequence' ? given.items.every(canBeEmpty) : given.items.some(canBeEmpty);
}

/** The elements that may stand directly inside an element. */
export function childrenOf(model: XsdModel, name: string): string[] {
  const content = model.get(name);
  return content && 'particle' in content ? [...new Set(elementsIn(content.particle))] : [];
}

/** The names of the elements that a particle mentions. */
export function elementsIn(given: Particle): string[] {
  if (given.kind === 'element') return [given.name];
  return 'items' in given ? given.items.flatMap(elementsIn) : [];
}
