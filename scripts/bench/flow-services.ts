import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../config/package-root.ts';
import { openStore } from '../../engine/store/database.ts';

/** A RabbitMQ and a PostgreSQL of the bench's own, with `fsync` on. */
export interface BenchServices {
  readonly amqpUrl: string;
  /** Processes of each, with those below them. */
  readonly processes: Readonly<Record<string, readonly number[]>>;
  /** Makes an empty database and gives its address. */
  newDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** The Debian packages that are not installed here. */
export function missingPackages(): string[] {
  const versions = '/usr/lib/postgresql';
  const postgres =
    existsSync(versions) && readdirSync(versions).some((one) => existsSync(join(versions, one, 'bin/initdb')));
  return [
    ...(existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server') ? [] : ['rabbitmq-server']),
    ...(postgres ? [] : ['postgresql']),
  ];
}

const SCRIPT = `
  source "$1/scripts/services.sh"
  export SERVICES_FSYNC=on
  trap stop_services EXIT
  start_services "$2" && await_services || exit 1
  echo "$TEST_AMQP_URL $TEST_PG_URL \${SERVICE_GROUPS[*]}"
  read -r _
`;

/** Starts both in `dir` and resolves when they take connections. */
export async function startServices(dir: string): Promise<BenchServices> {
  const child = spawn('bash', ['-c', SCRIPT, 'services', packageRoot(), dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const ended = gone.then(() => Promise.reject(new Error('RabbitMQ or PostgreSQL did not start')));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  ended.catch(() => undefined); // from now on it is to end
  const [amqpUrl = '', pgUrl = '', epmd, rabbit, postgres] = String(line).split(' ');

  async function newDatabase(name: string): Promise<string> {
    const db = openStore({ url: pgUrl });
    await db.raw('create database ??', [name]);
    await db.destroy();
    return pgUrl.replace(/\/[^/]*$/, `/${name}`);
  }

  async function stop(): Promise<void> {
    child.stdin.end();
    await gone;
  }

  return {
    amqpUrl,
    processes: { RabbitMQ: [Number(epmd), Number(rabbit)], PostgreSQL: [Number(postgres)] },
    newDatabase,
    stop,
  };
}
