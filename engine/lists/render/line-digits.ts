/** Copies bytes; gives where they end. */
export function copy(page: Uint8Array, place: number, source: Uint8Array, from: number, to: number): number {
  let next = place;
  for (let at = from; at < to; at += 1) {
    page[next] = source[at] as number;
    next += 1;
  }
  return next;
}

/** How many digits a whole number has. */
export function digitsOf(number: number): number {
  let digits = 1;
  for (let left = number; left >= 10; left = Math.floor(left / 10)) digits += 1;
  return digits;
}

const COMMA = 0x2c;

/** Writes digits, the last two behind a comma, up to `end`. */
export function writeDecimals(page: Uint8Array, end: number, cents: number, digits: number): void {
  let left = cents;
  for (let digit = 0; digit < digits; digit += 1) {
    const rest = Math.floor(left / 10);
    page[digit < 2 ? end - digit : end - digit - 1] = 0x30 + (left - rest * 10);
    left = rest;
  }
  page[end - 2] = COMMA;
}
