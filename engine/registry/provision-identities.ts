import { type Mistake, pathText } from '../core/mistakes.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Db } from '../store/database.ts';
import { findOrganisationByNsso, plainNsso } from './organisations.ts';
import { findSender, findSenderByLogin, type Sender } from './senders.ts';

/** Numbers and logins of a provisioning file that the store has already given to somebody else. */
export async function conflictsIn(db: Db, content: unknown): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const identity of identitiesIn(content)) {
    const owner = await otherOwnerOf(db, identity);
    if (owner)
      mistakes.push({
        path: identity.path,
        reason: `${identity.kind} ${identity.value} belongs to ${owner}`,
        allowed: 'one that nobody else has',
      });
  }
  return mistakes;
}

async function otherOwnerOf(db: Db, { kind, value, enterpriseNumber, sender }: Identity): Promise<string | undefined> {
  switch (kind) {
    case 'enterprise number':
    case 'user name': // looked up many at once (provision-people.ts)
      return undefined;
    case 'NSSO number':
      return another('organisation', (await findOrganisationByNsso(db, value))?.enterpriseNumber, enterpriseNumber);
    case 'sender number':
      return ownerOfNumber(await findSender(db, value), enterpriseNumber);
    case 'login':
      return another('sender', (await findSenderByLogin(db, value))?.number, sender);
    default:
      return unreachable(kind);
  }
}

/** A number that was deleted is never given again. */
function ownerOfNumber(sender: Sender | undefined, enterpriseNumber: unknown): string | undefined {
  if (sender?.barred === 'deleted') return 'a sender that was deleted';
  return another('organisation', sender?.enterpriseNumber, enterpriseNumber);
}

function another(what: string, owner: string | undefined, self: unknown): string | undefined {
  return owner === undefined || owner === self ? undefined : `${what} ${owner}`;
}

/** Numbers and logins that stand twice in the file, found even where other things are wrong. */
export function duplicatesIn(content: unknown): Mistake[] {
  const first = new Map<string, string>();
  return identitiesIn(content).flatMap(({ kind, value, path }) => {
    const seen = first.get(`${kind} ${value}`);
    if (seen === undefined) first.set(`${kind} ${value}`, path);
    return seen === undefined ? [] : [{ path, reason: `the same ${kind} stands at ${seen}`, allowed: 'each one once' }];
  });
}

/** A value that only one organisation or sender may have, where it stands, and who it is given to. */
export interface Identity {
  readonly kind: 'enterprise number' | 'NSSO number' | 'sender number' | 'login' | 'user name';
  readonly value: string;
  readonly path: string;
  readonly enterpriseNumber: unknown;
  readonly sender?: unknown;
}

/** Every value of the file that must be unique; parts of the wrong form are passed over. */
export function identitiesIn(content: unknown): Identity[] {
  return groups(content, 'organisations', []).flatMap(({ group, path }) => {
    const enterpriseNumber = group['enterpriseNumber'];
    const senders = groups(group, 'qualities', path).flatMap((quality) =>
      groups(quality.group, 'senders', quality.path),
    );
    const own = { enterpriseNumber };
    return [
      ...identity('enterprise number', group, 'enterpriseNumber', path, own),
      ...identity('NSSO number', group, 'nssoNumber', path, own).map(withoutZeros),
      ...groups(group, 'people', path).flatMap((entry) =>
        identity('user name', entry.group, 'userName', entry.path, own),
      ),
      ...senders.flatMap((entry) => {
        const whose = { enterpriseNumber, sender: entry.group['number'] };
        return [
          ...identity('sender number', entry.group, 'number', entry.path, whose),
          ...identity('login', entry.group, 'login', entry.path, whose),
        ];
      }),
    ];
  });
}

type Group = Readonly<Record<string, unknown>>;
type Step = readonly (string | number)[];

function groups(parent: unknown, key: string, path: Step): { readonly group: Group; readonly path: Step }[] {
  const list = isGroup(parent) ? parent[key] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((group, index) => (isGroup(group) ? [{ group, path: [...path, key, index] }] : []));
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Whose = Pick<Identity, 'enterpriseNumber' | 'sender'>;

function identity(kind: Identity['kind'], group: Group, key: string, path: Step, whose: Whose): Identity[] {
  const value = group[key];
  return typeof value === 'string' ? [{ kind, value, path: pathText([...path, key]), ...whose }] : [];
}

function withoutZeros(found: Identity): Identity {
  return { ...found, value: plainNsso(found.value) };
}
