import { Command } from 'commander';
import { personView } from '../../channels/webservice/access/views.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { isEnterpriseNumber } from '../../engine/core/identifiers.ts';
import { type Acting, carryOut, lookAt } from '../../engine/registry/caller.ts';
import { readSmallFile } from '../../engine/registry/materials.ts';
import { completeMainManager, overviewOf } from '../../engine/registry/organisation-acts.ts';
import { hashPassword } from '../../engine/registry/passwords.ts';
import { findPersonByUserName, type Person, peopleOf } from '../../engine/registry/people.ts';
import { createPerson, deletePerson, dismiss, resetPassword } from '../../engine/registry/people-acts.ts';
import { messagesOverview } from '../../engine/registry/sender-overview.ts';
import { newTemporaryPassword } from '../../engine/registry/user-passwords.ts';
import type { Db } from '../../engine/store/database.ts';
import { actingNow, blockCommands } from './access-block.ts';
import { organisationLines, peopleLines, permissionRows } from './access-text.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

/** `bode access`: who may do what, and what the operator does for organisations. */
export function accessCommand(): Command {
  const access = new Command('access').description(
    'who may do what: organisations, their people, and the table of permissions',
  );
  const commands = [tableCommand(), showCommand(), peopleCommand(), mainManagerCommand(), ...blockCommands()];
  for (const command of commands) access.addCommand(command);
  return access;
}

/** Parses an enterprise number. */
export function enterpriseNumber(text: string): string {
  matching(/^\d{10}$/, 'ten digits')(text);
  if (!isEnterpriseNumber(text)) throw new EngineError('usage_wrong', `${text}: its check digits are wrong`);
  return text;
}

function tableCommand(): Command {
  return new Command('table')
    .description('print who may do what: docs/access.md has the same')
    .option('--json', 'print JSON instead of text')
    .action(async ({ json }: Options) => {
      const [titles = [], ...rows] = permissionRows();
      if (!json) return print(table(titles, rows));
      const items = rows.map((row) => Object.fromEntries(titles.map((title, at) => [title, row[at]])));
      return printJson({ items });
    });
}

function showCommand(): Command {
  return reading('show')
    .description('show an organisation: its account, qualities and technical users')
    .argument('<enterprise>', 'its enterprise number', enterpriseNumber)
    .action(async (number: string, { json, ...options }: Options) => {
      const { overview, messages } = await withStore(await settings(options), (db) => overviewAll(db, number));
      if (json) return printJson({ ...overview, structuredMessages: messages });
      return print(organisationLines(overview, messages));
    });
}

function overviewAll(db: Db, number: string) {
  return lookAt(db, actingNow(), { enterpriseNumber: number, act: 'show', subject: number }, async (acting) => {
    const overview = await overviewOf(acting, number);
    const messages = [];
    for (const { code: quality } of overview.qualities) {
      messages.push(await messagesOverview(acting, { enterpriseNumber: number, quality }));
    }
    return { overview, messages };
  });
}

function peopleCommand(): Command {
  return reading('people')
    .description('list the people of an organisation')
    .argument('<enterprise>', 'its enterprise number', enterpriseNumber)
    .option('--quality <code>', 'only those with a role in it')
    .option('--after <id>', 'go on after this one')
    .option('--limit <n>', 'at most so many', upTo(10_000), 100)
    .action(
      async (number: string, { json, ...options }: Options & { quality?: string; after?: string; limit: number }) => {
        const { quality, after, limit } = options;
        const page = { limit, ...(quality !== undefined && { quality }), ...(after !== undefined && { after }) };
        const people = await withStore(await settings(options), (db) => peopleOf(db, number, page));
        if (json) return printJson({ items: people.map(personView) });
        return print(peopleLines(people));
      },
    );
}

interface AppointOptions extends Options {
  readonly givenName: string;
  readonly familyName: string;
  readonly email?: string;
  readonly numberFile?: string;
}

/** `bode access main-manager …`: only the operator appoints, resets and removes main access managers. */
function mainManagerCommand(): Command {
  const appoint = reading('appoint')
    .description('give somebody access as main access manager; prints the user name and a temporary password')
    .argument('<enterprise>', 'its enterprise number', enterpriseNumber)
    .requiredOption('--given-name <name>', 'given name')
    .requiredOption('--family-name <name>', 'family name')
    .option('--email <address>', 'where mail goes')
    .option('--number-file <file>', 'a file with the national register number: needed to sign in by a provider')
    .action(async (number: string, options: AppointOptions) => {
      const password = newTemporaryPassword();
      const passwordHash = await hashPassword(password);
      const person = await withStore(await settings(options), (db) => appointMain(db, number, options, passwordHash));
      return printPassword(person, password, options.json);
    });
  const reset = reading('reset')
    .description('give a main access manager a new temporary password, good for 30 days')
    .argument('<user>', 'the user name')
    .action(async (userName: string, { json, ...options }: Options) => {
      const password = newTemporaryPassword();
      const hash = await hashPassword(password);
      const person = await withStore(await settings(options), (db) =>
        onPerson(db, userName, 'reset', (acting, { id }) => resetPassword(acting, id, hash)),
      );
      return printPassword(person, password, json);
    });
  const dismissal = configured('dismiss')
    .description('take the role away; the last main access manager keeps it')
    .argument('<user>', 'the user name')
    .action(async (userName: string, options: ConfigOption) => {
      const held = { role: 'main-manager', quality: '' } as const;
      await withStore(await settings(options), (db) =>
        onPerson(db, userName, 'dismiss', (acting, { id }) => dismiss(acting, id, held)),
      );
      await print([`${userName}: dismissed`]);
    });
  const removal = configured('delete')
    .description('take the access of a main access manager away for good; not that of the last one')
    .argument('<user>', 'the user name')
    .action(async (userName: string, options: ConfigOption) => {
      await withStore(await settings(options), (db) =>
        onPerson(db, userName, 'delete', (acting, { id }) => deletePerson(acting, id)),
      );
      await print([`${userName}: deleted`]);
    });
  const command = new Command('main-manager').description('main access managers, whom only the operator appoints');
  for (const one of [appoint, reset, dismissal, removal]) command.addCommand(one);
  return command;
}

function appointMain(db: Db, number: string, options: AppointOptions, passwordHash: string): Promise<Person> {
  const { givenName, familyName, email, numberFile } = options;
  const inss = numberFile === undefined ? undefined : numberIn(numberFile);
  const names = { givenName, familyName, ...(email !== undefined && { email }) };
  const role = { appointment: { role: 'main-manager', quality: '' }, passwordHash } as const;
  const request = { ...names, ...role, ...(inss !== undefined && { nationalRegisterNumber: inss }) };
  const wanted = { enterpriseNumber: number, act: 'appoint main-manager', subject: number };
  return carryOut(db, actingNow(), wanted, async (acting) => {
    const person = await createPerson(acting, number, request);
    await completeMainManager(acting, person.id, number);
    return person;
  });
}

function numberIn(path: string): string {
  const file = readSmallFile(path);
  if ('fault' in file) throw new EngineError('usage_wrong', `${path}: ${file.fault}`);
  return file.bytes
    .toString('utf8')
    .trim()
    .replace(/[ ./-]/g, '');
}

/** Acts on the person with this user name. */
export async function onPerson<T>(
  db: Db,
  userName: string,
  act: string,
  work: (acting: Acting, person: Person) => Promise<T>,
) {
  const person = await findPersonByUserName(db, userName);
  if (!person || person.state === 'deleted') throw new EngineError('not_found', `nobody has the user name ${userName}`);
  const wanted = { enterpriseNumber: person.enterpriseNumber, act, subject: userName };
  return carryOut(db, actingNow(), wanted, (acting) => work(acting, person));
}

async function printPassword({ userName, id }: Person, temporaryPassword: string, json?: true): Promise<void> {
  if (json) return printJson({ id, userName, temporaryPassword });
  return print([
    `user name ${userName}`,
    `temporary password ${temporaryPassword}`,
    'to be changed at the first sign-in, within 30 days',
  ]);
}
