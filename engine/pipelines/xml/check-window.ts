import { isAscii } from 'node:buffer';
import { ParseOption, XmlDocument, XmlLibError, type XsdValidator } from 'libxml2-wasm';
import type { CompiledSchema } from './compiled-schema.ts';
import { toUtf8 } from './encoding.ts';
import type { Finding } from './inspection.ts';
import { createLocator, indexElements, type Located } from './locate.ts';
import { maskNumbers } from './mask.ts';
import type { Parcel } from './scan-job.ts';
import { explain, isContentFault, isLengthFault, isMissingChild } from './schema-faults.ts';
import type { SchemaOutline } from './schema-outline.ts';
import type { Place } from './window.ts';

/** A finding with what orders it and tells it from the same one seen again in another window. */
export interface PlacedFinding extends Finding {
  /** Offset in the file. */
  readonly at: number;
  readonly key: string;
}

export interface WindowResult {
  /** The window is not well-formed: the only thing that counts then. */
  readonly syntax: PlacedFinding | undefined;
  readonly findings: readonly PlacedFinding[];
}

const OPTIONS = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_COMPACT;
/** Faults of one window that are explained; there may be more. */
const EXPLAINED = 200;

interface Detail {
  readonly message: string;
  readonly level: number;
  readonly line: number;
  readonly col: number;
  readonly xpath?: string;
}

/** Proves a window, or parses it and holds it against the schema; findings carry their place in the whole file. */
export function checkWindow(parcel: Parcel, schema: CompiledSchema | undefined): WindowResult {
  const raw = new Uint8Array(parcel.buffer, 0, parcel.length);
  if (isProven(parcel, raw, schema)) return { syntax: undefined, findings: [] };
  const text = toUtf8(raw, parcel.encoding);
  const parsed = parse(text, parcel.plain);
  if ('fault' in parsed) return { syntax: syntaxFinding(parcel, text, parsed.fault), findings: [] };
  try {
    if (parcel.broken) return { syntax: { ...parcel.broken, at: parcel.own.file, key: 'broken' }, findings: [] };
    const details = schema ? validate(parsed.document, schema.validator) : [];
    return { syntax: undefined, findings: schema ? explainAll(details, raw, parcel, schema) : [] };
  } finally {
    parsed.document.dispose();
  }
}

/** Most windows can be proven in a tenth of the time; the first and the last of a file are the parser's in any case. */
function isProven(parcel: Parcel, bytes: Uint8Array, schema?: CompiledSchema): boolean {
  const { own, ancestors, unclosed, broken, encoding } = parcel;
  if (broken || !schema?.prove || ancestors.length === 0 || unclosed.length === 0) return false;
  if (encoding !== 'utf-8' && !isAscii(bytes)) return false;
  return schema.prove({ bytes, own: own.at, unclosed });
}

type Parsed = { readonly document: XmlDocument } | { readonly fault: Detail };

function parse(text: Uint8Array, plain: boolean): Parsed {
  // fewer nodes to make and to visit; the parser's guess which white space is idle is right when there are only tags
  const option = plain ? OPTIONS | ParseOption.XML_PARSE_NOBLANKS : OPTIONS;
  try {
    return { document: XmlDocument.fromBuffer(text, { encoding: 'utf-8', option }) };
  } catch (error) {
    const details = detailsOf(error);
    const fatal = details.find(({ level }) => level >= 2);
    return { fault: fatal ?? { message: 'The XML cannot be parsed', level: 3, line: 1, col: 1 } };
  }
}

function validate(document: XmlDocument, validator: XsdValidator): readonly Detail[] {
  try {
    validator.validate(document);
    return [];
  } catch (error) {
    const details = detailsOf(error);
    if (details.length === 0) throw error;
    return details;
  }
}

function detailsOf(error: unknown): readonly Detail[] {
  if (!(error instanceof XmlLibError)) throw error;
  return error.details;
}

/** The parser counts lines and bytes of the window; the file's own are found over the offset. */
function syntaxFinding(parcel: Parcel, text: Uint8Array, { message, line, col }: Detail): PlacedFinding {
  const at = rawOffset(parcel, text, offsetOf(text, line, col));
  // in the context it is a replay of what an earlier window has reported in its place
  const place = at < parcel.own.at ? parcel.own : placeOf(parcel, at);
  const detail = maskNumbers(message.replace(/ line \d+/g, '').trim()).slice(0, 300);
  return { code: '102', line: place.line, column: place.column, detail, at: place.file, key: 'syntax' };
}

function offsetOf(text: Uint8Array, line: number, col: number): number {
  let at = 0;
  for (let seen = 1; seen < line; seen++) {
    const found = text.indexOf(10, at);
    if (found < 0) break;
    at = found + 1;
  }
  return Math.min(text.length, at + Math.max(0, col - 1));
}

/** The same place before the text was put into UTF-8: there every character was one byte. */
function rawOffset({ encoding }: Parcel, text: Uint8Array, at: number): number {
  if (encoding === 'utf-8') return at;
  let characters = 0;
  for (let byte = 0; byte < at; byte++) if (((text[byte] as number) & 0xc0) !== 0x80) characters++;
  return characters;
}

function explainAll(
  details: readonly Detail[],
  raw: Uint8Array,
  parcel: Parcel,
  schema: CompiledSchema,
): PlacedFinding[] {
  if (details.length === 0) return [];
  const outline = schema.outline();
  const top = indexElements(raw);
  const locate = createLocator(top);
  const byElement = new Map<string, PlacedFinding>();
  for (const { message, xpath } of details) {
    if (byElement.size >= EXPLAINED) break;
    // whatever is said of the window must not get lost: without a known place it is said of the root
    const element = locate(xpath ?? '/*') ?? top.children[0] ?? top;
    if (isReplayed(parcel, element, message)) continue;
    const key = keyOf(parcel, element, message);
    // hundreds of messages may be about one element: only what is kept is worth its place
    if (byElement.has(key) && !isLengthFault(message)) continue;
    byElement.set(key, placed(parcel, element, message, outline, key));
  }
  return [...byElement.values()];
}

/** What was closed before this window is replayed in short: it was judged where it stood; open elements end elsewhere. */
function isReplayed({ own, ancestors, unclosed }: Parcel, { at }: Located, message: string): boolean {
  if (isMissingChild(message) && unclosed.includes(at)) return true;
  return at < own.at && !ancestors.some((ancestor) => ancestor.at === at);
}

function keyOf(parcel: Parcel, element: Located, message: string): string {
  if (!isContentFault(message)) return `element ${fileOffset(parcel, element.at)}`;
  return `children of ${fileOffset(parcel, isMissingChild(message) ? element.at : (element.parent?.at ?? 0))}`;
}

function fileOffset(parcel: Parcel, at: number): number {
  return at < parcel.own.at ? placeOf(parcel, at).file : parcel.own.file + at - parcel.own.at;
}

function placed(parcel: Parcel, element: Located, message: string, outline: SchemaOutline, key: string): PlacedFinding {
  const { file, line, column } = placeOf(parcel, element.at);
  return { ...explain({ text: message, element }, outline), line, column, at: file, key };
}

/** Where a place of the window is in the file. */
export function placeOf(parcel: Parcel, at: number): Place {
  if (at < parcel.own.at) return parcel.ancestors.findLast((ancestor) => ancestor.at <= at) ?? parcel.own;
  const { own, encoding } = parcel;
  const bytes = new Uint8Array(parcel.buffer, own.at, at - own.at);
  let [line, column] = [own.line, own.column];
  for (const byte of bytes) {
    if (byte === 10) [line, column] = [line + 1, 1];
    else if (encoding !== 'utf-8' || (byte & 0xc0) !== 0x80) column++;
  }
  return { at, file: own.file + at - own.at, line, column };
}
