const TABLE = 4096;
const MASK = TABLE - 1;
/** Most different element names that are told apart; the rest share one number. */
export const MAX_NAMES = 1000;
/** Longer names are not kept: no schema has them, and the table would hold much of a hostile file. */
const MAX_NAME_BYTES = 256;
/** The number of every name beyond the limit: it is nobody's name and matches no rule. */
export const OTHER_NAME = 0;

/** Element names as small numbers, found from their bytes without making a string. */
export interface NameTable {
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  readonly bytes: Uint8Array[];
  readonly texts: string[];
}

/** A table that knows these names already, numbered from 1 in the order given. */
export function createNameTable(known: readonly string[]): NameTable {
  const names: NameTable = {
    slots: new Int32Array(TABLE),
    hashes: new Int32Array(MAX_NAMES + 1),
    bytes: [new Uint8Array()],
    texts: [''],
  };
  for (const name of known) {
    // no Buffer: arrays of one kind only are faster to read
    const bytes = Uint8Array.from(Buffer.from(name, 'latin1'));
    internName(names, bytes, 0, bytes.length, hashName(bytes, 0, bytes.length));
  }
  return names;
}

/** The hash that `internName` expects; the scanner computes the same one while it reads. */
export function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return hash;
}

/** The number of the name in these bytes; `OTHER_NAME` when the table does not know it. */
export function findName(names: NameTable, bytes: Uint8Array, start: number, end: number, hash: number): number {
  const { slots, hashes } = names;
  for (let slot = hash & MASK; ; slot = (slot + 1) & MASK) {
    const id = slots[slot] as number;
    if (id === 0) return OTHER_NAME;
    if (hashes[id] === hash && isName(names, id, bytes, start, end - start)) return id;
  }
}

/** The number of the name in these bytes, a new one if it is new and short enough. */
export function internName(names: NameTable, bytes: Uint8Array, start: number, end: number, hash: number): number {
  const { slots, hashes } = names;
  if (end - start > MAX_NAME_BYTES) return OTHER_NAME;
  for (let slot = hash & MASK; ; slot = (slot + 1) & MASK) {
    const id = slots[slot] as number;
    if (id === 0) return addName(names, slot, bytes.slice(start, end), hash);
    if (hashes[id] === hash && isName(names, id, bytes, start, end - start)) return id;
  }
}

function addName(names: NameTable, slot: number, bytes: Uint8Array, hash: number): number {
  const id = names.bytes.length;
  if (id > MAX_NAMES) return OTHER_NAME;
  names.bytes.push(bytes);
  names.texts.push(Buffer.from(bytes).toString('utf8'));
  names.hashes[id] = hash;
  names.slots[slot] = id;
  return id;
}

/** How many bytes a name has. */
export function nameSize(names: NameTable, id: number): number {
  return (names.bytes[id] as Uint8Array).length;
}

/** How many bytes a name has that begins at `start`; it ends at white space, a ">" or `fill`. */
export function nameLength(bytes: Uint8Array, start: number, fill: number): number {
  let at = start;
  while (at < fill && bytes[at] !== 0x3e && (bytes[at] as number) > 0x20) at++;
  return at - start;
}

/** The place behind this name, which must begin at `start`; -1 when another one does. */
export function pastName(names: NameTable, id: number, bytes: Uint8Array, start: number): number {
  const name = names.bytes[id] as Uint8Array;
  const { length } = name;
  for (let at = 0; at < length; at++) if (name[at] !== bytes[start + at]) return -1;
  return start + length;
}

/** True when `length` bytes from `start` are this name. */
export function isName(names: NameTable, id: number, bytes: Uint8Array, start: number, length: number): boolean {
  const name = names.bytes[id] as Uint8Array;
  if (name.length !== length) return false;
  for (let at = 0; at < length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}
