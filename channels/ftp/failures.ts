import { EngineError, type ErrorCode } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { printable } from '../../engine/core/printable.ts';

/** A reply of one line. */
export interface Reply {
  readonly code: number;
  readonly text: string;
}

const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  not_found: 550,
  access_denied: 550,
  name_invalid: 553,
  operation_unsupported: 502,
  limit_exceeded: 552,
};

/** The reply to a command that failed: the engine's sentence when it refused, a general one (and a log line) when it broke. */
export function failureReply(error: unknown, log: Logger): Reply {
  const code = error instanceof EngineError ? CODES[error.code] : undefined;
  if (code !== undefined) return { code, text: printable((error as EngineError).message) };
  log.error({ err: error }, 'ftp command failed');
  return { code: 451, text: 'the server could not do this now; please try again later' };
}
