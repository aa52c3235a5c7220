import type { Db } from '../../engine/store/database.ts';
import { change } from '../../engine/store/sql.ts';

/** How much lies where. */
export interface Filling {
  /** Numbered from 1. */
  readonly mailboxes: number;
  /** Positions in each mailbox, both included: an empty store is filled from 1 on. */
  readonly positions: readonly [first: number, last: number];
  /** What lies up to this position has expired. */
  readonly expired: number;
}

const EXPIRED = '2026-01-01T00:00:00.000Z';
const LIVING = '2036-01-01T00:00:00.000Z';
const AT = '2025-07-01T00:00:00.000Z';

/** Puts messages with one attachment each into mailboxes by few statements, and makes the mailboxes first when the store is empty. */
export async function fillMailboxes(db: Db, filling: Filling): Promise<void> {
  const { mailboxes, positions } = filling;
  const [first, last] = positions;
  for (const [into, select] of first === 1
    ? [BOXES(last), ...statements(filling), COUNTS(last)]
    : statements(filling)) {
    for (let from = 1; from <= mailboxes; from += STEP) {
      const numbers = `with recursive boxes(box) as
        (select cast(${from} as integer) union all select box + 1 from boxes where box < ${Math.min(mailboxes, from + STEP - 1)}),
        places(place) as (select ${first} union all select place + 1 from places where place < ${last})`;
      await change(db, `insert into ${into} ${numbers} ${select}`);
    }
  }
}

const STEP = 200; // mailboxes in one statement

type Statement = readonly [into: string, select: string];

const BOXES = (each: number): Statement => [
  'mailboxes (id, kind, ebox_id, created_at, last_position)',
  `select box, 'enterprise', cast(1000000000 + box as text), '${AT}', ${each} from boxes`,
];

const COUNTS = (each: number): Statement => [
  `mailbox_counts (mailbox, message_type, sender_organisation, sender_application, registered, partition, is_read, visible,
    messages, size)`,
  `select box, 'attest', '0403019261', '', false, 'GENERAL', false, true, ${each}, ${each * 20_000} from boxes`,
];

const statements = ({ expired }: Filling): readonly Statement[] => [
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
      case when place <= ${expired} then '${EXPIRED}' else '${LIVING}' end from boxes, places`,
  ],
  [
    'mailbox_search (mailbox, position, search)',
    "select box, place, 'een attest ' || box || ' over een kwartaal ' || place from boxes, places",
  ],
];

// no order that the rows have, as the engine's have none
const ID = `cast((box * 1000 + place) * 2654435761 % 4294967296 as text) || '-a09c-4b7c-' || box || '-' || place`;
