import { childrenOf, elementsIn, type Particle, type XsdModel } from './xsd-model.ts';
import { goodValue } from './xsd-values.ts';

/** Which optional parts a document is made with. */
export interface Wish {
  /** Names from below the root down to the element that must be there; the rest is as short as it can be. */
  readonly path?: readonly string[];
  /** The text of the last element of the path. */
  readonly value?: string;
  /** All optional parts, with this branch of every choice (modulo their number). */
  readonly everything?: number;
}

/** A document that the schema accepts (unless the wish asks for a bad value). */
export function instanceOf(model: XsdModel, root: string, wish: Wish = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(model, root, wish, [])}`;
}

function element(model: XsdModel, name: string, wish: Wish, above: readonly string[]): string {
  const content = model.get(name);
  if (!content) throw new Error(`the schema has no ${name}`);
  const on = wish.path?.length === above.length && isPrefix(above, wish.path);
  if ('value' in content) {
    const text = on && wish.value !== undefined ? wish.value : goodValue(content.value);
    return `<${name}>${text}</${name}>`;
  }
  return `<${name}>${inside(model, content.particle, wish, above)}</${name}>`;
}

function inside(model: XsdModel, particle: Particle, wish: Wish, above: readonly string[]): string {
  if (particle.min === 0 && wish.everything === undefined && !leadsOn(particle, wish, above)) return '';
  switch (particle.kind) {
    case 'element':
      return element(model, particle.name, wish, [...above, particle.name]);
    case 'any':
      return '<anything/>';
    case 'sequence':
      return particle.items.map((item) => inside(model, item, wish, above)).join('');
    case 'choice':
      return inside(model, chosen(particle.items, wish, above), wish, above);
  }
}

function chosen(branches: readonly Particle[], wish: Wish, above: readonly string[]): Particle {
  const wanted = branches.find((branch) => leadsOn(branch, wish, above));
  const branch = wanted ?? branches[(wish.everything ?? 0) % branches.length];
  if (!branch) throw new Error('a choice of nothing');
  return branch;
}

function leadsOn(particle: Particle, { path }: Wish, above: readonly string[]): boolean {
  const next = path?.[above.length];
  return path !== undefined && next !== undefined && isPrefix(above, path) && elementsIn(particle).includes(next);
}

function isPrefix(names: readonly string[], path: readonly string[]): boolean {
  return names.every((name, index) => path[index] === name);
}

/** One shortest path for every way an element can stand inside another, reachable from the root. */
export function everyPath(model: XsdModel, root: string): string[][] {
  const found: string[][] = [];
  const reached = new Set([root]);
  const queue: { name: string; path: string[] }[] = [{ name: root, path: [] }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    for (const child of childrenOf(model, next.name)) {
      const path = [...next.path, child];
      found.push(path);
      if (reached.has(child)) continue;
      reached.add(child);
      queue.push({ name: child, path });
    }
  }
  return found;
}
