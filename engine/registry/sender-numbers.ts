import { EngineError } from '../core/errors.ts';
import type { Db } from '../store/database.ts';
import { findRow, rowsOf } from '../store/sql.ts';

const LAST = 999_998; // 999999 is the engine itself (protocol §1.1)

/**
 * The next sender number of six digits: one that nobody has or ever had, as the numbers given out only grow and the rows
 * of deleted senders stay. Throws limit_exceeded when there is none left.
 */
export async function allotSenderNumber(tx: Db): Promise<string> {
  for (;;) {
    const sql = 'update sender_numbers set last = last + 1 where id = 1 and last < ? returning last';
    const [row] = await rowsOf<{ last: number }>(tx, sql, [LAST]);
    if (!row) throw new EngineError('limit_exceeded', 'there is no sender number left');
    const number = String(row.last).padStart(6, '0');
    if (!(await findRow(tx, 'senders', { number }))) return number;
  }
}
