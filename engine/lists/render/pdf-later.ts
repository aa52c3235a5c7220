/** What the types of the library leave out. */
interface Inside {
  readonly _font: { readonly id: string; encode(text: string): [string[], unknown]; ref(): unknown };
  readonly page: { readonly xobjects: Record<string, unknown> };
  ref(data: object): { readonly data: object; end(content: string): void };
  addContent(content: string): void;
}

/** A text that is known only at the end and stands on every page: how many there are. */
export interface LaterText {
  /** Puts it on the page in hand: its left end, and the top of its line. */
  draw(x: number, y: number): void;
  /** Says what it is, once, before the document ends. */
  say(text: string): void;
}

const NAME = 'Later';

/** A text for later, in the font that the document has in use now, so high. */
export function laterText(document: PDFKit.PDFDocument, size: number): LaterText {
  const inside = document as unknown as Inside;
  const font = inside._font;
  const resources = { Font: { [font.id]: font.ref() } };
  const form = inside.ref({
    Type: 'XObject',
    Subtype: 'Form',
    BBox: [0, -size, 20 * size, size],
    Resources: resources,
  });
  return {
    draw(x, y) {
      inside.page.xobjects[NAME] = form;
      // pages have their origin above, a form has it at the baseline of its text
      inside.addContent(`q 1 0 0 -1 ${x.toFixed(2)} ${(y + ascent(document, size)).toFixed(2)} cm /${NAME} Do Q`);
    },
    say(text) {
      form.end(`BT /${font.id} ${size} Tf <${font.encode(text)[0].join('')}> Tj ET`);
    },
  };
}

/** How far above the baseline letters of this size in the font in use reach. */
export function ascent(document: PDFKit.PDFDocument, size: number): number {
  const { ascender } = (document as unknown as { readonly _font: { readonly ascender: number } })._font;
  return (ascender / 1000) * size;
}
