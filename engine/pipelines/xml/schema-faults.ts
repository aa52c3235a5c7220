import type { Finding } from './inspection.ts';
import type { Located } from './locate.ts';
import { maskNumbers } from './mask.ts';
import type { SchemaOutline } from './schema-outline.ts';

/** What libxml2 said about one element. */
export interface SchemaMessage {
  readonly text: string;
  readonly element: Located;
}

const LENGTH_FACETS = /^\[facet '(?:length|minLength|maxLength|totalDigits)'\]/;

/** The finding (protocol §1.7, codes 089 to 093, 135, 157, 205, 255) that says what libxml2 found; one code for one defect. */
export function explain({ text, element }: SchemaMessage, outline: SchemaOutline): Finding {
  const said = maskNumbers(text.replace(/^Element '[^']*'(?:, attribute '[^']*')?: /, '').trim());
  const likely = codeOf(said, element, outline);
  // a name in a namespace is not the schema's, whatever stands after the colon
  const code = isForeign(text) && likely !== '205' ? '092' : likely;
  const { name } = element;
  const parent = element.parent?.name;
  // an INSS that is too short is still most of an INSS
  const shown = name === 'INSS' ? said.replace(/\d{4,}/g, '***') : said;
  const names = { element: maskNumbers(name), ...(parent ? { parent: maskNumbers(parent) } : {}) };
  return { code, ...names, detail: maskNumbers(`${name}: ${shown}`).slice(0, 500) };
}

/** True for a message about the children of an element: libxml2 has then stopped looking at its further children. */
export function isContentFault(text: string): boolean {
  return text.includes('This element is not expected') || isMissingChild(text);
}

/** True when the element lacks a child at its end: of no importance where only a window ended. */
export function isMissingChild(text: string): boolean {
  return text.includes('Missing child element(s)');
}

/** True when the value's length is wrong: of all that is said of one value this names the defect best. */
export function isLengthFault(text: string): boolean {
  return LENGTH_FACETS.test(text.replace(/^Element '[^']*': /, ''));
}

function codeOf(said: string, element: Located, outline: SchemaOutline): string {
  if (said.startsWith('No matching global declaration')) return '089';
  const depth = depthOf(element);
  if (isMissingChild(said)) return depth === 0 && !element.children.some(({ name }) => name === 'Form') ? '157' : '090';
  if (said.startsWith('This element is not expected')) return unexpected(said, element, outline);
  if (said.startsWith('Element content is not allowed')) return foreignChild(element, outline);
  if (element.name === 'Identification' && element.parent?.name === 'Form') return '135';
  return LENGTH_FACETS.test(said) ? '093' : '255';
}

function isForeign(text: string): boolean {
  return /^Element '\{[^}]*\}[^']*': This element is not expected/.test(text);
}

/** The root's is 0. */
function depthOf(element: Located): number {
  let depth = -1;
  for (let above = element.parent; above; above = above.parent) depth++;
  return depth;
}

function foreignChild({ children }: Located, { names }: SchemaOutline): string {
  return children.every(({ name }) => names.has(name)) ? '091' : '092';
}

function unexpected(said: string, element: Located, outline: SchemaOutline): string {
  const { name } = element;
  if (depthOf(element) === 1 && name !== 'Form') return '205';
  if (!outline.names.has(name)) return '092';
  const rules = outline.children.get(element.parent?.name ?? '');
  const rule = rules?.get(name);
  if (!rules || !rule) return '091';
  const sisters = (element.parent?.children ?? []).map((sister) => sister.name);
  const before = sisters.slice(0, element.position);
  if (before.filter((sister) => sister === name).length + 1 > rule.max) return '090';
  const last = rules.get(before.at(-1) ?? '');
  // it comes too late: its place was before the sister that it follows
  if (last && rule.position < last.position) return '091';
  return expectedNames(said).some((expected) => sisters.includes(expected, element.position + 1)) ? '091' : '090';
}

function expectedNames(said: string): string[] {
  const list = /Expected is (?:one of )?\( (.*?) \)/.exec(said)?.[1] ?? '';
  return list.split(', ').filter((name) => name !== '');
}
