import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log: fields first, then a short message. The same thing has the same field name everywhere. */
export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: string;
  /** Where the lines go: a file descriptor (1 is stdout, 2 is stderr). */
  readonly fd: number;
}

/** A logger that writes one JSON object a line; fields that may hold a secret are removed. */
export function createLogger({ level, fd }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: faultOf },
      redact: { paths: ['password', '*.password', 'config.store.url', 'config.broker.url'], remove: true },
    },
    pino.destination({ fd, sync: true }),
  );
}

const LONGEST_MESSAGE = 500;

/** What of an error is written: other properties may hold a failing row, a statement's values or an address with its password. */
function faultOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error).slice(0, LONGEST_MESSAGE) };
  const { name, message, stack } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const place = stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8)
    .map((line) => line.trim());
  return { type: name, ...code, message: message.slice(0, LONGEST_MESSAGE), place };
}

/** A logger that says nothing. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
