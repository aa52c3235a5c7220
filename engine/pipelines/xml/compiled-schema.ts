import { ParseOption, XmlDocument, XsdValidator } from 'libxml2-wasm';
import { proofTables } from './prove-schema.ts';
import { createProof, type Prove } from './prove-window.ts';
import { readOutline, type SchemaOutline } from './schema-outline.ts';

/** A schema ready for use. */
export interface CompiledSchema {
  readonly validator: XsdValidator;
  /** Read when it is first needed: most files have no faults to explain. */
  readonly outline: () => SchemaOutline;
  /** Proves simple windows without the validator; `undefined` when the schema holds what it does not know. */
  readonly prove: Prove | undefined;
}

/** A schema that was compiled, or why it could not be. */
export type Compiled = CompiledSchema | { readonly fault: string };

const NOTHING: SchemaOutline = { names: new Set(), children: new Map(), splittable: false };

/** Compiles a schema of one file; nothing it refers to is read. */
export function compileSchema(text: Buffer): Compiled {
  try {
    const option = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE;
    const document = XmlDocument.fromBuffer(text, { option });
    try {
      const validator = XsdValidator.fromDoc(document);
      return { validator, outline: lazily(() => outlineOf(text)), prove: proofOf(text) };
    } finally {
      document.dispose();
    }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function proofOf(text: Buffer): Prove | undefined {
  const tables = proofTables(text.toString('utf8'));
  return tables && createProof(tables);
}

function outlineOf(text: Buffer): SchemaOutline {
  return readOutline(text.toString('utf8')) ?? NOTHING;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Frees what a compiled schema holds. */
export function discardSchema(old: Compiled): void {
  if ('validator' in old) old.validator.dispose();
}
