import type { Db } from '../store/database.ts';
import { type Binding, rowsOf, write } from '../store/sql.ts';

/** What totals are kept by: everything that a list may be filtered by and that has few values. */
export interface Sort {
  readonly messageType: string;
  readonly senderOrganisation: string;
  /** '' for none. */
  readonly senderApplication: string;
  readonly registered: boolean;
  readonly partition: string;
  readonly read: boolean;
  readonly visible: boolean;
}

/** Messages of a mailbox, and the bytes of their attachments. */
export interface Totals {
  readonly messages: number;
  readonly bytes: number;
}

/** The message types that any mailbox has, or had, messages of; looks through the totals of all. */
export async function typesInUse(db: Db): Promise<string[]> {
  const rows = await rowsOf<{ message_type: string }>(db, 'select distinct message_type from mailbox_counts');
  return rows.map((row) => row.message_type);
}

/** Adds to the totals of one sort (takes away when negative). The caller has taken the mailbox: see lockMailbox. */
export async function count(tx: Db, mailbox: number, sort: Sort, { messages, bytes }: Totals): Promise<void> {
  const values = [sort.messageType, sort.senderOrganisation, sort.senderApplication, sort.registered, sort.partition];
  await write(tx, ADD, [mailbox, ...values, sort.read, sort.visible, messages, bytes]);
}

const KEY = 'mailbox, message_type, sender_organisation, sender_application, registered, partition, is_read, visible';
const ADD = `insert into mailbox_counts (${KEY}, messages, size) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (${KEY}) do update set
    messages = mailbox_counts.messages + excluded.messages, size = mailbox_counts.size + excluded.size`;

/** Moves one message from one sort to another. The caller has taken the mailbox. */
export async function recount(tx: Db, mailbox: number, from: Sort, to: Sort, bytes: number): Promise<void> {
  await count(tx, mailbox, from, { messages: -1, bytes: -bytes });
  await count(tx, mailbox, to, { messages: 1, bytes });
}

/** Which sorts are asked for: those that agree in what is given; a list: any of it. */
export interface SortFilter {
  readonly messageType?: string;
  readonly senderOrganisation?: string;
  readonly senderApplication?: string;
  readonly registered?: boolean;
  readonly read?: boolean;
  readonly visible?: boolean;
  readonly partitions?: readonly string[];
  /** Of these message types only; absent: of all. */
  readonly types?: readonly string[];
}

/** The totals of the sorts that are asked for, exact whatever the size of the mailbox: a few rows are added up. */
export async function totalsOf(db: Db, mailbox: number, filter: SortFilter = {}): Promise<Totals> {
  const { messages, bytes } = await summaryOf(db, mailbox, filter);
  return { messages, bytes };
}

/** The question how many messages there are of the sorts that are asked for, as a statement. */
export function messagesOf(
  mailbox: number,
  filter: SortFilter,
): { readonly sql: string; readonly bindings: Binding[] } {
  const { conditions, bindings } = conditionsFor(filter, READ_COLUMN);
  const all = ['mailbox = ?', ...conditions].join(' and ');
  return {
    sql: `select coalesce(sum(messages), 0) as counted from mailbox_counts where ${all}`,
    bindings: [mailbox, ...bindings],
  };
}

/** What there is of the sorts that are asked for, and how much of it is unread, in one look. */
export async function summaryOf(
  db: Db,
  mailbox: number,
  filter: SortFilter = {},
): Promise<Totals & { readonly unread: number }> {
  const { conditions, bindings } = conditionsFor(filter, READ_COLUMN);
  const [row] = await rowsOf<Readonly<Record<'messages' | 'size' | 'unread', string | number | null>>>(
    db,
    `select sum(messages) as messages, sum(size) as size, sum(case when is_read then 0 else messages end) as unread
     from mailbox_counts where ${['mailbox = ?', ...conditions].join(' and ')}`,
    [mailbox, ...bindings],
  );
  return { messages: Number(row?.messages ?? 0), bytes: Number(row?.size ?? 0), unread: Number(row?.unread ?? 0) };
}

/** The totals of each message type of which there is anything, by its id. */
export async function totalsByType(
  db: Db,
  mailbox: number,
  filter: SortFilter = {},
): Promise<{ readonly messageType: string; readonly messages: number; readonly unread: number }[]> {
  const { conditions, bindings } = conditionsFor(filter, READ_COLUMN);
  const rows = await rowsOf<{ message_type: string; messages: string | number; unread: string | number }>(
    db,
    `select message_type, sum(messages) as messages, sum(case when is_read then 0 else messages end) as unread
     from mailbox_counts where ${['mailbox = ?', ...conditions].join(' and ')}
     group by message_type having sum(messages) > 0 order by message_type`,
    [mailbox, ...bindings],
  );
  return rows.map(({ message_type: messageType, messages, unread }) => ({
    ...{ messageType, messages: Number(messages), unread: Number(unread) },
  }));
}

const READ_COLUMN = (read: boolean) => (read ? 'is_read' : 'not is_read');

/** Which types are asked for beside one: none where that one is among them, as fewer values make a statement that is planned once. */
function typesBeside({ messageType, types }: SortFilter): readonly string[] | undefined {
  return messageType !== undefined && types?.includes(messageType) ? undefined : types;
}

/** A filter as conditions on the columns that the totals and the messages of a mailbox have in common. */
export function conditionsFor(
  filter: SortFilter,
  readAs: (read: boolean) => string,
): { readonly conditions: string[]; readonly bindings: Binding[] } {
  const equal = {
    message_type: filter.messageType,
    sender_organisation: filter.senderOrganisation,
    sender_application: filter.senderApplication,
  };
  const given = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { registered, visible, read, partitions } = filter;
  const types = typesBeside(filter);
  const flags = [
    ...(registered === undefined ? [] : [registered ? 'registered' : 'not registered']),
    ...(visible === undefined ? [] : [visible ? 'visible' : 'not visible']),
    ...(read === undefined ? [] : [readAs(read)]),
  ];
  return {
    conditions: [
      ...given.map(([column]) => `${column} = ?`),
      ...flags,
      ...(partitions ? [`partition in (${partitions.map(() => '?').join(', ') || 'null'})`] : []),
      ...(types ? [`message_type in (${types.map(() => '?').join(', ') || 'null'})`] : []),
    ],
    bindings: [...given.map(([, value]) => value), ...(partitions ?? []), ...(types ?? [])],
  };
}
