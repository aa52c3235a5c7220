import { PDFDocument, type PDFField, type PDFForm, PDFHexString, PDFName, PDFTextField } from '@cantoo/pdf-lib';
import { createPdf } from '../../engine/lists/render/pdf.ts';
import type { Head } from '../../engine/lists/render/rendering.ts';
import { aHead, aLine, rendered, shippedList } from './lists.ts';

/** A field as it stands in a PDF: its place in points from the lower left corner. */
export interface SeenField {
  readonly name: string;
  readonly value: string;
  readonly page: number;
  readonly rectangle: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly isHidden: boolean;
  readonly isReadOnly: boolean;
  readonly longest: number | undefined;
}

/** The text fields of a PDF, in their order. */
export async function fieldsOf(content: Buffer): Promise<SeenField[]> {
  const document = await PDFDocument.load(content);
  const pages = document.getPages().map(({ node }) => node.Annots()?.asArray() ?? []);
  const fields = document.getForm().getFields();
  return fields.map((field) =>
    seen(
      field,
      pages.findIndex((annotations) => annotations.includes(field.ref)),
    ),
  );
}

function seen(field: PDFField, page: number): SeenField {
  if (!(field instanceof PDFTextField)) throw new Error(`${field.getName()} takes no text`);
  const [widget] = field.acroField.getWidgets();
  if (!widget) throw new Error(`${field.getName()} is nowhere`);
  return {
    ...{ name: field.getName(), value: field.getText() ?? '', page, rectangle: widget.getRectangle() },
    ...{ isHidden: (widget.getFlags() & 2) !== 0, isReadOnly: field.isReadOnly(), longest: field.getMaxLength() },
  };
}

/** How a program saves what was filled in: all anew, packed or not, or what has changed behind what was there. */
export type Saving = 'anew' | 'packed' | 'behind';

/** A list that somebody has filled in: texts by the names of the fields. */
export async function filledPdf(
  content: Buffer,
  texts: Readonly<Record<string, string>>,
  saving: Saving = 'behind',
): Promise<Buffer> {
  const document = await PDFDocument.load(content, {
    ...{ updateMetadata: false, forIncrementalUpdate: saving === 'behind' },
  });
  const form = document.getForm();
  for (const [name, text] of Object.entries(texts)) write(form, name, text);
  return Buffer.from(await document.save({ useObjectStreams: saving === 'packed', updateFieldAppearances: false }));
}

/** Also what no program would let anybody type. */
function write(form: PDFForm, name: string, text: string): void {
  const { acroField } = form.getTextField(name);
  acroField.dict.set(PDFName.of('V'), PDFHexString.fromText(text));
}

/** A list of signals as a PDF: each with its number and, if any, its remark. */
export async function signalsPdf(
  signals: readonly (readonly [number: string, remark?: string])[],
  with_: Partial<Head> = {},
): Promise<Buffer> {
  const list = await shippedList('signals-monthly');
  const lines = signals.map(([SignalNumber, Remark = '']) =>
    aLine(list, { SignalNumber, Remark, Name: 'Dupont Élodie' }),
  );
  return rendered(createPdf(), aHead(list, with_), lines);
}
