/** PostgreSQL's advisory locks with one number. Two purposes under one number would wait for each other without a reason. */
export const LOCKS = {
  /** Those who bring one database up to date queue up on it. */
  migration: 190_815,
  /** Whoever adds records shares it, and whoever draws a line under them has it alone. */
  records: 190_816,
  /** Whoever removes expired messages shares it, and whoever adds a hold has it alone. */
  removal: 190_817,
} as const;

/** First numbers of advisory locks with two: the second is a hash of what they are about. */
export const LOCK_SPACES = {
  /** With the schema: those who link the audit chain. */
  auditChain: 190_816,
  /** With the schema and the queue: those who claim from the outbox. */
  claims: 190_817,
  /** With the schema and the organisation: those who add a webhook. */
  webhooks: 190_818,
} as const;
