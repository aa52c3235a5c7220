import type { Logger } from '../core/logger.ts';

const TOLD_EVERY = 100;

/** A list that takes its time. */
export interface Underway {
  readonly list: string;
  readonly period: string;
  /** What is done with its documents. */
  readonly doing: 'made' | 'compared' | 'previewed';
  /** How many there are, and how many are done already. */
  readonly of: number;
  readonly before?: number;
}

/** Gives what is to be called after each document: it logs how far the list is, once in a hundred. */
export function createProgress(log: Logger, { list, period, doing, of, before = 0 }: Underway): () => void {
  let count = before;
  return () => {
    count += 1;
    if (count % TOLD_EVERY === 0) log.info({ list, period, [doing]: count, of }, 'list under way');
  };
}
