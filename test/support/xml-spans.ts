/** Where an element stands in a document; offsets in characters, ends exclusive. */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  readonly depth: number;
  /** Has no elements inside. */
  readonly leaf: boolean;
}

/** Every element of a plain well-formed document (no comments, CDATA or DOCTYPE), in the order of their start. */
export function spansOf(xml: string): Span[] {
  const open: { name: string; start: number; contentStart: number; leaf: boolean }[] = [];
  const spans: Span[] = [];
  for (const tag of xml.matchAll(/<(\/?)([\w.-]+)[^>]*?(\/?)>/g)) {
    const [text, slash, name = '', selfClosing] = tag;
    const end = tag.index + text.length;
    if (slash) {
      const element = open.pop();
      if (element) spans.push({ ...element, contentEnd: tag.index, end, depth: open.length });
      continue;
    }
    const parent = open.at(-1);
    if (parent) parent.leaf = false;
    if (selfClosing)
      spans.push({ name, start: tag.index, contentStart: end, contentEnd: end, end, depth: open.length, leaf: true });
    else open.push({ name, start: tag.index, contentStart: end, leaf: true });
  }
  return spans.sort((a, b) => a.start - b.start);
}

/** The document with a piece of it replaced. */
export function splice(xml: string, start: number, end: number, text: string): string {
  return xml.slice(0, start) + text + xml.slice(end);
}
