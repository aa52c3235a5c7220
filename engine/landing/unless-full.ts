import type { EngineError } from '../core/errors.ts';
import { isNoSpace, noSpace } from '../store/no-space.ts';

/** Runs the steps of one upload until the disk or the database is full. */
export interface UnlessFull {
  /** Runs a step. Throws limit_exceeded when there is no space, then and ever after. */
  run<T>(step: () => Promise<T>): Promise<T>;
  isFull(): boolean;
}

/** `takeBack` is called once, at the first failure for want of space: it gives back what the upload takes up. */
export function createUnlessFull(takeBack: () => Promise<void>): UnlessFull {
  let full: EngineError | undefined;

  async function run<T>(step: () => Promise<T>): Promise<T> {
    if (full) throw full;
    try {
      return await step();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      full = noSpace(error);
      await takeBack();
      throw full;
    }
  }

  return { run, isFull: () => full !== undefined };
}
