import type { Db } from '../../engine/store/database.ts';
import { change } from '../../engine/store/sql.ts';

/** How much lies where. */
export interface Filling {
  readonly mailboxes: number;
  /** In each mailbox; half of them, the oldest, have expired. */
  readonly messagesEach: number;
}

const EXPIRED = '2026-01-01T00:00:00.000Z';
const LIVING = '2036-01-01T00:00:00.000Z';
const AT = '2025-07-01T00:00:00.000Z';

/** Fills an empty store with mailboxes, from number `first` on, by few statements: messages with one attachment each. */
export async function fillMailboxes(db: Db, { mailboxes, messagesEach }: Filling, first = 1): Promise<void> {
  const last = first + mailboxes - 1;
  for (const [into, select] of statements(messagesEach)) {
    for (let from = first; from <= last; from += STEP) {
      const numbers = `with recursive boxes(box) as
        (select cast(${from} as integer) union all select box + 1 from boxes where box < ${Math.min(last, from + STEP - 1)}),
        places(place) as (select 1 union all select place + 1 from places where place < ${messagesEach})`;
      await change(db, `insert into ${into} ${numbers} ${select}`);
    }
  }
}

const STEP = 200; // mailboxes in one statement

const statements = (each: number): readonly (readonly [into: string, select: string])[] => [
  [
    'mailboxes (id, kind, ebox_id, created_at, last_position)',
    `select box, 'enterprise', cast(1000000000 + box as text), '${AT}', ${each} from boxes`,
  ],
  [
    'messages (id, message_type, sender_organisation, sender_application, registered, subject, business_data, published_at, size)',
    `select ${ID}, 'attest', '0403019261', '', false, '{"nl":"Een attest over een kwartaal"}', '[]', '${AT}', 20000
      from boxes, places`,
  ],
  [
    'attachments (message_id, number, file_name, media_type, main, sha256, size)',
    `select ${ID}, 1, 'attest.pdf', 'application/pdf', true, '${'a'.repeat(64)}', 20000 from boxes, places`,
  ],
  [
    `mailbox_messages (mailbox, position, message_id, message_type, sender_organisation, sender_application, registered,
      partition, received_at, expires_at)`,
    `select box, place, ${ID}, 'attest', '0403019261', '', false, 'GENERAL', '${AT}',
      case when place <= ${each / 2} then '${EXPIRED}' else '${LIVING}' end from boxes, places`,
  ],
  [
    'mailbox_search (mailbox, position, search)',
    "select box, place, 'een attest ' || box || ' over een kwartaal ' || place from boxes, places",
  ],
  [
    `mailbox_counts (mailbox, message_type, sender_organisation, sender_application, registered, partition, is_read, visible,
      messages, size)`,
    `select box, 'attest', '0403019261', '', false, 'GENERAL', false, true, ${each}, ${each * 20_000} from boxes`,
  ],
];

const ID = `'message-' || box || '-' || place`;
