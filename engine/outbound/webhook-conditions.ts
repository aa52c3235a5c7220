import type { Condition } from '../jobs/conditions.ts';
import { rowsOf } from '../store/sql.ts';

const MOST_SUBJECTS = 50;

/** Webhooks that have taken nothing for longer than `maxAgeMs`, although there is something to tell. */
export function webhookFails(maxAgeMs = 900_000): Condition {
  return {
    name: 'webhook fails',
    level: 'warn',
    async find(db, now) {
      const before = new Date(now.getTime() - maxAgeMs).toISOString();
      const sql = `select id, organisation, answer, failing_since from webhooks where failing_since < ?
        order by failing_since, id limit ?`;
      const rows = await rowsOf<Record<'id' | 'organisation' | 'answer' | 'failing_since', string>>(db, sql, [
        before,
        MOST_SUBJECTS,
      ]);
      return rows.map(({ id, organisation, answer, failing_since }) => ({
        subject: id,
        detail: `of ${organisation}, since ${failing_since}: ${answer}; see \`bode webhooks list\``,
      }));
    },
  };
}

/** Events were given up; they wait for whoever replays them, or removes the webhook. */
export const webhookLettersWait: Condition = {
  name: 'webhook dead letters',
  level: 'warn',
  async find(db) {
    const sql = 'select webhook, count(*) as letters from webhook_letters group by webhook order by webhook limit ?';
    const rows = await rowsOf<{ webhook: string; letters: string | number }>(db, sql, [MOST_SUBJECTS]);
    return rows.map(({ webhook, letters }) => ({
      subject: webhook,
      detail: `${letters} events given up: see \`bode webhooks dead list\``,
    }));
  },
};
