/** How a cell begins that a spreadsheet obeys; the wide forms of the same signs too, which some take for them. */
export const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** A cell that a spreadsheet shows and never obeys: what could be a formula gets an apostrophe in front. */
export const safeCell = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** The text as it was before safeCell, or a careful spreadsheet, put an apostrophe in front. */
export const plainCell = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
