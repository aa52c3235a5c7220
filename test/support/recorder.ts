import { type Logger, pino } from 'pino';

/** A logger that keeps its lines. */
export interface Recorder {
  readonly log: Logger;
  /** Every line so far that holds the text. */
  lines(text?: string): string[];
  /** How many lines hold the text. */
  count(text: string): number;
}

/** Starts with nothing; keeps what is `info` or worse. */
export function recorder(): Recorder {
  const kept: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void kept.push(line) });
  const lines = (text = '') => kept.filter((line) => line.includes(text));
  return { log, lines, count: (text) => lines(text).length };
}
