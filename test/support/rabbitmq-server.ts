import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { createVictim, type OnExit, type Victim, type VictimServer } from './victim.ts';

const BIN = '/usr/lib/rabbitmq/bin'; // not /usr/sbin: those wrappers change the user
const READY_MS = 120_000;

/** A RabbitMQ node with the name service that it needs, which is no victim. */
export interface RabbitMqServer extends VictimServer {
  readonly nameService: Victim;
  /** Runs `rabbitmqctl` on it. */
  ctl(...args: string[]): Promise<void>;
}

/** Ports of a node: AMQP, Erlang's name service, and its distribution. */
export interface RabbitMqPorts {
  readonly amqp: number;
  readonly epmd: number;
  readonly dist: number;
}

/** Makes a RabbitMQ node of its own in `dir`; not started yet. Killed and started again it keeps its name and its data. */
export function createRabbitMq(dir: string, ports: RabbitMqPorts, onExit?: OnExit): RabbitMqServer {
  mkdirSync(join(dir, 'mnesia'), { recursive: true });
  mkdirSync(join(dir, 'log'));
  writeFileSync(join(dir, 'rabbitmq.conf'), configuration(ports.amqp));
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
  const nameService = createVictim({
    name: 'epmd',
    program: 'epmd',
    args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
    logFile: join(dir, 'epmd.log'),
    ready: () => reachable(ports.epmd),
  });
  const victim = createVictim({
    name: 'rabbitmq',
    program: join(BIN, 'rabbitmq-server'),
    args: [],
    cwd: dir,
    env: environment(dir, ports),
    logFile: join(dir, 'out.log'),
    ready: () => reachable(ports.amqp),
    ...(onExit && { onExit }),
  });
  const ctl = async (...args: string[]) => {
    await promisify(execFile)(join(BIN, 'rabbitmqctl'), args, { env: environment(dir, ports) });
  };
  return { port: ports.amqp, url: `amqp://guest:guest@127.0.0.1:${ports.amqp}`, victim, nameService, ctl };
}

function configuration(port: number): string {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'log.console = false',
    'disk_free_limit.absolute = 50MB',
    'vm_memory_high_watermark.absolute = 2GB',
  ];
  return `${lines.join('\n')}\n`;
}

function environment(dir: string, { epmd, dist }: RabbitMqPorts): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: dir,
    RUNNING_UNDER_SYSTEMD: 'true', // no shell in between: the process that is killed is the node
    RABBITMQ_NODENAME: 'bode_test@localhost',
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none.conf'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_DIST_PORT: String(dist),
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_MAX_PORTS: '65536',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
  };
}

/** A node listens for clients when it has booted, and not before. */
function reachable(port: number): Promise<void> {
  return eventually(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('error', reject).once('connect', () => {
          socket.destroy();
          resolve();
        });
      }),
    READY_MS,
  );
}
