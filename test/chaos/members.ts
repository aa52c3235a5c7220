import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Pki } from '../support/pki.ts';
import { fixedPorts } from '../support/ports.ts';
import { createPostgres } from '../support/postgres-server.ts';
import { openProxy, type TcpProxy } from '../support/proxy.ts';
import { createRabbitMq } from '../support/rabbitmq-server.ts';
import type { Victim, VictimServer } from '../support/victim.ts';
import type { Exit } from './ends.ts';
import { createEngineProcess } from './engine-process.ts';
import type { Targets } from './faults-plan.ts';

/** What an installation is made of; nothing of it runs yet but the proxies. */
export interface Members {
  readonly storeUrl: string;
  /** The broker itself, without a proxy; undefined when it is embedded. */
  readonly brokerUrl: string | undefined;
  /** SFTP, through proxies. */
  readonly sftpPorts: readonly number[];
  /** Run along and are never hit. */
  readonly helpers: readonly Victim[];
  readonly servers: readonly Victim[];
  readonly engines: readonly Victim[];
  /** Every connection between them, and from the senders. */
  readonly links: ReadonlyMap<string, TcpProxy>;
  readonly targets: Targets;
}

export interface MembersOptions {
  /** For the servers. */
  readonly dir: string;
  /** The directory that the engine processes share. */
  readonly own: string;
  readonly pki: Pki;
  /** Aborted when nothing is to be started any more. */
  readonly signal: AbortSignal;
  /** Called when a process ends by itself. */
  readonly onExit: (exit: Exit) => void;
}

export const NAMESPACE = 'chaos';
const ROLES = { channels: 2, worker: 3, scheduler: 2 } as const;

/** One process with everything in it, the broker too, on SQLite. */
export async function singleProcess(options: MembersOptions): Promise<Members> {
  const { own } = options;
  const [port = 0] = await fixedPorts(1);
  const storeUrl = `sqlite:${join(own, 'data', 'bode.sqlite')}`;
  await writeConfig(options, { storeUrl, brokerUrl: 'embedded', sftpPort: port });
  const links = new Map([['senders-engine', await openProxy(port)]]);
  return {
    storeUrl,
    brokerUrl: undefined,
    sftpPorts: portsOf(links),
    helpers: [],
    servers: [],
    engines: [createEngineProcess({ ...options, dir: own, name: 'engine', args: ['start'] })],
    links,
    targets: { processes: [['engine']], links: [...links.keys()], parents: [] },
  };
}

/** Channels, workers and schedulers on RabbitMQ and PostgreSQL, each connection through a proxy of its own. */
export async function manyProcesses(options: MembersOptions): Promise<Members> {
  const { dir, onExit } = options;
  const [pgPort = 0, amqp = 0, epmd = 0, dist = 0] = await fixedPorts(4);
  const onExitOf = (name: string) => (how: string, logFile: string) => onExit({ name, how, logFile });
  const postgres = await createPostgres(join(dir, 'postgresql'), pgPort, onExitOf('postgresql'));
  const rabbit = createRabbitMq(join(dir, 'rabbitmq'), { amqp, epmd, dist }, onExitOf('rabbitmq'));
  await writeConfig(options, { storeUrl: postgres.url, brokerUrl: rabbit.url, sftpPort: 0 });
  const links = new Map<string, TcpProxy>();
  const groups: Victim[][] = [];
  for (const [role, count] of Object.entries(ROLES)) {
    const names = Array.from({ length: count }, (_, at) => `${role}-${at + 1}`);
    const group = await Promise.all(names.map((name) => member(name, role, { postgres, rabbit, links }, options)));
    groups.push(group);
  }
  const nameOf = ({ name }: Victim) => name;
  return {
    storeUrl: postgres.url,
    brokerUrl: rabbit.url,
    sftpPorts: portsOf(links),
    helpers: [rabbit.nameService],
    servers: [postgres.victim, rabbit.victim],
    engines: groups.flat(),
    links,
    targets: {
      processes: [...groups.map((group) => group.map(nameOf)), ['postgresql'], ['rabbitmq']],
      links: [...links.keys()].toSorted(),
      parents: ['postgresql'],
    },
  };
}

const FROM_SENDERS = 'senders-';

function portsOf(links: ReadonlyMap<string, TcpProxy>): number[] {
  const names = [...links.keys()].filter((name) => name.startsWith(FROM_SENDERS)).toSorted();
  return names.map((name) => links.get(name)?.port ?? 0);
}

interface Around {
  readonly postgres: VictimServer;
  readonly rabbit: VictimServer;
  readonly links: Map<string, TcpProxy>;
}

/** A process of one role with its own way to the store and to the broker. */
async function member(name: string, role: string, around: Around, options: MembersOptions): Promise<Victim> {
  const { postgres, rabbit, links } = around;
  const storeUrl = await throughProxy(`${name}-postgresql`, postgres, links);
  const brokerUrl = await throughProxy(`${name}-rabbitmq`, rabbit, links);
  const settings = [`store.url=${storeUrl}`, `broker.url=${brokerUrl}`];
  if (role === 'channels') {
    const [port = 0] = await fixedPorts(1);
    settings.push(`channels.sftp.port=${port}`);
    links.set(`${FROM_SENDERS}${name}`, await openProxy(port));
  }
  const args = ['start', '--role', role, ...settings.flatMap((setting) => ['--set', setting])];
  return createEngineProcess({ ...options, dir: options.own, name, args });
}

async function throughProxy(name: string, server: VictimServer, links: Map<string, TcpProxy>): Promise<string> {
  const link = await openProxy(server.port);
  links.set(name, link);
  const url = new URL(server.url);
  url.port = String(link.port);
  return url.href;
}

interface Addresses {
  readonly storeUrl: string;
  readonly brokerUrl: string;
  readonly sftpPort: number;
}

async function writeConfig({ own, pki }: MembersOptions, { storeUrl, brokerUrl, sftpPort }: Addresses): Promise<void> {
  const config = {
    dataDir: './data',
    store: { url: storeUrl },
    broker: { url: brokerUrl, namespace: NAMESPACE, retry: { firstDelay: '200ms', maxDelay: '5s' } },
    channels: { sftp: { port: sftpPort }, ftp: { enabled: false }, webservice: { enabled: false } },
    trust: { anchors: [pki.ca] },
    observe: { port: 0 },
  };
  await writeFile(join(own, 'bode.yaml'), stringify(config));
}
