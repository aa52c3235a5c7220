import { EngineError, type ErrorCode } from '../../engine/core/errors.ts';
import type { Logger } from '../../engine/core/logger.ts';
import { STATUS, type StatusCode } from './protocol.ts';
import { type Reply, statusReply } from './replies.ts';

const CODES: Partial<Readonly<Record<ErrorCode, StatusCode>>> = {
  not_found: STATUS.NO_SUCH_FILE,
  access_denied: STATUS.PERMISSION_DENIED,
  name_invalid: STATUS.PERMISSION_DENIED,
  operation_unsupported: STATUS.OP_UNSUPPORTED,
  limit_exceeded: STATUS.FAILURE,
};

/** The answer to a request that failed: the engine's sentence when it refused, a general one (and a log line) when it broke. */
export function failureReply(id: number, error: unknown, log: Logger): Reply {
  const code = error instanceof EngineError ? CODES[error.code] : undefined;
  if (code !== undefined) return statusReply(id, code, (error as EngineError).message);
  log.error({ err: error }, 'sftp request failed');
  return statusReply(id, STATUS.FAILURE, 'the server could not do this now; please try again later');
}
