import { createWebhookSender } from '../../channels/webhook/post.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { publicOr } from '../../engine/core/private-addresses.ts';
import { deliverWebhooks } from '../../engine/outbound/deliver-webhooks.ts';
import { openStore } from '../../engine/store/database.ts';

// A process that tells webhooks of what waits: WEBHOOK_STORE is the store, WEBHOOK_CA the authority of the servers.
const { WEBHOOK_STORE: url = '', WEBHOOK_CA: ca = '' } = process.env;
const { post } = createWebhookSender({ mayConnect: publicOr(['127.0.0.0/8', '::1']), answerWithinMs: 30_000, ca });
const db = openStore({ url, poolSize: 2 });
await deliverWebhooks({ db, clock: () => new Date(), log: silentLogger(), post, feed: 'bode', giveUpMs: 86_400_000 });
await db.destroy();
