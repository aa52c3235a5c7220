import { Command } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { addHold, type HeldThing, listHolds, removeHold, subjectOf } from '../../engine/expiry/holds.ts';
import { MAILBOX_KINDS, type MailboxKind } from '../../engine/mailboxes/mailboxes.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

/** `bode hold add|remove|list`: what must not expire, and why. */
export function holdCommand(): Command {
  return new Command('hold')
    .description('legal holds: what they cover does not expire')
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand());
}

interface AddOptions extends ConfigOption {
  readonly message?: string;
  readonly type?: string;
  readonly mailbox?: string;
  readonly reason: string;
}

const withReason = (command: Command) =>
  command.requiredOption(
    '--reason <text>',
    'why; kept in the audit',
    matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
  );

function addCommand(): Command {
  return withReason(configured('add'))
    .description('hold one message wherever it lies, all of a type, or all that lies in a mailbox')
    .option('--message <id>', 'a message')
    .option('--type <id>', 'a message type')
    .option('--mailbox <kind:number>', `a mailbox: one of ${MAILBOX_KINDS.join(', ')}, and its number`)
    .action(async (options: AddOptions) => {
      const thing = thingOf(options);
      const config = await settings(options);
      if (thing.kind === 'type' && !Object.hasOwn(config.messageTypes, thing.messageType))
        throw new EngineError('not_found', `there is no message type ${thing.messageType}`);
      const id = await withStore(config, (db) => addHold(db, thing, decision(options)));
      await print([`hold ${id}: ${maskInss(subjectOf(thing))}; end it with \`bode hold remove ${id}\``]);
    });
}

function thingOf({ message, type, mailbox }: AddOptions): HeldThing {
  const given: HeldThing[] = [
    ...(message === undefined ? [] : [{ kind: 'message', messageId: message } as const]),
    ...(type === undefined ? [] : [{ kind: 'type', messageType: type } as const]),
    ...(mailbox === undefined ? [] : [{ kind: 'mailbox', mailbox: mailboxOf(mailbox) } as const]),
  ];
  const [thing] = given;
  if (!thing || given.length > 1) throw new EngineError('usage_wrong', 'name one of --message, --type and --mailbox');
  return thing;
}

/** Throws usage_wrong. */
function mailboxOf(text: string): { readonly kind: MailboxKind; readonly eboxId: string } {
  const [, kind = '', eboxId = ''] = /^([a-z-]+):(\d{1,20})$/.exec(text) ?? [];
  const known = MAILBOX_KINDS.find((one) => one === kind);
  if (!known) throw new EngineError('usage_wrong', '--mailbox: must be like enterprise:0206731645');
  return { kind: known, eboxId };
}

const decision = ({ reason }: { readonly reason: string }) => ({
  who: operator(),
  reason: maskInss(reason),
  now: systemClock(),
});

function removeCommand(): Command {
  return withReason(configured('remove'))
    .description('end a hold; what no other hold covers goes at its announced date, or with the next run')
    .argument('<number>', 'of the hold, as it is listed', upTo(999_999_999))
    .action(async (id: number, options: ConfigOption & { readonly reason: string }) => {
      const hold = await withStore(await settings(options), (db) => removeHold(db, id, decision(options)));
      await print([`hold ${id}: ended; it was on ${maskInss(subjectOf(hold.thing))}`]);
    });
}

const TITLES = ['HOLD', 'ON', 'SINCE', 'BY', 'REASON'];

function listCommand(): Command {
  return reading('list')
    .description('list the holds that stand, the oldest first')
    .action(async ({ json, ...options }: ConfigOption & { readonly json?: true }) => {
      const holds = await withStore(await settings(options), listHolds);
      const items = holds.map(({ thing, ...hold }) => ({ ...hold, on: maskInss(subjectOf(thing)) }));
      if (json) return printJson({ items });
      const rows = items.map(({ id, on, at, who, reason }) => [String(id), on, at, who, reason]);
      await print(rows.length === 0 ? ['nothing is held'] : table(TITLES, rows));
    });
}
