/** What is sent to a webhook. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What became of it; `text` says why it failed, on one short line. */
export type WebhookAnswer = { readonly kind: 'taken' } | { readonly kind: 'failed'; readonly text: string };

/** Sends one request, and never rejects for what the other side or the network does. */
export type PostWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;
