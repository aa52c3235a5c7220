import { type Selection, type Share, sharesOf } from '../records/selection.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { unhurried } from '../store/postgres.ts';
import { inTransaction } from '../store/transaction.ts';

/** The authorities that a whole run takes records of; to count what came in over years may take longer than a statement otherwise may. */
export function countShares(db: Db, selection: Selection): Promise<Share[]> {
  if (isSqlite(db)) return sharesOf(db, selection);
  return inTransaction(db, (tx) => unhurried(tx, () => sharesOf(tx, selection)));
}
