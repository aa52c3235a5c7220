import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { mayShow, type View } from './access.ts';
import type { Totals } from './counts.ts';
import { type Mailbox, type MailboxRow, mailboxOf } from './mailboxes.ts';

/** What lies in a mailbox of one message type and partition: a view shows all of it or nothing. */
interface Share extends Totals {
  readonly messageType: string;
  readonly partition: string;
  readonly unread: number;
}

/** A mailbox with what lies in it. */
export interface Overview {
  readonly mailbox: Mailbox;
  readonly shares: readonly Share[];
}

/** A holder's mailboxes with what lies in them, by one statement: it can be asked before it is known what may be seen. */
export async function overviewsOf(db: Db, eboxId: string): Promise<Overview[]> {
  const rows = await rowsOf<Row>(
    db,
    `select b.*, c.message_type, c.partition, sum(c.messages) as messages, sum(c.size) as bytes,
       sum(case when c.is_read then 0 else c.messages end) as unread
     from mailboxes b left join mailbox_counts c on c.mailbox = b.id where b.ebox_id = ?
     group by b.id, c.message_type, c.partition order by b.id`,
    [eboxId],
  );
  const ids = [...new Set(rows.map(({ id }) => id))];
  return ids.map((id) => overviewIn(rows.filter((row) => row.id === id)));
}

function overviewIn(rows: readonly Row[]): Overview {
  const [first] = rows;
  if (!first) throw new Error('a mailbox of no rows');
  const shares = rows.flatMap(({ message_type: messageType, partition, messages, bytes, unread }) => {
    if (messageType === null || partition === null) return [];
    return [{ messageType, partition, messages: Number(messages), bytes: Number(bytes), unread: Number(unread) }];
  });
  return { mailbox: mailboxOf(first), shares };
}

/** What a view shows of these, added up. */
export function totalsSeen(shares: readonly Share[], view: View): Totals & { readonly unread: number } {
  const total = { messages: 0, bytes: 0, unread: 0 };
  for (const share of shares) {
    if (!mayShow(view, share)) continue;
    total.messages += share.messages;
    total.bytes += share.bytes;
    total.unread += share.unread;
  }
  return total;
}

interface Row extends MailboxRow {
  readonly message_type: string | null;
  readonly partition: string | null;
  readonly messages: string | number;
  readonly bytes: string | number;
  readonly unread: string | number;
}
