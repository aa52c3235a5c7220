import { Command } from 'commander';
import { resumeSender } from '../../engine/broker/breakers.ts';
import { type SenderWork, senderWork } from '../../engine/broker/sender-work.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { allSenders, findSender, type Sender } from '../../engine/registry/senders.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

const TITLES = ['SENDER', 'LOGIN', 'STATE', 'WAITING', 'IN HAND', 'BREAKER', 'FAILURES', 'UNTIL', 'REASON'];

type Listed = Pick<Sender, 'number' | 'login'> & { readonly state: string } & Omit<SenderWork, 'sender'>;

/** `bode senders`: every sender with what waits of it, and whether it is paused. */
export function sendersCommand(): Command {
  return reading('senders')
    .description('list the senders: what waits of each, what is in hand, and whether it is paused')
    .action(async ({ json, ...options }: Options) => {
      const now = systemClock();
      const items = await withStore(await settings(options), async (db) =>
        listed(await allSenders(db), await senderWork(db, now)),
      );
      if (json) return printJson({ items });
      await print(items.length === 0 ? ['no senders'] : table(TITLES, items.map(cells)));
    });
}

const NOTHING = { waiting: 0, inHand: 0, breaker: 'closed', failures: 0, until: null, reason: '' } as const;

function listed(senders: readonly Sender[], work: readonly SenderWork[]): Listed[] {
  const found = new Map(work.map(({ sender, ...rest }) => [sender, { ...rest, reason: maskInss(rest.reason) }]));
  return senders.map(({ number, login, state, barred }) => {
    return { number, login, state: barred ?? state, ...(found.get(number) ?? NOTHING) };
  });
}

function cells({ number, login, state, waiting, inHand, breaker, failures, until, reason }: Listed): string[] {
  const counts = [waiting, inHand].map(String);
  return [number, login, state, ...counts, breaker, String(failures), until?.toISOString() ?? '-', reason || '-'];
}

interface ResumeOptions extends ConfigOption {
  readonly reason: string;
}

/** `bode sender resume NUMBER`: ends a sender's pause. */
export function senderCommand(): Command {
  const resume = configured('resume')
    .description('end the pause of a sender whose work kept failing')
    .argument('<number>', 'its number', matching(/^\d{6}$/, 'six digits'))
    .requiredOption(
      '--reason <text>',
      'why; kept in the audit',
      matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
    )
    .action(async (number: string, options: ResumeOptions) => {
      const decision = { by: operator(), reason: maskInss(options.reason), now: systemClock() };
      const resumed = await withStore(await settings(options), async (db) => {
        if (!(await findSender(db, number))) throw new EngineError('not_found', `no sender ${number}`);
        return resumeSender(db, number, decision);
      });
      await print([`${number}: ${resumed ? 'resumed' : 'was not paused'}`]);
    });
  return new Command('sender').description('one sender').addCommand(resume);
}
