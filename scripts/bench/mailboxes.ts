import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchPatterns } from '../../engine/mailboxes/fold.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import type { Figure } from '../bench.ts';
import { startServices } from './flow-services.ts';
import { type MailboxEngine, startMailboxEngine } from './mailboxes-engine.ts';
import { type Filling, fill, LARGE_BOX, SMALL_BOX } from './mailboxes-fill.ts';

const WHOLE: Filling = { mailboxes: 20_000, each: 100, large: 500_000 };
const SQL_BAR = 3; // times the best bare SQL for the same answer
const SIZE_BAR = 2; // times what it takes in a mailbox of 100
const MEMORY_BAR = 1.25;
const ROUNDS = 1_000; // of which 50 are above the figure: fewer, and one pause of the machine decides
const FEWEST_ROUNDS = 100;
const WARM_UP = 300; // as in an engine that has been running
const LONGEST_MS = 30_000; // for a question that takes long in SQL

/** A question to a mailbox: through the API, and the best statement for the same answer. */
interface Question {
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  /** After the mailbox. */
  readonly bindings: readonly unknown[];
}

/** What a page shows: the messages of some places, with their attachments, as JSON. */
const shown = (places: string) => `select coalesce(json_agg(row_to_json(one) order by one.position desc), '[]') as items
  from (select p.*, m.subject, m.business_data, m.body_main, m.reply_allowed, m.attention, m.payment, m.original_id,
      (select json_agg(row_to_json(a) order by a.number) from attachments a where a.message_id = m.id) as attachments
    from (${places}) p join messages m on m.id = p.message_id) one`;

const total = (more: string) => `(select sum(messages) from mailbox_counts c where c.mailbox = b.id${more}) as total`;
const BOX = `from mailboxes b where b.kind = 'enterprise' and b.ebox_id = ?`;
const placesOf = (more: string) =>
  `select * from mailbox_messages where mailbox = b.id${more} order by position desc limit 25`;

const [pattern = ''] = searchPatterns('ZELDZAAM', 'nl');
const [common = ''] = searchPatterns('kwartaal', 'nl');
const FOUND = 'mailbox_search s join mailbox_messages x using (mailbox, position)';
const found = `select x.* from ${FOUND} where s.mailbox = b.id and s.search like ? order by position desc limit 25`;

const QUESTIONS: readonly Question[] = [
  {
    ...{ name: 'first page', path: '/ebox/messages', bindings: [] },
    sql: `select (${shown(placesOf(''))}) as items, ${total('')} ${BOX}`,
  },
  {
    ...{ name: 'filtered page', path: '/ebox/messages?messageTypeId=type-3&readStatus=false', bindings: [] },
    sql: `select (${shown(placesOf(" and message_type = 'type-3' and first_read_at is null"))}) as items,
      ${total(" and c.message_type = 'type-3' and not c.is_read")} ${BOX}`,
  },
  {
    ...{ name: 'search', path: '/ebox/messages?q=ZELDZAAM&qlang=nl', bindings: [pattern, pattern] },
    sql: `select (${shown(found)}) as items,
      (select count(*) from mailbox_search s where s.mailbox = b.id and s.search like ?) as total ${BOX}`,
  },
  {
    ...{ name: 'search of what many say', path: '/ebox/messages?q=kwartaal&qlang=nl', bindings: [common, common] },
    sql: `select (${shown(found)}) as items, (select count(*) from (
      select 1 from mailbox_search s where s.mailbox = b.id and s.search like ? limit 1001) y) as total ${BOX}`,
  },
  {
    ...{ name: 'unread count', path: '/ebox', bindings: [] },
    sql: `select b.last_received_at, b.last_consulted_at, sum(c.messages) as messages, sum(c.size) as size,
        sum(c.messages) filter (where not c.is_read) as unread
      from mailboxes b join mailbox_counts c on c.mailbox = b.id
      where b.kind = 'enterprise' and b.ebox_id = ? group by b.id`,
  },
];

/**
 * Reads through the API on PostgreSQL, 95th percentile of up to so many: against the best bare SQL for the same answer by turns, and
 * in a mailbox of 500,000 against one of 100. 2,000,000 further messages lie in 20,000 mailboxes.
 */
export async function* benchMailboxes(filling: Filling = WHOLE): AsyncIterable<Figure> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-bench-mailboxes-'));
  chmodSync(dir, 0o711);
  const services = await startServices(join(dir, 'services'));
  try {
    const url = await services.newDatabase('mailboxes');
    const db = openStore({ url, poolSize: 1, answerWithinMs: 3_600_000 });
    await migrate(db);
    await fill(db, filling);
    const engine = await startMailboxEngine(dir, url);
    try {
      const first = await peakOfSmall(engine);
      for (const question of QUESTIONS) yield* figuresOf(question, db, engine);
      yield figure('memory after all of these, against pages of 100 only', engine.peakMib(), first, MEMORY_BAR, 'MiB');
    } finally {
      await engine.stop();
      await db.destroy();
    }
  } finally {
    await services.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The memory of an engine that has answered many times for one small mailbox. */
async function peakOfSmall(engine: MailboxEngine): Promise<number> {
  for (let round = 0; round < 2 * ROUNDS; round += 1) await engine.ask(SMALL_BOX, '/ebox/messages');
  return engine.peakMib();
}

async function* figuresOf(question: Question, db: Db, engine: MailboxEngine): AsyncIterable<Figure> {
  const small = await compare(question, SMALL_BOX, db, engine);
  const large = await compare(question, LARGE_BOX, db, engine);
  for (const [size, { api, sql }] of [
    ['100', small],
    ['500,000', large],
  ] as const) {
    yield figure(`${question.name} of ${size}, against bare SQL`, api, sql, SQL_BAR);
  }
  yield figure(`${question.name} of 500,000, against one of 100`, large.api, small.api, SIZE_BAR);
}

function figure(name: string, value: number, reference: number, bar: number, unit = 'ms'): Figure {
  const ratio = value / reference;
  return { ...{ bench: 'mailboxes', case: name, value, unit, reference, ratio, bar }, ok: ratio <= bar };
}

/** By turns, so that what else the machine does hits both alike. */
async function compare({ name, path, sql, bindings }: Question, box: string, db: Db, engine: MailboxEngine) {
  const [answer, bareAnswer] = [
    JSON.parse(await engine.ask(box, path)),
    await db.raw(sql, [...bindings, box] as never[]),
  ];
  const [said, known] = [answer, bareAnswer.rows[0]].map(({ items, numberOfMessages, messages }) => {
    return Number(items?.length ?? numberOfMessages ?? messages);
  });
  if (!said || said !== known) throw new Error(`${name}: ${said} messages through the API, ${known} in the store`);
  const [api, bare]: [number[], number[]] = [[], []];
  const end = performance.now() + LONGEST_MS;
  const isOver = () => performance.now() > end && bare.length >= FEWEST_ROUNDS;
  for (let round = -WARM_UP; round < ROUNDS && !isOver(); round += 1) {
    const took = [
      await timed(() => engine.ask(box, path)),
      await timed(() => db.raw(sql, [...bindings, box] as never[])),
    ];
    if (round < 0 && performance.now() < end) continue;
    api.push(took[0] ?? 0);
    bare.push(took[1] ?? 0);
  }
  return { api: percentile95(api), sql: percentile95(bare) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function percentile95(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length * 0.95)] ?? 0;
}
