import type { Db } from '../store/database.ts';
import { rowsOf } from '../store/sql.ts';
import { mayShow, type View } from './access.ts';
import type { Totals } from './counts.ts';

/** What lies in a mailbox of one message type and partition. */
interface Share extends Totals {
  /** Of the mailbox. */
  readonly mailbox: number;
  readonly messageType: string;
  readonly partition: string;
  readonly unread: number;
}

/** What lies in the mailboxes of a holder, in shares that are seen or not seen as a whole. */
export type Overview = readonly Share[];

/** The overview of a holder's mailboxes; empty when it has none. It can be asked for before it is known what may be seen. */
export async function overviewOf(db: Db, eboxId: string): Promise<Overview> {
  const rows = await rowsOf<Row>(
    db,
    `select mailbox, message_type, partition, sum(messages) as messages, sum(size) as bytes,
       sum(case when is_read then 0 else messages end) as unread
     from mailbox_counts where mailbox in (select id from mailboxes where ebox_id = ?)
     group by mailbox, message_type, partition`,
    [eboxId],
  );
  return rows.map(({ message_type: messageType, messages, bytes, unread, ...row }) => ({
    ...{ ...row, messageType, messages: Number(messages), bytes: Number(bytes), unread: Number(unread) },
  }));
}

/** What a view shows of a mailbox, added up. */
export function totalsSeen(overview: Overview, mailbox: number, view: View): Totals & { readonly unread: number } {
  const total = { messages: 0, bytes: 0, unread: 0 };
  for (const share of overview) {
    if (share.mailbox !== mailbox || !mayShow(view, share)) continue;
    total.messages += share.messages;
    total.bytes += share.bytes;
    total.unread += share.unread;
  }
  return total;
}

interface Row {
  readonly mailbox: number;
  readonly message_type: string;
  readonly partition: string;
  readonly messages: string | number;
  readonly bytes: string | number;
  readonly unread: string | number;
}
