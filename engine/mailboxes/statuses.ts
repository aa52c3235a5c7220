import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import type { Caller } from './access.ts';

/** A message in one mailbox, as its publisher asks after it. */
export interface Couple {
  readonly messageId: string;
  readonly eboxId: string;
}

export interface MessageStatus extends Couple {
  readonly expiresAt: string;
  readonly read: boolean;
  readonly visible: boolean;
}

/**
 * What became of messages that the caller published, for whomever, and of those that its organisation sent: of those couples
 * that there are, in the order asked.
 */
export async function statusesOf(
  db: Db,
  { who, organisation }: Pick<Caller, 'who' | 'organisation'>,
  couples: readonly Couple[],
): Promise<MessageStatus[]> {
  const ids = [...new Set(couples.map(({ messageId }) => messageId))];
  const found = new Map<string, StatusRow>();
  for (let from = 0; from < ids.length; from += BATCH) {
    const some = ids.slice(from, from + BATCH);
    const boxes = [...new Set(couples.filter(({ messageId }) => some.includes(messageId)).map(({ eboxId }) => eboxId))];
    const bindings = [...some, ...boxes, organisation, who];
    const rows = await rowsOf<StatusRow>(db, query(some.length, boxes.length), bindings);
    for (const row of rows) found.set(`${row.message_id}:${row.ebox_id}`, row);
  }
  return couples.flatMap(({ messageId, eboxId }) => {
    const row = found.get(`${messageId}:${eboxId}`);
    if (!row) return [];
    const state = { expiresAt: row.expires_at, read: row.first_read_at !== null, visible: Boolean(row.visible) };
    return [{ messageId, eboxId, ...state }];
  });
}

const BATCH = 100;
const places = (count: number) => Array.from({ length: count }, () => '?').join(', ');

const query = (messages: number, mailboxes: number) =>
  `select p.message_id, b.ebox_id, p.expires_at, p.first_read_at, p.visible
   from mailbox_messages p join mailboxes b on b.id = p.mailbox join messages m on m.id = p.message_id
   where p.message_id in (${places(messages)}) and b.ebox_id in (${places(mailboxes)})
     and (p.sender_organisation = ? or m.publisher = ?)`;

interface StatusRow {
  readonly message_id: string;
  readonly ebox_id: string;
  readonly expires_at: string;
  readonly first_read_at: string | null;
  readonly visible: boolean | number;
}
