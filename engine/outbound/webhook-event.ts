import { createHmac } from 'node:crypto';
import type { NumberedEvent } from '../mailboxes/events.ts';
import type { SigningWebhook } from '../mailboxes/webhooks.ts';
import type { WebhookRequest } from './webhook-outlet.ts';

/** An instant as the feed writes it, without parts of a second. */
const instant = (at: string) => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** An event of the feed as a CloudEvent 1.0, without the subject line, which not everybody there may read; `feed` is what the engine calls itself: numbers are unique within its feed. */
export function cloudEvent({ sequence, at, provider, subject: _, ...data }: NumberedEvent, feed: string) {
  const { receiptDate, expirationDate } = data;
  return {
    ...{ specversion: '1.0', id: String(sequence), source: `urn:bode:events:${encodeURIComponent(feed)}` },
    ...{ type: `bode.mailbox.${data.eventType}`, subject: data.messageId, time: instant(at) },
    ...{ datacontenttype: 'application/json', eventprovider: provider },
    data: { ...data, receiptDate: instant(receiptDate), expirationDate: instant(expirationDate) },
  };
}

/** Signs a body as Standard Webhooks 1.0 says: the same `id` whenever it is sent, the time of this sending. */
export function signatureOf(
  secret: string,
  { id, timestamp, body }: Readonly<Record<'id' | 'timestamp' | 'body', string>>,
) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** The request that tells a webhook of an event: a CloudEvent in structured mode. */
export function requestFor(webhook: SigningWebhook, event: NumberedEvent, feed: string, now: Date): WebhookRequest {
  const body = JSON.stringify(cloudEvent(event, feed));
  const id = `${webhook.id}_${event.sequence}`;
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = signatureOf(webhook.secret, { id, timestamp, body });
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  return { url: webhook.url, body, headers: { 'content-type': 'application/cloudevents+json', ...headers } };
}
