import type { Db } from '../../engine/store/database.ts';
import { type Random, seededRandom } from '../support/random.ts';
import type { Comparison } from './compare.ts';
import type { ReadySet } from './documents.ts';
import type { Installation } from './installation.ts';
import { runSender, type Sent, unsent } from './sender.ts';

/** How the senders send. */
export interface SendingOptions {
  readonly installation: Installation;
  readonly seed: number;
  /** When the run began, `Date.now()`. */
  readonly startedAt: number;
  /** Nothing is begun after this. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Called for every session that fails. */
  readonly onFailure: (error: string) => void;
}

/** All senders send their sets, at the same time. */
export async function sendAll(ready: readonly ReadySet[], options: SendingOptions): Promise<Sent[]> {
  const sent = ready.map(unsent);
  await runSenders(sent, options);
  return sent;
}

/** What its sender knows of no acknowledgement for, and so sends again; what was acknowledged is left alone. Pure. */
export const unheardOf = (sent: readonly Sent[]): Sent[] => sent.filter(({ acknowledged }) => !acknowledged);

/** Every sender sends again what it has not heard of, as when it is back at work, and now stays with it. */
export async function sendAgain(sent: readonly Sent[], options: Omit<SendingOptions, 'startedAt'>): Promise<void> {
  const unheard = unheardOf(sent);
  for (const one of unheard) {
    one.persistent = true;
    one.abandoned = false;
  }
  await runSenders(unheard, { ...options, startedAt: 0 }); // all are due by now
}

async function runSenders(sent: readonly Sent[], options: SendingOptions): Promise<void> {
  const { installation, seed } = options;
  const randomOf = (at: number): Random => seededRandom(seed * 31 + at);
  const senders = installation.accounts.map((account, at) => {
    const own = sent.filter(({ ready }) => ready.set.sender === at);
    return runSender(own, { ...options, ports: installation.sftpPorts, account, random: randomOf(at) });
  });
  await Promise.all(senders);
}

/** How many of these sets the engine has taken without the sender's knowledge. */
export async function takenUnheard(sent: readonly Sent[], db: Db): Promise<number> {
  const stems: string[] = await db('submissions').pluck('stem');
  return sent.filter(({ ready }) => ready.set.original === undefined && stems.includes(ready.stem)).length;
}

/** Every set that was asked for was sent, and acknowledged: by its sender's own tries, and if it was left alone then by the last ones. Pure. */
export function sendingProblems(asked: number, sent: readonly Sent[], unheard: readonly Sent[]): Comparison {
  const acknowledged = sent.filter((one) => one.acknowledged);
  const gaveUp = unheard.filter(({ ready }) => ready.set.persistent);
  const never = sent.filter((one) => !one.acknowledged);
  return {
    problems: [
      ...(sent.length === asked ? [] : [`${asked} sets were asked for, and ${sent.length} were made`]),
      ...gaveUp.map((one) => `${nameOf(one)} was not acknowledged while its sender kept on: ${one.tries} tries`),
      ...never.map((one) => `${nameOf(one)} was never acknowledged, with all working again: ${one.tries} tries`),
    ],
    counts: [
      { what: 'sets acknowledged', expected: String(asked), found: acknowledged.length },
      { what: 'of these, sent again at the end', expected: 'any', found: unheard.length },
    ],
  };
}

const nameOf = ({ ready }: Sent) => `set ${ready.set.index} (${ready.set.kind}, ${ready.goName})`;
