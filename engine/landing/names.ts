import { EngineError } from '../core/errors.ts';

/** The longest file name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;

/**
 * The stored form of a file name from outside: Unicode NFC, so that two ways to write a letter are one name.
 * Throws name_invalid with a sentence for the sender.
 */
export function checkedName(raw: string): string {
  const name = raw.normalize('NFC');
  const fault = faultOf(name);
  if (fault) throw new EngineError('name_invalid', `the file name is refused: ${fault}`);
  return name;
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it is reserved';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`;
  if (/[/\\]/.test(name)) return 'it holds a slash or backslash';
  if (name.startsWith('-')) return 'it begins with a hyphen';
  // a surrogate or U+FFFD is what is left of bytes that were not UTF-8
  if (/[\p{Cs}\uFFFD]/u.test(name)) return 'it is not valid UTF-8';
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return 'it holds a control character';
  return undefined;
}
