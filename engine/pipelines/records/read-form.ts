import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { XMLParser } from 'fast-xml-parser';
import type { ByteRange } from '../../store/blobs.ts';
import type { KeptFacts } from '../judged-form.ts';
import { decode, readBeginning } from '../xml/encoding.ts';
import { resolveReferences } from '../xml/scanned-field.ts';

/** Texts by the names of their elements. */
export type Fields = Readonly<Record<string, string>>;

/** Reads a range of the file that the form is in. */
export type ReadRange = (range: ByteRange) => Promise<Readable>;

/** A larger form is not read into memory; the schemas that are shipped keep theirs far below. */
const LARGEST = 16 * 2 ** 20;
const HEAD = 1_024;

// only forms that their schema has been proven to fit, without DOCTYPE, get here
const PARSER = { preserveOrder: true, ignoreAttributes: true, parseTagValue: false, processEntities: false } as const;
const CDATA = '#cdata';

interface Node {
  readonly [name: string]: readonly Node[] | string;
}

/**
 * The records of a form that was checked: one for each element of this name, with the fields that the form has beside
 * them. Undefined when the form is too large to be read whole.
 */
export async function readForm(facts: KeptFacts, element: string, read: ReadRange): Promise<Fields[] | undefined> {
  const { start, end } = facts;
  if (end - start > LARGEST) return undefined;
  const head = await buffer(await read({ start: 0, end: Math.min(HEAD, end) }));
  const { encoding = 'utf-8' } = readBeginning(head);
  return recordsIn(decode(await buffer(await read({ start, end })), encoding), element);
}

/** The records in the text of a form. */
export function recordsIn(form: string, element: string): Fields[] {
  const parsed: Node[] = new XMLParser({ ...PARSER, cdataPropName: CDATA, trimValues: false }).parse(form);
  const children = childrenOf(parsed.find((node) => 'Form' in node));
  const own = fieldsOf(children.filter((node) => !(element in node)));
  return children.filter((node) => element in node).map((node) => ({ ...own, ...fieldsOf(childrenOf(node)) }));
}

function childrenOf(node: Node | undefined): readonly Node[] {
  const children = Object.values(node ?? {}).find(Array.isArray);
  return (children ?? []) as readonly Node[];
}

/** Elements that hold text and nothing else. */
function fieldsOf(nodes: readonly Node[]): Fields {
  const fields: Record<string, string> = {};
  for (const node of nodes) {
    const name = Object.keys(node)[0] ?? '';
    const children = childrenOf(node);
    if (name.startsWith('#') || children.some((child) => !isText(child))) continue;
    fields[name] = children.map(textOf).join('').trim();
  }
  return fields;
}

const isText = (node: Node) => '#text' in node || CDATA in node;

function textOf(node: Node): string {
  const literal = node[CDATA];
  if (Array.isArray(literal)) return literal.map((inner) => String(inner['#text'] ?? '')).join('');
  return resolveReferences(String(node['#text'] ?? ''));
}
