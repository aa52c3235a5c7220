import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createApp, type Driven } from '../../app.ts';
import { type Config, loadConfig } from '../../config/load.ts';
import { type Logger, silentLogger } from '../../engine/core/logger.ts';
import { provision } from '../../engine/registry/provision.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { type CertificateSpec, makeCertificate, makePki, type Pki } from './pki.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from './provisioning.ts';

export interface TestEngineOptions {
  /** `embedded` (default) or an amqp:// address. */
  readonly brokerUrl?: string;
  /** Further configuration: merged over the test's own at the top level. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Senders of organisation 0206731645; default one, 123456 `voorbeeld`, with key `login` and certificate `sender`. */
  readonly senders?: readonly Readonly<Record<string, unknown>>[];
  /** Configuration of the FTP server; not started when absent. */
  readonly ftp?: Readonly<Record<string, unknown>>;
  /** Further certificates, in the directory of the PKI. */
  readonly certificates?: readonly CertificateSpec[];
  /** Configuration of the web service; not started when absent. */
  readonly webservice?: Readonly<Record<string, unknown>>;
  /** Where a running engine writes its log; nowhere when absent. */
  readonly log?: Logger;
  /** Further configuration of the SFTP server. */
  readonly sftp?: Readonly<Record<string, unknown>>;
  /** Configuration of the drop folders; there are none when absent. */
  readonly drop?: Readonly<Record<string, unknown>>;
  /** Another time than the machine's. */
  readonly driven?: Driven;
}

/** All that an engine needs to be started: a PKI, a provisioned sender, and a directory of its own. */
export interface PreparedEngine {
  readonly dir: string;
  readonly port: number;
  readonly pki: Pki;
  readonly config: Config;
  readonly configFile: string;
  /** The private key that senders log in with unless the test says otherwise. */
  readonly loginKey: string;
  /** A connection of the test's own to the engine's store. */
  readonly db: Db;
  /** Closes the connection and removes the directory. */
  remove(): Promise<void>;
}

/** A running engine, in this process. */
export interface TestEngine extends PreparedEngine {
  stop(): Promise<void>;
}

/** Starts the whole engine in this process, as `bode start` does, on free ports and an empty store. */
export async function startEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const prepared = await prepareEngine(options);
  const over = new AbortController().signal;
  const app = await createApp(prepared.config, options.log ?? silentLogger(), over, 'all', options.driven);
  await app.start();
  return { ...prepared, stop: () => app.stop().then(prepared.remove) };
}

/** What is in the file `password`, for senders with `passwordFile: password`. */
export const PASSWORD = 'geheim wachtwoord 1';

/** Makes everything ready for an engine that the test starts itself. */
export async function prepareEngine(options: TestEngineOptions = {}): Promise<PreparedEngine> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-flow-'));
  const pki = await makePki(join(dir, 'pki'));
  for (const spec of options.certificates ?? []) await makeCertificate(pki.dir, spec);
  const loginKey = join(dir, 'login');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', loginKey]);
  const port = await freePort();
  const configFile = join(dir, 'bode.yaml');
  await writeFile(configFile, stringify(configOf(port, pki, options)));
  const config = await loadConfig(configFile);
  await provisionSenders(dir, config, options.senders ?? [{}]);
  const db = openStore(config.store);
  async function remove(): Promise<void> {
    await db.destroy();
    await rm(dir, { recursive: true, force: true });
  }
  return { dir, port, pki, config, configFile, loginKey, db, remove };
}

function configOf(port: number, pki: Pki, options: TestEngineOptions): object {
  const { brokerUrl, config, sftp, ftp = { enabled: false }, webservice = { enabled: false }, drop = {} } = options;
  return {
    dataDir: './data',
    // a namespace of its own: engines of other tests may use the same RabbitMQ
    broker: { url: brokerUrl ?? 'embedded', namespace: `test-${port}`, relay: { poll: '50ms' } },
    channels: { sftp: { port, ...sftp }, ftp, webservice, drop },
    trust: { anchors: [pki.ca] },
    observe: { enabled: false },
    ...config,
  };
}

async function provisionSenders(dir: string, config: Config, senders: readonly object[]): Promise<void> {
  await mkdir(config.dataDir, { recursive: true });
  await writeFile(join(dir, 'password'), `${PASSWORD}\n`);
  const defaults = { sshKeys: ['login.pub'], certificates: ['pki/sender.pem'] };
  const planned = senders.map((sender) => aPlannedSender({ ...defaults, ...sender }));
  const plan = await writePlan(dir, [aPlannedOrganisation({ mailbox: { type: 'enterprise' } }, planned)]);
  const db = openStore(config.store);
  try {
    await migrate(db);
    await provision(db, plan, new Date(), { goals: Object.keys(config.goals) });
  } finally {
    await db.destroy();
  }
}
