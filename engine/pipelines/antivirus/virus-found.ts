import type { Condition } from '../../jobs/conditions.ts';
import { quarantinedSince } from '../../store/quarantine.ts';

const MOST_SUBJECTS = 50;

/** A virus was found within the last `shownMs`; one alert for each submission. */
export function virusFound(shownMs = 86_400_000): Condition {
  return {
    name: 'virus found',
    level: 'error',
    async find(db, now) {
      const rows = await quarantinedSince(db, new Date(now.getTime() - shownMs), MOST_SUBJECTS);
      const tickets = new Map(rows.map((row) => [row.ticket, row]));
      return [...tickets.values()].map(({ ticket, sender, signature }) => ({
        subject: ticket,
        detail: `sender ${sender}: ${signature}; kept apart, see \`bode quarantine list\``,
      }));
    },
  };
}
