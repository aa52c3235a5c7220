/** What the engine does with a unit of work when an error reaches its boundary. */
export type Disposition = 'retry' | 'reject' | 'crash';

/** Every way the engine can fail, and what follows. ERRORS.md explains each; a test keeps both equal. */
export const ERRORS = {
  config_invalid: 'crash',
  provision_invalid: 'crash',
  schema_unusable: 'crash',
  store_outdated: 'crash',
  store_newer: 'crash',
  usage_wrong: 'crash',
  not_found: 'reject',
  access_denied: 'reject',
  operation_unsupported: 'reject',
  name_invalid: 'reject',
  input_invalid: 'reject',
  state_conflict: 'reject',
  limit_exceeded: 'reject',
  message_malformed: 'reject',
  content_unscannable: 'reject',
  content_quarantined: 'reject',
  list_unprintable: 'reject',
  blob_missing: 'retry',
  store_unavailable: 'retry',
  broker_unavailable: 'retry',
  worker_crashed: 'retry',
  scanner_unavailable: 'retry',
} as const satisfies Record<string, Disposition>;

export type ErrorCode = keyof typeof ERRORS;

/** The only error class. `code` is for programs, `message` for people, `facts` for the log line. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: Record<string, unknown> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.facts = facts;
  }
}

/** An unknown error is a bug or an outage: retry it, so that a fix or a recovery can save the work. */
export function dispositionOf(error: unknown): Disposition {
  return error instanceof EngineError ? ERRORS[error.code] : 'retry';
}

/** The sentence to show for an error; never a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
