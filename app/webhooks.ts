import { readFile } from 'node:fs/promises';
import { createWebhookSender } from '../channels/webhook/post.ts';
import { publicOr } from '../engine/core/private-addresses.ts';
import type { Job } from '../engine/jobs/job.ts';
import { every } from '../engine/jobs/timetable.ts';
import { deliverWebhooks } from '../engine/outbound/deliver-webhooks.ts';
import type { Base } from './base.ts';

const DELIVER_EVERY_MS = 5_000;

/** Tells webhooks of what happens in mailboxes. */
export function webhooksJob(base: Base): Job {
  const { allowPrivate, answerWithin: answerWithinMs, giveUpAfter: giveUpMs, ca } = base.config.webhooks;
  const { provider: feed } = base.config.mailboxes;
  const mayConnect = publicOr(allowPrivate);
  return {
    name: 'deliver-webhooks',
    due: every(DELIVER_EVERY_MS),
    async run({ proceed }) {
      const trusted = ca === '' ? {} : { ca: await readFile(ca, 'utf8') };
      const sender = createWebhookSender({ mayConnect, answerWithinMs, ...trusted });
      try {
        const taken = await deliverWebhooks({ ...base, post: sender.post, feed, giveUpMs, proceed });
        return taken === 0 ? '' : String(taken);
      } finally {
        sender.close();
      }
    },
  };
}
