import type { SchemaNode } from './schema-outline.ts';

/** A content model as an automaton: for each state where an element leads, and whether the content may end there. */
export interface ContentModel {
  readonly steps: readonly ReadonlyMap<string, number>[];
  readonly mayEnd: readonly boolean[];
}

const MOST_STATES = 2000;

interface State {
  readonly free: State[];
  readonly edges: { readonly name: string; readonly to: State }[];
}

interface Building {
  readonly types: ReadonlyMap<string, SchemaNode>;
  states: number;
}

/** Says that a schema holds something that is not known here. */
class Unknown extends Error {}

/** The content model of a complex type; `undefined` when it holds anything but sequences and choices of elements. */
export function contentModel(
  complexType: SchemaNode,
  types: ReadonlyMap<string, SchemaNode>,
): ContentModel | undefined {
  const building: Building = { types, states: 0 };
  try {
    const start = state(building);
    return determined(start, typeContent(complexType, start, building, 0));
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

function state(building: Building): State {
  if (++building.states > MOST_STATES) throw new Unknown();
  return { free: [], edges: [] };
}

function allowOnly({ attributes }: SchemaNode, names: readonly string[]): void {
  if (Object.keys(attributes).some((name) => !names.includes(name))) throw new Unknown();
}

function said({ children }: SchemaNode): readonly SchemaNode[] {
  return children.filter(({ tag }) => tag !== 'annotation');
}

function typeContent(type: SchemaNode, from: State, building: Building, depth: number): State {
  if (depth > 8) throw new Unknown();
  const [content, ...more] = said(type);
  if (!content || more.length > 0) throw new Unknown();
  if (type.tag === 'complexType') allowOnly(type, ['name']);
  if (content.tag !== 'complexContent') return repeated(content, from, building);
  allowOnly(content, []);
  const [extension, ...others] = said(content);
  if (extension?.tag !== 'extension' || others.length > 0) throw new Unknown();
  allowOnly(extension, ['base']);
  const base = building.types.get(extension.attributes['base'] ?? '');
  if (base?.tag !== 'complexType') throw new Unknown();
  return typeContent(extension, typeContent(base, from, building, depth + 1), building, depth + 1);
}

/** Adds a particle after a state, as often as it may occur; gives the state behind it. */
function repeated(particle: SchemaNode, from: State, building: Building): State {
  const [least, most] = [occurs(particle, 'minOccurs'), occurs(particle, 'maxOccurs')];
  let at = from;
  for (let time = 0; time < least; time++) at = once(particle, at, building);
  const end = state(building);
  if (most === Number.POSITIVE_INFINITY) {
    const loop = state(building);
    at.free.push(loop);
    once(particle, loop, building).free.push(loop);
    loop.free.push(end);
    return end;
  }
  at.free.push(end);
  for (let time = least; time < most; time++) {
    at = once(particle, at, building);
    at.free.push(end);
  }
  return end;
}

function once(particle: SchemaNode, from: State, building: Building): State {
  if (particle.tag === 'element') return element(particle, from, building);
  allowOnly(particle, ['minOccurs', 'maxOccurs']);
  const items = said(particle);
  if (particle.tag === 'sequence') return items.reduce((at, item) => repeated(item, at, building), from);
  if (particle.tag !== 'choice' || items.length === 0) throw new Unknown();
  const end = state(building);
  for (const item of items) repeated(item, from, building).free.push(end);
  return end;
}

function element(particle: SchemaNode, from: State, building: Building): State {
  const { ref, name } = particle.attributes;
  if (ref !== undefined) allowOnly(particle, ['ref', 'minOccurs', 'maxOccurs']);
  const to = state(building);
  from.edges.push({ name: ref ?? name ?? '', to });
  return to;
}

function occurs({ attributes }: SchemaNode, which: 'minOccurs' | 'maxOccurs'): number {
  const text = attributes[which] ?? '1';
  if (text === 'unbounded') return Number.POSITIVE_INFINITY;
  if (!/^\d{1,4}$/.test(text)) throw new Unknown();
  return Number(text);
}

/** The same automaton with one next state for each element. */
function determined(start: State, end: State): ContentModel {
  const numbers = new Map<State, number>();
  const keyOf = (states: ReadonlySet<State>) =>
    [...states]
      .map((one) => numberOf(numbers, one))
      .sort((a, b) => a - b)
      .join();
  const first = closure([start]);
  const sets = [first];
  const known = new Map([[keyOf(first), 0]]);
  const steps: Map<string, number>[] = [];
  for (let at = 0; at < sets.length; at++) {
    if (at > MOST_STATES) throw new Unknown();
    const next = new Map<string, number>();
    for (const [name, targets] of targetsOf(sets[at] ?? new Set())) {
      const reached = closure(targets);
      const key = keyOf(reached);
      if (!known.has(key)) known.set(key, sets.push(reached) - 1);
      next.set(name, known.get(key) ?? 0);
    }
    steps.push(next);
  }
  return { steps, mayEnd: sets.map((set) => set.has(end)) };
}

function numberOf(numbers: Map<State, number>, one: State): number {
  const number = numbers.get(one) ?? numbers.size;
  numbers.set(one, number);
  return number;
}

function closure(states: readonly State[]): Set<State> {
  const reached = new Set(states);
  for (const one of reached) for (const next of one.free) reached.add(next);
  return reached;
}

function targetsOf(states: ReadonlySet<State>): Map<string, State[]> {
  const targets = new Map<string, State[]>();
  for (const { edges } of states) {
    for (const { name, to } of edges) targets.set(name, [...(targets.get(name) ?? []), to]);
  }
  return targets;
}
