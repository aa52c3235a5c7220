import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { TcpProxy } from '../support/proxy.ts';
import type { Victim } from '../support/victim.ts';
import type { PlannedFault } from './faults-plan.ts';
import type { Installation } from './installation.ts';

/** A fault as it was carried out. */
export interface DoneFault extends PlannedFault {
  /** When it began, from the start of the run. */
  readonly beganMs: number;
}

export interface InjectOptions {
  readonly installation: Installation;
  /** When the run began, `Date.now()`. */
  readonly startedAt: number;
  readonly signal: AbortSignal;
  readonly onFault: (fault: DoneFault) => void;
}

const STOP_PATIENCE_MS = 30_000;
/** RabbitMQ and PostgreSQL end within a second or two, or not at all. */
const SERVER_PATIENCE_MS = 10_000;
/** Until a server has noticed that one of its processes is gone. */
const NOTICED_MS = 500;
const RECOVER_MS = 90_000;
/** Longer than this nobody waits for an engine process to be ready again before it is hit. */
const READY_MS = 15_000;

/**
 * Carries out the faults, each at its time; two on one target follow one another, however long the first takes. Resolves
 * when all are over and every process is ready again.
 */
export async function injectFaults(faults: readonly PlannedFault[], options: InjectOptions): Promise<void> {
  const { installation, startedAt, signal } = options;
  const { servers, engines, links } = installation;
  const victims = new Map([...servers, ...engines].map((victim) => [victim.name, victim]));
  const turns = new Map<string, Promise<void>>();
  setMaxListeners(0, signal); // one for each fault that lasts
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  async function carryOut(fault: PlannedFault): Promise<void> {
    if (signal.aborted) return;
    options.onFault({ ...fault, beganMs: Date.now() - startedAt });
    const victim = victims.get(fault.target);
    const link = links.get(fault.target);
    if (victim) await hit(victim, fault, { pause, isServer: servers.includes(victim) });
    if (link) await disturb(link, fault, pause);
  }

  for (const fault of faults) {
    await pause(startedAt + fault.atMs - Date.now());
    const turn = (turns.get(fault.target) ?? Promise.resolve()).then(() => carryOut(fault));
    turn.catch(() => undefined); // it is waited for at the end
    turns.set(fault.target, turn);
  }
  await Promise.all(turns.values());
  // one that ends while it starts is started again by its supervisor
  const recovered = [...victims.values()].map((victim) => eventually(victim.ready, RECOVER_MS));
  if (!signal.aborted) await Promise.all(recovered);
}

interface Ways {
  readonly pause: (ms: number) => Promise<unknown>;
  /** A server gets the time to become ready: killed while it makes its files it may never start again. */
  readonly isServer: boolean;
}

async function hit(victim: Victim, fault: PlannedFault, { pause, isServer }: Ways): Promise<void> {
  await act(victim, fault, { pause, isServer });
  if (isServer) await victim.ready();
  else if (fault.calmMs >= 0) await Promise.race([victim.ready().catch(() => undefined), pause(READY_MS)]);
  await pause(fault.calmMs);
}

async function act(victim: Victim, { kind, forMs }: PlannedFault, { pause, isServer }: Ways): Promise<void> {
  if (kind === 'kill child') {
    await victim.killChild();
    await pause(NOTICED_MS);
    return;
  }
  if (kind === 'pause') {
    await victim.freeze();
    await pause(forMs);
    return victim.thaw();
  }
  if (kind === 'kill') await victim.kill();
  else await victim.terminate(isServer ? SERVER_PATIENCE_MS : STOP_PATIENCE_MS);
  await pause(forMs);
  victim.launch();
}

async function disturb(link: TcpProxy, { kind, forMs }: PlannedFault, pause: Ways['pause']): Promise<void> {
  if (kind === 'cut') return link.cut();
  if (kind === 'refuse') link.refuse();
  else link.stall();
  await pause(forMs);
  link.mend();
}
