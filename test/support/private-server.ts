import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { createPostgres } from './postgres-server.ts';
import { createRabbitMq } from './rabbitmq-server.ts';
import type { VictimServer } from './victim.ts';

/** A server of a test's own, on one port and with the same data all its life, that may be treated badly. */
export interface PrivateServer {
  readonly url: string;
  readonly port: number;
  /** Starts it again; resolves when it takes connections. */
  start(): Promise<void>;
  /** SIGKILL to all its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** SIGSTOP to all its processes: connections stay open, and nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

/** Starts a PostgreSQL in a directory of its own. */
export async function startPrivatePostgres(): Promise<PrivateServer> {
  const dir = await newDir('bode-postgres-');
  return started(dir, await createPostgres(join(dir, 'postgres'), await freePort()));
}

/** A RabbitMQ, that one can also command. */
export interface PrivateRabbitMq extends PrivateServer {
  /** Runs `rabbitmqctl` on it. */
  ctl(...args: string[]): Promise<void>;
}

/** Starts a RabbitMQ in a directory of its own. */
export async function startPrivateRabbitMq(): Promise<PrivateRabbitMq> {
  const dir = await newDir('bode-rabbitmq-');
  const ports = { amqp: await freePort(), epmd: await freePort(), dist: await freePort() };
  const server = createRabbitMq(join(dir, 'rabbitmq'), ports);
  server.nameService.launch();
  await server.nameService.ready();
  return { ...(await started(dir, server, () => server.nameService.kill())), ctl: server.ctl };
}

async function newDir(prefix: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), prefix));
  await chmod(dir, 0o711); // PostgreSQL may run as another user
  return dir;
}

async function started(
  dir: string,
  { url, port, victim }: VictimServer,
  after = async () => {},
): Promise<PrivateServer> {
  async function start(): Promise<void> {
    victim.launch();
    await victim.ready();
  }
  async function remove(): Promise<void> {
    await victim.kill();
    await after();
    await rm(dir, { recursive: true, force: true });
  }
  await start();
  return { url, port, start, kill: victim.kill, pause: victim.freeze, resume: victim.thaw, remove };
}
