const INSS_LIKE = /(?<!\d)\d{2}[ ./-]?\d{2}[ ./-]?\d{2}[ ./-]?\d{3}[ ./-]?\d{2}(?!\d)/g;

/**
 * A name from outside for a log line: control, format and broken characters become `\u{…}`, what may be an INSS number
 * becomes `***`; cut at 300 characters. Names as the protocol builds them hold nothing that looks like one.
 */
export function printable(text: string): string {
  return text
    .slice(0, 300)
    .replace(INSS_LIKE, '***')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** As `printable`, without anything as long as an INSS number: for names that are no known file name. */
export function loggable(text: string): string {
  return printable(text).replace(/\d[\d .-]{7,}\d/g, '***');
}
