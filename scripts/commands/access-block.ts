import { Command } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { type Acting, carryOut } from '../../engine/registry/caller.ts';
import { changeSettings } from '../../engine/registry/organisation-acts.ts';
import { findPersonByUserName } from '../../engine/registry/people.ts';
import { blockPerson, unblockPerson } from '../../engine/registry/people-acts.ts';
import { findSender } from '../../engine/registry/senders.ts';
import { setBlocked } from '../../engine/registry/structured-messages.ts';
import type { Db } from '../../engine/store/database.ts';
import { operator } from './operator.ts';
import { print } from './output.ts';
import { type ConfigOption, configured, settings, withStore } from './settings.ts';

/** Who runs the command, for the registry and its audit. */
export function actingNow(): Pick<Acting, 'caller' | 'now'> {
  return { caller: { kind: 'operator', name: operator(), from: 'command line' }, now: systemClock() };
}

/** `bode access block|unblock KIND ID`. */
export function blockCommands(): Command[] {
  return [true, false].map((blocked) => {
    const command = new Command(blocked ? 'block' : 'unblock').description(
      blocked ? 'keep somebody out: within 5 seconds, in every process' : 'let somebody in again',
    );
    for (const kind of ['organisation', 'person', 'sender'] as const) command.addCommand(oneCommand(kind, blocked));
    return command;
  });
}

const IDS = {
  organisation: 'its enterprise number',
  person: 'the user name',
  sender: 'its number of six digits',
} as const;
type Kind = keyof typeof IDS;

function oneCommand(kind: Kind, blocked: boolean): Command {
  return configured(kind)
    .description(`${blocked ? 'block' : 'unblock'} ${kind === 'organisation' ? 'an' : 'a'} ${kind}`)
    .argument('<id>', IDS[kind])
    .action(async (id: string, options: ConfigOption) => {
      await withStore(await settings(options), (db) => WORK[kind](db, id, blocked));
      await print([`${kind} ${id}: ${blocked ? 'blocked' : 'unblocked'}`]);
    });
}

const WORK: Readonly<Record<Kind, (db: Db, id: string, blocked: boolean) => Promise<unknown>>> = {
  organisation: (db, id, blocked) =>
    act(db, id, id, blocked, (acting) => changeSettings(acting, id, { access: blocked ? 'blocked' : 'open' })),
  async person(db, id, blocked) {
    const person = await findPersonByUserName(db, id);
    if (!person) throw new EngineError('not_found', `nobody has the user name ${id}`);
    const change = blocked ? blockPerson : unblockPerson;
    return act(db, person.enterpriseNumber, id, blocked, (acting) => change(acting, person.id));
  },
  async sender(db, id, blocked) {
    const sender = await findSender(db, id);
    if (!sender) throw new EngineError('not_found', `no sender ${id}`);
    const at = { enterpriseNumber: sender.enterpriseNumber, number: id };
    return act(db, sender.enterpriseNumber, id, blocked, (acting) => setBlocked(acting, at, blocked));
  },
};

function act<T>(
  db: Db,
  enterpriseNumber: string,
  subject: string,
  blocked: boolean,
  work: (acting: Acting) => Promise<T>,
) {
  return carryOut(db, actingNow(), { enterpriseNumber, act: blocked ? 'block' : 'unblock', subject }, work);
}
