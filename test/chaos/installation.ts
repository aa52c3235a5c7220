import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, openStore } from '../../engine/store/database.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { bode } from '../support/command-line.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from '../support/provisioning.ts';
import type { Ending, Victim } from '../support/victim.ts';
import type { Exit } from './ends.ts';
import { type Members, manyProcesses, singleProcess } from './members.ts';
import type { ChaosOptions } from './options.ts';
import type { Account } from './sftp-session.ts';

/** Everything a run works on: its own servers, engine processes and the connections between them. */
export interface Installation extends Members {
  readonly dir: string;
  readonly dataDir: string;
  /** Configuration for the command line, which reaches store and broker without a proxy. */
  readonly configFile: string;
  readonly pki: Pki;
  readonly accounts: readonly Account[];
  /** A connection of the run's own to the store, without a proxy. */
  openStore(): Db;
  /** Stops the engine processes with SIGTERM; says how each ended, undefined for one that did not run. */
  stop(): Promise<ReadonlyMap<string, Ending | undefined>>;
  /** Kills whatever still runs. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export interface InstallOptions extends Pick<ChaosOptions, 'broker'> {
  readonly senders: number;
  /** Called when an engine process or a server ends by itself. */
  readonly onExit: (exit: Exit) => void;
}

const PATIENCE_MS = 30_000;

/** Makes an installation in a directory of its own; its proxies are open, and nothing else runs yet. */
export async function createInstallation({ broker, senders, onExit }: InstallOptions): Promise<Installation> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-chaos-'));
  await chmod(dir, 0o711); // PostgreSQL may run as another user
  const own = join(dir, 'engine');
  await mkdir(own);
  const key = join(dir, 'login');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const pki = await makePki(join(dir, 'pki'));
  const ending = new AbortController();
  const options = { dir, own, pki, signal: ending.signal, onExit };
  const members = await (broker === 'embedded' ? singleProcess(options) : manyProcesses(options));
  const { engines, servers, helpers, links, storeUrl } = members;

  async function stop(): Promise<ReadonlyMap<string, Ending | undefined>> {
    ending.abort();
    const endings = await Promise.all(engines.map((engine) => engine.terminate(PATIENCE_MS)));
    return new Map(engines.map(({ name }, at) => [name, endings[at]]));
  }

  async function kill(): Promise<void> {
    ending.abort();
    await Promise.all([...engines, ...servers, ...helpers].map((victim) => victim.kill()));
    await Promise.all([...links.values()].map((link) => link.close()));
  }

  return {
    ...members,
    dir,
    dataDir: join(own, 'data'),
    configFile: join(own, 'bode.yaml'),
    pki,
    accounts: Array.from({ length: senders }, (_, at) => ({
      number: String(300_001 + at),
      login: `sender${at + 1}`,
      key,
    })),
    openStore: () => openStore({ url: storeUrl, poolSize: 4 }),
    stop,
    kill,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Starts the servers, provisions the senders, then starts all engine processes at once, as after a power cut. */
export async function startInstallation(installation: Installation): Promise<void> {
  const { helpers, servers, engines } = installation;
  await launchAll([...helpers, ...servers]);
  await provision(installation);
  await launchAll(engines);
}

async function launchAll(victims: readonly Victim[]): Promise<void> {
  for (const victim of victims) victim.launch();
  await Promise.all(victims.map((victim) => victim.ready()));
}

async function provision({ dir, configFile, accounts, pki }: Installation): Promise<void> {
  const senders = accounts.map(({ number, login, key }) =>
    aPlannedSender({ number, login, sshKeys: [`${key}.pub`], certificates: [pki.sender.cert] }),
  );
  const plan = await writePlan(dir, [aPlannedOrganisation({ mailbox: { type: 'enterprise' } }, senders)]);
  const { status, stderr } = await bode(['provision', plan, '--config', configFile], dir);
  if (status !== 0) throw new Error(`bode provision failed: ${stderr}`);
}
