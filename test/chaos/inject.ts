import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { TcpProxy } from '../support/proxy.ts';
import type { Ending, Victim } from '../support/victim.ts';
import type { PlannedFault } from './faults-plan.ts';
import type { Installation } from './installation.ts';

/** A fault that begins. */
export interface BegunFault extends PlannedFault {
  /** When it began, from the start of the run. */
  readonly beganMs: number;
}

/** What a fault did. */
export interface DoneFault extends BegunFault {
  /** There was something to hit: a process that ran, connections that were open. */
  readonly hit: boolean;
  /** How a process ended that was told to. */
  readonly ending?: Ending;
  /** It was told so before it had started. */
  readonly early?: boolean;
}

export interface InjectOptions {
  readonly installation: Pick<Installation, 'servers' | 'engines' | 'links'>;
  /** When the run began, `Date.now()`. */
  readonly startedAt: number;
  readonly signal: AbortSignal;
  readonly onFault: (fault: BegunFault) => void;
}

const STOP_PATIENCE_MS = 30_000;
/** RabbitMQ and PostgreSQL end within a second or two, or not at all. */
const SERVER_PATIENCE_MS = 10_000;
/** Until a server has noticed that one of its processes is gone. */
const NOTICED_MS = 500;
const RECOVER_MS = 90_000;
/** Longer than this nobody waits for an engine process to be ready again before it is hit. */
const READY_MS = 15_000;
/** In this time one that is ready says so. */
const SAYS_READY_MS = 100;

/**
 * Carries out the faults, each at its time; two on one target follow one another, however long the first takes. Resolves
 * when all are over and every process is ready again, with what each did.
 */
export async function injectFaults(faults: readonly PlannedFault[], options: InjectOptions): Promise<DoneFault[]> {
  const { installation, startedAt, signal } = options;
  const { servers, engines, links } = installation;
  const victims = new Map([...servers, ...engines].map((victim) => [victim.name, victim]));
  const turns = new Map<string, Promise<void>>();
  const done: DoneFault[] = [];
  setMaxListeners(0, signal); // one for each fault that lasts
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);

  async function carryOut(fault: PlannedFault): Promise<void> {
    if (signal.aborted) return;
    const begun = { ...fault, beganMs: Date.now() - startedAt };
    options.onFault(begun);
    const victim = victims.get(fault.target);
    const link = links.get(fault.target);
    if (victim) {
      const isServer = servers.includes(victim);
      done.push({ ...begun, ...(await act(victim, fault, { pause, isServer })) });
      await recover(victim, fault, { pause, isServer });
    }
    if (link) done.push({ ...begun, hit: await disturb(link, fault, pause) });
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
  return done;
}

interface Ways {
  readonly pause: (ms: number) => Promise<unknown>;
  /** A server gets the time to become ready: killed while it makes its files it may never start again. */
  readonly isServer: boolean;
}

async function recover(victim: Victim, fault: PlannedFault, { pause, isServer }: Ways): Promise<void> {
  if (isServer) await victim.ready();
  else if (fault.calmMs >= 0) await Promise.race([victim.ready().catch(() => undefined), pause(READY_MS)]);
  await pause(fault.calmMs);
}

type Effect = Pick<DoneFault, 'hit' | 'ending' | 'early'>;

async function act(victim: Victim, { kind, forMs }: PlannedFault, { pause, isServer }: Ways): Promise<Effect> {
  const effect = { hit: victim.pid !== undefined };
  if (kind === 'kill child') {
    const hit = await victim.killChild();
    await pause(NOTICED_MS);
    return { hit };
  }
  if (kind === 'pause') {
    await victim.freeze();
    await pause(forMs);
    await victim.thaw();
    return effect;
  }
  if (kind === 'kill') await victim.kill();
  const told = kind === 'restart' ? await restart(victim, isServer) : {};
  await pause(forMs);
  victim.launch();
  return { ...effect, ...told };
}

async function restart(victim: Victim, isServer: boolean): Promise<Omit<Effect, 'hit'>> {
  const early = !(await isReady(victim));
  const ending = await victim.terminate(isServer ? SERVER_PATIENCE_MS : STOP_PATIENCE_MS);
  return { early, ...(ending !== undefined && { ending }) };
}

async function isReady(victim: Victim): Promise<boolean> {
  const ready = victim.ready().then(
    () => true,
    () => false,
  );
  return Promise.race([ready, delay(SAYS_READY_MS, false)]);
}

/** True when there were connections to disturb. */
async function disturb(link: TcpProxy, { kind, forMs }: PlannedFault, pause: Ways['pause']): Promise<boolean> {
  const hit = link.connections > 0;
  if (kind === 'cut') link.cut();
  else {
    if (kind === 'refuse') link.refuse();
    else link.stall();
    await pause(forMs);
    link.mend();
  }
  return hit;
}
