import type { Condition } from '../jobs/conditions.ts';
import { rowsOf } from '../store/sql.ts';

const MOST_SUBJECTS = 50;

/** Addresses that keep failing; whose they are is not said: see `bode mail addresses`. */
export const mailAddressFails: Condition = {
  name: 'mail address fails',
  level: 'warn',
  async find(db) {
    const sql = `select mailbox, count(*) as addresses from mail_addresses where failing_since is not null
      group by mailbox order by mailbox limit ?`;
    const rows = await rowsOf<{ mailbox: number; addresses: number | string }>(db, sql, [MOST_SUBJECTS]);
    return rows.map(({ mailbox, addresses }) => ({
      subject: `mailbox ${mailbox}`,
      detail: `${addresses} of its e-mail addresses keep failing: see \`bode mail addresses\``,
    }));
  },
};

/** Mails have waited for longer than `maxAgeMs`. */
export function mailsWait(maxAgeMs = 3_600_000): Condition {
  return {
    name: 'mails wait',
    level: 'warn',
    async find(db, now) {
      const before = new Date(now.getTime() - maxAgeMs).toISOString();
      const sql = `select answer from mails where state = 'queued' and created_at < ? limit 1`;
      const [row] = await rowsOf<{ answer: string | null }>(db, sql, [before]);
      return row ? [{ subject: '', detail: `mails wait; the mail server said: ${row.answer ?? 'nothing yet'}` }] : [];
    },
  };
}
