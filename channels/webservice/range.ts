/** A part of a file: bytes from `start` up to and with `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

export type RangeReading =
  | { readonly kind: 'whole' }
  | { readonly kind: 'none' }
  | ({ readonly kind: 'part' } & ByteSpan);

/**
 * Reads a Range header for a file of `size` bytes (RFC 9110 §14): one range is a part; several, other units and nonsense
 * count as if the header were not there; one that begins after the end is none.
 */
export function readRange(header: string | undefined, size: number): RangeReading {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') return { kind: 'whole' };
  if (from === '')
    return Number(to) === 0 || size === 0 ? { kind: 'none' } : part(Math.max(0, size - Number(to)), size - 1);
  const start = Number(from);
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < start) return { kind: 'whole' };
  return start >= size ? { kind: 'none' } : part(start, end);
}

const part = (start: number, end: number): RangeReading => ({ kind: 'part', start, end });
