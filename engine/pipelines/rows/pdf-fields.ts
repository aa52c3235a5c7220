import {
  PDFArray,
  type PDFContext,
  PDFDict,
  PDFHexString,
  PDFName,
  type PDFObject,
  PDFParser,
  PDFStream,
  PDFString,
} from '@cantoo/pdf-lib';

/** No form of ours has so many: 2,000 rows of 20 columns are fewer. */
const MOST_FIELDS = 50_000;
const MOST_CHARACTERS = 4_000_000; // of all names and texts
const MOST_BYTES = 20_000; // of one: the library cannot take any length

/** The name of a field, and its text: '' when nothing was filled in. */
export type FormField = readonly [name: string, value: string];

/** The fields of the form in a PDF; or why it cannot be read, as a sentence. */
export type FormFields =
  | { readonly kind: 'fields'; readonly fields: readonly FormField[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Thrown over what cannot be read, with a sentence about it. */
class Unreadable extends Error {}

/**
 * Reads the form in a PDF, whoever made it; nothing in the PDF is ever run. It may take any time and memory:
 * pdf-reader.ts gives it a process with limits.
 */
export async function formFields(bytes: Uint8Array): Promise<FormFields> {
  try {
    return { kind: 'fields', fields: fieldsIn(await objectsIn(bytes)) };
  } catch (error) {
    // whatever else the library stumbles over is in the PDF: there is nothing here but it
    const reason = error instanceof Unreadable ? error.message : 'The PDF is damaged: it cannot be read';
    return { kind: 'unreadable', reason };
  }
}

async function objectsIn(bytes: Uint8Array): Promise<PDFContext> {
  const context = await PDFParser.forBytesWithOptions(bytes).parseDocument();
  if (context.lookup(context.trailerInfo.Encrypt)) throw new Unreadable('The PDF is encrypted, as it must not be');
  return context;
}

/** Fields below one another: their name begins with `path`, and what has no value of its own has that. */
interface Group {
  readonly kids: PDFObject | undefined;
  readonly path: string;
  readonly value: PDFObject | undefined;
}

function fieldsIn(context: PDFContext): FormField[] {
  const fields: FormField[] = [];
  let [objects, characters] = [0, 0];
  for (const { name, isNamed, value } of walk(context)) {
    if (++objects > MOST_FIELDS) throw new Unreadable(`The PDF has more than ${MOST_FIELDS} fields`);
    if (!isNamed) continue; // only a place where another is shown
    const text = textOf(value);
    characters += name.length + text.length;
    if (characters > MOST_CHARACTERS) throw new Unreadable('The PDF has too much text in its fields');
    fields.push([name, text]);
  }
  if (fields.length === 0) throw new Unreadable(NO_FORM);
  return fields;
}

function* walk(context: PDFContext) {
  const form = partOf(context, context.lookup(context.trailerInfo.Root), 'AcroForm');
  const waiting: Group[] = [{ kids: partOf(context, form, 'Fields'), path: '', value: undefined }];
  const seen = new Set<PDFObject>(); // some come round to themselves
  for (let group = waiting.pop(); group; group = waiting.pop()) {
    for (const kid of listed(group.kids)) {
      const object = context.lookup(kid);
      if (!object || seen.has(object)) continue;
      seen.add(object);
      const part = textOf(partOf(context, object, 'T'));
      const name = [group.path, part].filter((one) => one !== '').join('.');
      const value = partOf(context, object, 'V') ?? group.value;
      yield { name, isNamed: part !== '', value };
      waiting.push({ kids: partOf(context, object, 'Kids'), path: name, value });
    }
  }
}

function partOf(context: PDFContext, owner: PDFObject | undefined, name: string): PDFObject | undefined {
  return owner instanceof PDFDict ? context.lookup(owner.get(PDFName.of(name))) : undefined;
}

const NO_FORM =
  'The PDF has no form: fill in and save the list itself, do not print it; one of more than 2000 lines goes back as CSV';

const listed = (kids: PDFObject | undefined): PDFObject[] => (kids instanceof PDFArray ? kids.asArray() : []);

function textOf(value: PDFObject | undefined): string {
  if (value instanceof PDFStream) throw new Unreadable('The PDF has a field whose text is apart from it');
  if (!(value instanceof PDFString || value instanceof PDFHexString)) return '';
  const bytes = value.asBytes();
  if (bytes.length > MOST_BYTES) throw new Unreadable(`The PDF has a text of more than ${MOST_BYTES} bytes in a field`);
  const isUtf8 = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf; // as PDF 2.0 allows
  return isUtf8 ? new TextDecoder().decode(bytes) : value.decodeText();
}
