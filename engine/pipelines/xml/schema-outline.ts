/** What one parent says of one of its children. */
export interface ChildRule {
  /** Its place in the order of the content model, from 0. */
  readonly position: number;
  /** How often it may occur at most. */
  readonly max: number;
  /** Whether any number of them in a row means the same to the content model as one does. */
  readonly repeats: boolean;
}

/** What the scanner and the explanation of faults need to know of a schema. */
export interface SchemaOutline {
  /** Every element name the schema declares. */
  readonly names: ReadonlySet<string>;
  /** The rules of the children, by the parent's name and then the child's. */
  readonly children: ReadonlyMap<string, ReadonlyMap<string, ChildRule>>;
  /** False when something compares distant places (key, keyref, unique, ID, substitution): then no run may be shortened. */
  readonly splittable: boolean;
}

/** An element of a schema document, its names without their prefix. */
export interface SchemaNode {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly SchemaNode[];
}

type Rules = Map<string, ChildRule>;

interface Context {
  readonly types: ReadonlyMap<string, SchemaNode>;
  readonly groups: ReadonlyMap<string, SchemaNode>;
  readonly rules: Rules;
  /** What is being expanded: a type or group may hold itself. */
  readonly seen: Set<SchemaNode>;
  position: number;
  wildcard: boolean;
}

const DISTANT = new Set(['key', 'keyref', 'unique', 'redefine', 'include', 'import']);

/** Reads an XML Schema document of one file; `undefined` when it is not one. */
export function readOutline(text: string): SchemaOutline | undefined {
  const schema = parseNodes(text).find(({ tag }) => tag === 'schema');
  if (!schema) return undefined;
  const types = named(schema, 'complexType');
  const groups = named(schema, 'group');
  const elements = [...walk(schema)].filter((node) => node.tag === 'element' && node.attributes['name']);
  const children = new Map<string, Rules>();
  for (const element of elements) addElement(children, element, types, groups);
  return {
    names: new Set(elements.map(({ attributes }) => attributes['name'] ?? '')),
    children,
    splittable: ![...walk(schema)].some(isDistant),
  };
}

const MARKUP =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([^\s<>/!?]+)((?:[^<>"']|"[^"]*"|'[^']*')*?)(\/?)>/g;

interface GrowingNode extends SchemaNode {
  readonly children: GrowingNode[];
}

/** The elements of a schema document, leniently: whether it is well-formed its compiler judges. */
export function parseNodes(text: string): SchemaNode[] {
  const top: GrowingNode = { tag: '', attributes: {}, children: [] };
  const open = [top];
  for (const [, slash, name, attributes = '', empty] of text.matchAll(MARKUP)) {
    if (name === undefined) continue;
    if (slash) {
      if (open.length > 1) open.pop();
      continue;
    }
    const node: GrowingNode = { tag: local(name), attributes: attributesOf(attributes), children: [] };
    open.at(-1)?.children.push(node);
    if (!empty) open.push(node);
  }
  return top.children;
}

function attributesOf(text: string): Record<string, string> {
  const found = text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries([...found].map(([, name = '', double, single]) => [name, double ?? single ?? '']));
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** A node and all below it. */
export function* walk(node: SchemaNode): Generator<SchemaNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}

function named(schema: SchemaNode, tag: string): Map<string, SchemaNode> {
  const nodes = schema.children.filter((node) => node.tag === tag && node.attributes['name']);
  return new Map(nodes.map((node) => [node.attributes['name'] ?? '', node]));
}

function isDistant({ tag, attributes }: SchemaNode): boolean {
  if (DISTANT.has(tag) || attributes['substitutionGroup'] !== undefined) return true;
  const type = local(attributes['type'] ?? attributes['base'] ?? '');
  return type === 'ID' || type === 'IDREF' || type === 'IDREFS';
}

function addElement(
  all: Map<string, Rules>,
  element: SchemaNode,
  types: ReadonlyMap<string, SchemaNode>,
  groups: ReadonlyMap<string, SchemaNode>,
): void {
  const name = element.attributes['name'] ?? '';
  const context: Context = { types, groups, rules: new Map(), seen: new Set(), position: 0, wildcard: false };
  const type = types.get(local(element.attributes['type'] ?? ''));
  for (const node of type ? [type] : element.children) addContent(node, 1, context);
  const rules = context.wildcard ? withoutRepeats(context.rules) : context.rules;
  all.set(name, merged(all.get(name), rules));
}

const CONTENT: Readonly<Record<string, (node: SchemaNode, factor: number, context: Context) => void>> = {
  element: addParticle,
  any: (_node, _factor, context) => {
    context.wildcard = true;
  },
  extension: addDerived,
  restriction: addDerived,
  group: addGroup,
  attribute: ignore,
  annotation: ignore,
  simpleType: ignore,
};

function ignore(): void {
  // says nothing of the children
}

function addContent(node: SchemaNode, factor: number, context: Context): void {
  const add = CONTENT[node.tag];
  if (add) add(node, factor, context);
  else addChildren(node, factor * occurs(node, 'maxOccurs'), context);
}

function addChildren(node: SchemaNode, factor: number, context: Context): void {
  for (const child of node.children) addContent(child, factor, context);
}

function addDerived(node: SchemaNode, factor: number, context: Context): void {
  const base = context.types.get(local(node.attributes['base'] ?? ''));
  // a restriction says its whole content again; an extension adds to that of its base
  if (base && node.tag === 'extension' && !context.seen.has(base)) {
    context.seen.add(base);
    addChildren(base, factor, context);
    context.seen.delete(base);
  }
  addChildren(node, factor, context);
}

function addGroup(node: SchemaNode, factor: number, context: Context): void {
  const group = context.groups.get(local(node.attributes['ref'] ?? ''));
  if (!group || context.seen.has(group)) return;
  context.seen.add(group);
  addChildren(group, factor * occurs(node, 'maxOccurs'), context);
  context.seen.delete(group);
}

function addParticle(node: SchemaNode, factor: number, context: Context): void {
  const { rules } = context;
  const name = local(node.attributes['ref'] ?? node.attributes['name'] ?? '');
  const own = occurs(node, 'maxOccurs');
  const free = own === Number.POSITIVE_INFINITY && occurs(node, 'minOccurs') <= 1;
  const repeats = free && (factor === 1 || factor === Number.POSITIVE_INFINITY);
  const before = rules.get(name);
  rules.set(name, {
    position: before?.position ?? context.position++,
    max: (before?.max ?? 0) + own * factor,
    repeats: repeats && (before?.repeats ?? true),
  });
}

function occurs({ attributes }: SchemaNode, which: 'minOccurs' | 'maxOccurs'): number {
  const text = attributes[which];
  if (text === 'unbounded') return Number.POSITIVE_INFINITY;
  return text === undefined ? 1 : Number(text);
}

function withoutRepeats(rules: Rules): Rules {
  return new Map([...rules].map(([name, rule]) => [name, { ...rule, repeats: false }]));
}

function merged(before: Rules | undefined, rules: Rules): Rules {
  if (!before) return rules;
  const result = new Map(before);
  for (const [name, rule] of rules) {
    const old = result.get(name);
    const both = old && {
      position: old.position,
      max: Math.max(old.max, rule.max),
      repeats: old.repeats && rule.repeats,
    };
    result.set(name, both ?? rule);
  }
  return result;
}
