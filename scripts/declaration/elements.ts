/** An element with text, or with further elements. */
export type Element = readonly [name: string, content: string | readonly Element[]];

/** How a declaration is laid out. */
export interface Layout {
  readonly lineEnds: '\n' | '\r\n';
  /** One step of indentation; with '' every line starts at the margin. */
  readonly indent: string;
}

/** Writes an element on lines of its own, `depth` steps to the right. */
export function renderElement([name, content]: Element, depth: number, layout: Layout): string {
  const margin = layout.indent.repeat(depth);
  if (typeof content === 'string') return `${margin}<${name}>${content}</${name}>${layout.lineEnds}`;
  const inside = content.map((child) => renderElement(child, depth + 1, layout)).join('');
  return `${margin}<${name}>${layout.lineEnds}${inside}${margin}</${name}>${layout.lineEnds}`;
}

/** Fills a template quickly, again and again: `{name}` stands for a value. */
export function compileTemplate<Name extends string>(
  template: string,
): (values: Readonly<Record<Name, string>>) => string {
  // split by a group: texts at even places, names at odd ones
  const parts = template.split(/\{(\w+)\}/);
  return (values) => {
    let text = '';
    for (let i = 0; i < parts.length; i += 1) text += i % 2 === 0 ? parts[i] : values[parts[i] as Name];
    return text;
  };
}
