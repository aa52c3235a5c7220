const FIRST_BIRTHDAY = Date.UTC(1950, 0, 1);
const DAY_MS = 86_400_000;
// 1950-01-01 up to 2004-12-31
const BIRTHDAYS = 20_089;

/** How many different numbers `inssOf` can make. */
export const INSS_COUNT = BIRTHDAYS * 998;

/** A made-up INSS with valid check digits (protocol §5.2); another index below `INSS_COUNT` gives another number. */
export function inssOf(index: number): string {
  const birthday = new Date(FIRST_BIRTHDAY + (index % BIRTHDAYS) * DAY_MS).toISOString();
  const counter = 1 + (Math.floor(index / BIRTHDAYS) % 998);
  const nine = birthday.slice(2, 10).replaceAll('-', '') + String(counter).padStart(3, '0');
  const radix = Number(nine) + (birthday.startsWith('20') ? 2_000_000_000 : 0);
  return nine + String(97 - (radix % 97)).padStart(2, '0');
}

/** A made-up NSSO employer number with valid check digits (protocol §5.4), small enough for a DmfA; distinct for indexes below 999,000. */
export function nssoNumberOf(index: number): string {
  const radix = 1_000_000 + index;
  const check = 96 - ((radix * 100) % 97) || 97;
  return `${radix}${String(check).padStart(2, '0')}`;
}

/** A made-up enterprise number with valid check digits (protocol §5.1); distinct for indexes below 1,000,000. */
export function enterpriseNumberOf(index: number): string {
  const eight = `0${4_000_000 + index}`;
  return eight + String(97 - (Number(eight) % 97)).padStart(2, '0');
}
