import { expect } from 'chai';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import { createWalks, type PageQuery, readPage, type Walks } from '../../engine/mailboxes/pages.ts';
import { setVisible } from '../../engine/mailboxes/placed.ts';
import { removeMany } from '../../engine/mailboxes/remove.ts';
import type { Search } from '../../engine/mailboxes/search.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../support/mailboxes.ts';

const RULES = { types: typesOf(aMessageType(), aMessageType({ id: 'letter' })), provider: 'bode' };

for (const kind of STORES) contract(kind);

/** What both stores must do alike when a mailbox is paged through, filtered and searched. */
function contract(kind: StoreKind): void {
  describe(`mailbox pages contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    let walks: Walks;
    let mailbox: number;
    before(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    after(() => close());
    beforeEach(async () => {
      walks = createWalks(() => new Date());
      for (const table of TABLES) await db(table).delete();
      for (let at = 0; at < 10; at += 1)
        await deliver({ id: `m-${at}`, messageType: at % 2 ? 'letter' : 'attest' }, at);
    });

    async function deliver(about: Parameters<typeof aMessage>[0], minute = 30): Promise<void> {
      const now = new Date(Date.UTC(2026, 5, 1, 10, minute));
      await inTransaction(db, async (tx) => {
        mailbox = (await deliverMessage(tx, aMessage(about), ENTERPRISE, RULES, now)).mailbox.id;
      });
    }

    type Asked = Partial<PageQuery> & { readonly walk?: string };
    async function page({ walk = 'mine', ...asked }: Asked) {
      const query = { mailbox, filter: {}, page: 1, pageSize: 3, ...asked };
      const { items, total } = await readPage(db, query, walks.of(walk));
      return { ids: items.map(({ placed }) => placed.messageId), total };
    }
    const searching = (query: string, about: Partial<Search> = {}): Search => ({
      ...{ query, language: 'nl', types: [], applications: [], organisations: [] },
      ...about,
    });

    it('gives the newest first, and how many there are', async () => {
      expect(await page({})).to.deep.equal({ ids: ['m-9', 'm-8', 'm-7'], total: 10 });
      expect(await page({ page: 2 })).to.deep.equal({ ids: ['m-6', 'm-5', 'm-4'], total: 10 });
      expect(await page({ page: 4 })).to.deep.equal({ ids: ['m-0'], total: 10 });
      expect(await page({ page: 5 })).to.deep.equal({ ids: [], total: 10 });
    });

    it('gives a page that nobody walked to by counting, from whichever end is nearer', async () => {
      for (const [number, ids] of [
        [2, ['m-6', 'm-5', 'm-4']],
        [3, ['m-3', 'm-2', 'm-1']],
        [4, ['m-0']],
        [9, []],
      ] as const) {
        expect((await page({ page: number, walk: `to ${number}` })).ids, String(number)).to.deep.equal(ids);
      }
    });

    it('shows nothing twice and leaves nothing out when messages come and go between two pages', async () => {
      await page({});
      await deliver({ id: 'new-1' });
      await deliver({ id: 'new-2' });
      expect((await page({ page: 2 })).ids).to.deep.equal(['m-6', 'm-5', 'm-4']);
      const gone = await db('mailbox_messages').whereIn('message_id', ['m-9', 'm-5']).pluck('position');
      await inTransaction(db, (tx) =>
        removeMany(
          tx,
          gone.map((position) => ({ mailbox, position })),
        ),
      );
      expect((await page({ page: 3 })).ids).to.deep.equal(['m-3', 'm-2', 'm-1']);
      expect(await page({})).to.deep.equal({ ids: ['new-2', 'new-1', 'm-8'], total: 10 });
      expect((await page({ page: 2 })).ids).to.deep.equal(['m-7', 'm-6', 'm-4']);
    });

    it('filters by what is counted, and tells exactly how many there are', async () => {
      expect(await page({ filter: { messageType: 'letter' } })).to.deep.equal({ ids: ['m-9', 'm-7', 'm-5'], total: 5 });
      await inTransaction(db, (tx) => setVisible(tx, mailbox, new Map([['m-9', false]])));
      const visible = await page({ filter: { messageType: 'letter', visible: true, read: false } });
      expect(visible).to.deep.equal({ ids: ['m-7', 'm-5', 'm-3'], total: 4 });
      expect(await page({ filter: { visible: false } })).to.deep.equal({ ids: ['m-9'], total: 1 });
      expect(await page({ filter: { registered: true } })).to.deep.equal({ ids: [], total: 0 });
      expect(await page({ filter: { types: ['letter'], partitions: ['GENERAL'] } })).to.include({ total: 5 });
    });

    it('filters by when messages came and when they expire', async () => {
      const at = (minute: number) => new Date(Date.UTC(2026, 5, 1, 10, minute)).toISOString();
      expect(await page({ filter: { receivedFrom: at(3), receivedBefore: at(6) } })).to.deep.equal({
        ...{ ids: ['m-5', 'm-4', 'm-3'], total: 3 },
      });
      expect(await page({ filter: { receivedBefore: at(0) } })).to.deep.equal({ ids: [], total: 0 });
      expect(await page({ filter: { receivedFrom: at(59) } })).to.deep.equal({ ids: [], total: 0 });
      const expiring = { expiresFrom: '2026-12-01T10:08:00.000Z', expiresBefore: '2026-12-01T10:09:00.000Z' };
      expect(await page({ filter: expiring })).to.deep.equal({ ids: ['m-8'], total: 1 });
    });

    it('finds what a message says in a language, whatever case and accents, and what is called so', async () => {
      const data = [{ key: 'place', name: { nl: 'Plaats' }, values: [{ nl: 'Liège' }, { fr: 'Lüttich' }] }];
      await deliver({ id: 'said', subject: { nl: 'Een Café', fr: 'Un bistro' }, businessData: data });
      await deliver({ id: 'for', attention: { name: 'Zoë Peeters' }, subject: { nl: '100%_zeker' } });
      const found = async (query: string, about = {}) => (await page({ search: searching(query, about) })).ids;
      expect(await found('CAFE')).to.deep.equal(['said']);
      expect(await found('afé')).to.deep.equal(['said']);
      expect(await found('liege')).to.deep.equal(['said']);
      expect(await found('plaats')).to.deep.equal(['said']);
      expect(await found('CAFE', { language: 'fr' })).to.deep.equal([]);
      expect(await found('luttich', { language: 'fr' })).to.deep.equal(['said']);
      expect(await found('zoe p', { language: 'de' })).to.deep.equal(['for']);
      expect(await found('0%_z')).to.deep.equal(['for']);
      expect(await found('0_z')).to.deep.equal([]);
      expect(await found('é')).to.deep.equal(['for', 'said', 'm-9']);
      expect(await found("'; drop table messages; --")).to.deep.equal([]);
      const named = await page({ search: searching('nothing', { types: ['letter'] }), filter: { read: false } });
      expect(named).to.deep.equal({ ids: ['m-9', 'm-7', 'm-5'], total: 5 });
    });

    it('filters what a search found, few or many', async () => {
      const filtered = { search: searching('attest'), filter: { types: ['letter'] } };
      expect(await page({ ...filtered, walk: 'few' })).to.deep.equal({ ids: ['m-9', 'm-7', 'm-5'], total: 5 });
      expect(await page({ ...filtered, filter: { types: [] }, walk: 'none' })).to.deep.equal({ ids: [], total: 0 });
      await many(db, mailbox, 1_100);
      expect(await page({ ...filtered, walk: 'many' })).to.deep.equal({ ids: ['m-9', 'm-7', 'm-5'], total: 5 });
    });

    it('finds what old messages say behind many newer ones', async () => {
      await many(db, mailbox, 2); // far above: positions in between were of messages that are gone
      const { ids, total } = await page({ search: searching('attest') });
      expect({ ids, total }).to.deep.equal({ ids: ['x-1', 'x-0', 'm-9'], total: 12 });
      const letters = await page({ search: searching('attest'), filter: { types: ['letter'] }, walk: 'letters' });
      expect(letters).to.deep.equal({ ids: ['m-9', 'm-7', 'm-5'], total: 5 });
    });

    it('finds all that says it, seldom or often, whatever part of a large mailbox it lies in', async () => {
      await many(db, mailbox, 11_000);
      const say = async (positions: readonly number[]) =>
        db('mailbox_search')
          .whereIn('position', positions)
          .update({ search: db.raw("replace(search, 'attest', 'zeldzaam')") });
      const found = async (walk: string) => (await page({ search: searching('zeldzaam'), pageSize: 100, walk })).ids;
      // around the places where the search stops to go through the newest
      const edges = [10_999, 9_501, 9_500, 9_499, 1_001, 1_000, 999, 0];
      await say(edges.map((at) => 100_000 + at));
      expect(await found('seldom')).to.deep.equal(edges.map((at) => `x-${at}`));
      const often = Array.from({ length: 30 }, (_, at) => 10_900 - at);
      await say(often.map((at) => 100_000 + at));
      const all = [...edges, ...often].sort((one, other) => other - one);
      expect(await found('often')).to.deep.equal(all.map((at) => `x-${at}`));
    });

    it('pages through what a search found, few or many', async () => {
      const walked = async (number: number) => (await page({ page: number, search: searching('attest') })).ids;
      expect([await walked(1), await walked(2)]).to.deep.equal([
        ['m-9', 'm-8', 'm-7'],
        ['m-6', 'm-5', 'm-4'],
      ]);
      await many(db, mailbox, 1_100);
      const all = { search: searching('attest'), walk: 'many' };
      expect(await page(all)).to.deep.equal({ ids: ['x-1099', 'x-1098', 'x-1097'], total: undefined });
      expect((await page({ ...all, page: 2 })).ids).to.deep.equal(['x-1096', 'x-1095', 'x-1094']);
      expect((await page({ ...all, page: 370, walk: 'far' })).ids).to.deep.equal(['m-2', 'm-1', 'm-0']);
    });
  });
}

const TABLES = [...['mailbox_counts', 'mailbox_events', 'mailbox_search', 'mailbox_messages', 'messages', 'mailboxes']];

/** Messages that are only to be there: put in at once. */
async function many(db: Db, mailbox: number, count: number): Promise<void> {
  const [message] = await db('messages').where({ id: 'm-0' });
  const [found] = await db('mailbox_search').where({ mailbox }).limit(1);
  const [placed] = await db('mailbox_messages').where({ message_id: 'm-0' });
  const ids = Array.from({ length: count }, (_, at) => at);
  for (let from = 0; from < count; from += 50) {
    const some = ids.slice(from, from + 50);
    await db('messages').insert(some.map((at) => ({ ...message, id: `x-${at}` })));
    await db('mailbox_search').insert(some.map((at) => ({ ...found, position: 100_000 + at })));
    await db('mailbox_messages').insert(
      some.map((at) => ({ ...placed, mailbox, position: 100_000 + at, message_id: `x-${at}` })),
    );
  }
}
