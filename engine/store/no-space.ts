import { EngineError } from '../core/errors.ts';

// the file system, a quota on it, SQLite (also while its shared memory grows), PostgreSQL
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', '53100']);
const NO_SPACE = 'no_space';

/** The refusal that a sender gets while the server has no room: limit_exceeded. */
export function noSpace(cause?: unknown): EngineError {
  const sentence = 'the server has too little free space; try again later';
  return new EngineError('limit_exceeded', sentence, { limit: NO_SPACE }, cause);
}

/** True for that refusal, and for the error of a disk or a database that is full. */
export function isNoSpace(error: unknown): boolean {
  if (error instanceof EngineError) return error.facts['limit'] === NO_SPACE;
  return error instanceof Error && 'code' in error && CODES.has(error.code);
}

/** Makes of a function one that refuses with `noSpace` when the disk or the database is full. */
export function refusingWhenFull<A extends unknown[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      throw isNoSpace(error) && !(error instanceof EngineError) ? noSpace(error) : error;
    }
  };
}
