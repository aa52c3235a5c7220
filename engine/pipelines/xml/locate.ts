/** An element of a window, with what stands around it. */
export interface Located {
  readonly name: string;
  /** Where its start tag begins. */
  readonly at: number;
  readonly parent: Located | undefined;
  readonly children: readonly Located[];
  /** Its place among its parent's children, from 0. */
  readonly position: number;
}

interface Growing extends Located {
  readonly parent: Growing | undefined;
  readonly children: Growing[];
}

interface Tag {
  readonly kind: 'start' | 'end' | 'empty';
  readonly name: string;
  readonly at: number;
}

/** The tree of elements of a well-formed window; returns what holds the root. */
export function indexElements(bytes: Uint8Array): Located {
  const top: Growing = { name: '', at: -1, parent: undefined, children: [], position: 0 };
  let parent: Growing = top;
  for (const { kind, name, at } of tags(bytes)) {
    if (kind === 'end') {
      parent = parent.parent ?? top;
      continue;
    }
    const element: Growing = { name, at, parent, children: [], position: parent.children.length };
    parent.children.push(element);
    if (kind === 'start') parent = element;
  }
  return top;
}

/**
 * Finds elements by their paths as libxml2 writes them (`/A/B[2]/C`; `*` is any name); undefined when it is not there.
 * The children it has gone through are kept by name: there may be as many paths as elements.
 */
export function createLocator(top: Located): (path: string) => Located | undefined {
  const index = new Map<Located, ReadonlyMap<string, readonly Located[]>>();
  const childrenOf = (element: Located, name: string) => {
    const known = index.get(element) ?? byName(element);
    index.set(element, known);
    return name === '*' ? element.children : (known.get(name) ?? []);
  };
  return (path) => {
    let element: Located | undefined = top;
    for (const step of path.split('/').slice(1)) {
      if (step.startsWith('@')) break;
      const [, name = step, position = '1'] = /^(.*?)(?:\[(\d+)\])?$/.exec(step) ?? [];
      element = element && childrenOf(element, name)[Number(position) - 1];
    }
    return element === top ? undefined : element;
  };
}

function byName({ children }: Located): Map<string, Located[]> {
  const named = new Map<string, Located[]>();
  for (const child of children) {
    const sisters = named.get(child.name);
    if (sisters) sisters.push(child);
    else named.set(child.name, [child]);
  }
  return named;
}

const LT = 60;
const GT = 62;

/** Every tag of a well-formed piece of XML; comments, CDATA and processing instructions are stepped over. */
function* tags(bytes: Uint8Array): Generator<Tag> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = view.indexOf(LT); at >= 0; ) {
    const end = markupEnd(view, at);
    if (end < 0) return;
    const next = view[at + 1];
    if (next !== 0x21 && next !== 0x3f) yield tagAt(view, at, end);
    at = view.indexOf(LT, end);
  }
}

function markupEnd(view: Buffer, at: number): number {
  const head = view.toString('latin1', at, at + 9);
  if (head.startsWith('<!--')) return after(view, '-->', at + 4);
  if (head === '<![CDATA[') return after(view, ']]>', at + 9);
  if (head.startsWith('<?')) return after(view, '?>', at + 2);
  return tagEnd(view, at);
}

function after(view: Buffer, text: string, from: number): number {
  const found = view.indexOf(text, from, 'latin1');
  return found < 0 ? -1 : found + text.length;
}

function tagEnd(view: Buffer, at: number): number {
  let quote = 0;
  for (let place = at + 1; place < view.length; place++) {
    const byte = view[place] as number;
    if (quote !== 0) quote = byte === quote ? 0 : quote;
    else if (byte === GT) return place + 1;
    else if (byte === 34 || byte === 39) quote = byte;
  }
  return -1;
}

function tagAt(view: Buffer, at: number, end: number): Tag {
  const closing = view[at + 1] === 0x2f;
  const from = closing ? at + 2 : at + 1;
  let to = from;
  while (to < end && (view[to] as number) > 32 && view[to] !== GT && view[to] !== 0x2f) to++;
  const name = view.toString('utf8', from, to);
  if (closing) return { kind: 'end', name, at };
  return { kind: view[end - 2] === 0x2f ? 'empty' : 'start', name, at };
}
