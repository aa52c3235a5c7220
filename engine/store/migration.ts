import type { Db } from './database.ts';

/** One numbered change of the schema; never edited after a release. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  apply(tx: Db): Promise<void>;
}
