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
      redact: { paths: ['password', '*.password', 'config.store.url', 'config.broker.url'], remove: true },
    },
    pino.destination({ fd, sync: true }),
  );
}

/** A logger that says nothing. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
