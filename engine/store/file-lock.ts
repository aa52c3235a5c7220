import SqliteDatabase from 'better-sqlite3';

/** Lets go of a lock. */
export type Unlock = () => void;

/**
 * Takes a lock that the system lets go of when the process ends, however it does: SQLite's own, on a file made for it.
 * Undefined when somebody else holds it, in this process or another.
 */
export function lockFile(path: string): Unlock | undefined {
  const file = new SqliteDatabase(path, { timeout: 1_000 });
  try {
    file.exec('begin exclusive');
    return () => file.close();
  } catch (error) {
    file.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
