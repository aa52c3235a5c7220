import { GENERAL } from '../../engine/mailboxes/routing.ts';
import type { Db } from '../../engine/store/database.ts';

/** How many mailboxes there are, how many messages are in each, and in the large one. */
export interface Filling {
  readonly mailboxes: number;
  readonly each: number;
  readonly large: number;
}

/** The mailbox of 100 that is read, and the large one: enterprise numbers. */
export const SMALL_BOX = '0206731645';
export const LARGE_BOX = '0884303369';

const TYPES = 8;

/** The types of the messages. */
export const MESSAGE_TYPES = Array.from({ length: TYPES }, (_, number) => `type-${number}`);
const SENDER = '0403019261';

/**
 * Fills an empty store: eight message types, four of five messages read, a PDF in each. Every message says "attest", one of
 * five says "kwartaal"; "zeldzaam" is said by every 25,000th of the large mailbox, and by four of every other.
 */
export async function fill(db: Db, { mailboxes, each, large }: Filling): Promise<void> {
  await db.raw('set synchronous_commit = off');
  await db.raw('drop index if exists mailbox_search_text');
  await db.raw(
    `insert into mailboxes (kind, ebox_id, created_at, active_since, last_position, last_consulted_at, last_received_at)
     select 'enterprise', case n when 1 then ? when 2 then ? else lpad(n::text, 10, '0') end,
       '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 0, '2099-01-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'
     from generate_series(1, ?::int) n`,
    [SMALL_BOX, LARGE_BOX, mailboxes + 1],
  );
  const [small, big] = await db('mailboxes').whereIn('ebox_id', [SMALL_BOX, LARGE_BOX]).orderBy('id').pluck('id');
  // the boxes take turns, as in life: what one has lies all over the table
  await place(db, 'id <> ?', [big], each, Math.max(1, Math.floor(each / 4)));
  await place(db, 'id = ?', [big], large, 25_000);
  await db.raw(COUNTS);
  await db.raw('create index mailbox_search_text on mailbox_search using gin (mailbox, search public.gin_trgm_ops)');
  for (const table of [
    'mailboxes',
    'messages',
    'attachments',
    'mailbox_messages',
    'mailbox_search',
    'mailbox_counts',
  ]) {
    await db.raw(`vacuum analyze ${table}`);
  }
  if (small === undefined || big === undefined) throw new Error('the mailboxes that are read are not there');
}

const PART = 20_000;

async function place(db: Db, which: string, values: unknown[], count: number, rareEvery: number): Promise<void> {
  const boxes = await db('mailboxes')
    .whereRaw(which, values as never[])
    .pluck('id');
  const step = Math.max(1, Math.floor(PART / boxes.length));
  for (let from = 0; from < count; from += step) {
    await db.raw(
      `create temporary table part as
       select b.id as mailbox, p.n as position, b.id || '-' || p.n as message_id,
         'type-' || (p.n * 7 % ${TYPES}) as message_type, p.n % 5 = 0 as unread,
         to_char(timestamp '2025-06-01' + p.n * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"') as at,
         (p.n % ?::int) = 0 as rare
       from generate_series(?::int, ?::int) as p(n) cross join mailboxes b where b.${which}`,
      [rareEvery, from + 1, Math.min(count, from + step), ...(values as never[])],
    );
    await db.raw(MESSAGES, [SENDER]);
    await db.raw(`insert into attachments (message_id, number, file_name, media_type, main, sha256, size)
      select message_id, 1, 'attest.pdf', 'application/pdf', true, md5(message_id) || md5(message_id), 50000 from part`);
    await db.raw(PLACES, [SENDER, GENERAL]);
    await db.raw(SEARCH);
    await db.raw('drop table part');
  }
  await db.raw(`update mailboxes set last_position = ? where ${which}`, [count, ...(values as never[])]);
}

const TEXT = `'attest ' || substr(md5(message_id), 1, 12) || case when position % 5 = 0 then ' kwartaal' else '' end
  || case when rare then ' zeldzaam' else '' end`;

const MESSAGES = `insert into messages (id, message_type, sender_organisation, sender_application, registered, subject,
    business_data, published_at, size)
  select message_id, message_type, ?, '', false, json_build_object('nl', ${TEXT}), '[]', at, 50000
  from part`;

const SEARCH = `insert into mailbox_search (mailbox, position, search)
  select mailbox, position, chr(1) || 'nl' || chr(1) || ${TEXT} || chr(2) || 'nl' || chr(2) from part`;

const PLACES = `insert into mailbox_messages (mailbox, position, message_id, message_type, sender_organisation,
    sender_application, registered, partition, received_at, expires_at, first_read_at)
  select mailbox, position, message_id, message_type, ?, '', false, ?, at, '2036-01-01T00:00:00.000Z',
    case when unread then null else at end from part`;

const COUNTS = `insert into mailbox_counts (mailbox, message_type, sender_organisation, sender_application, registered,
    partition, is_read, visible, messages, size)
  select mailbox, message_type, sender_organisation, sender_application, registered, partition,
    first_read_at is not null, visible, count(*), count(*) * 50000
  from mailbox_messages group by 1, 2, 3, 4, 5, 6, 7, 8`;
