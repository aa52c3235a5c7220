import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineError } from '../../engine/core/errors.ts';
import { freshFor } from '../../engine/core/fresh.ts';
import type { Health } from '../../engine/core/health.ts';
import type { Logger } from '../../engine/core/logger.ts';
import type { Service } from '../../engine/core/service.ts';
import { createAnswer } from './answer.ts';

/** What a client may cost. */
export interface ObserveLimits {
  readonly connections: number;
  /** Size of all headers of a request together, in bytes. */
  readonly headerBytes: number;
  /** The headers must be complete within this, in ms. */
  readonly headersMs: number;
  /** The request must be complete within this, in ms; a client that does not read its answer has as long. */
  readonly requestMs: number;
  /** How long a connection may wait for its next request, in ms. */
  readonly idleMs: number;
}

export interface ObserveServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly health: () => Promise<Health>;
  /** True while this process takes work: false before everything has started and from the moment it is told to stop. */
  readonly isReady: () => boolean;
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
  readonly limits?: Partial<ObserveLimits>;
}

/** For a few scrapers and supervisors. */
export const DEFAULT_OBSERVE_LIMITS: ObserveLimits = {
  connections: 50,
  headerBytes: 8_192,
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 15_000,
};

const FRESH_MS = 1_000;

/**
 * Serves `/health`, `/ready` and `/metrics` to whoever can reach it, so it belongs on an address of one's own. However
 * often it is asked, the engine is looked at once a second at most. Throws config_invalid when the port is taken.
 */
export function createObserveServer(options: ObserveServerOptions): Service & { port(): number } {
  const { host, log, isReady } = options;
  const limits = { ...DEFAULT_OBSERVE_LIMITS, ...options.limits };
  const health = freshFor(FRESH_MS, options.health);
  const metrics = freshFor(FRESH_MS, options.metrics);
  let server: Server | undefined;

  const portOf = () => (server?.address() as AddressInfo | null | undefined)?.port ?? 0;

  async function start(): Promise<void> {
    if (server) return;
    const opened = open(limits, createAnswer({ health, isReady, metrics, log }));
    server = opened;
    try {
      opened.listen(options.port, host);
      await once(opened, 'listening');
    } catch (error) {
      server = undefined;
      throw cannotListen(options, error);
    }
    log.info({ host, port: portOf() }, 'health and metrics listening');
  }

  async function stop(): Promise<void> {
    const closing = server;
    server = undefined;
    if (!closing) return;
    const closed = once(closing, 'close');
    closing.close();
    closing.closeAllConnections();
    await closed;
  }

  return { name: 'observe', port: portOf, start, stop };
}

function open(limits: ObserveLimits, answer: ReturnType<typeof createAnswer>): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    },
    (request, response) => void answer(request, response),
  );
  server.maxConnections = limits.connections;
  server.setTimeout(Math.max(limits.requestMs, limits.idleMs)); // also for those who do not read
  return server;
}

function cannotListen({ host, port }: ObserveServerOptions, error: unknown): EngineError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const sentence =
    code === 'EADDRINUSE'
      ? `observe.port: port ${port} of ${host} is taken, perhaps by another engine; set another port, or observe.enabled: false`
      : `observe.host, observe.port: cannot listen on port ${port} of ${host} (${code})`;
  return new EngineError('config_invalid', sentence, { host, port }, error);
}
