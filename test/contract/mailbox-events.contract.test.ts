import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { addMailboxEvent, type MailboxEvent, type NumberedEvent, readEvents } from '../../engine/mailboxes/events.ts';
import { type Db, openStore } from '../../engine/store/database.ts';
import { migrate } from '../../engine/store/migrate.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { createTestDatabase, STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const WRITERS = 10;
const KILLS = 5;
const EACH_KILLED = 60;
const EVENTS = 20_000;

const eventOf = (messageId: string): MailboxEvent => ({
  ...{ eventType: 'newDocument', enterpriseId: '0206731645', messageId, registeredMail: false },
  ...{ receiptDate: '2026-06-01T10:00:00.000Z', expirationDate: '2026-12-01T10:00:00.000Z' },
});

for (const kind of STORES) contract(kind);

/** What readers of the feed are promised on both stores: each event once, in order, none missing, however many write. */
function contract(kind: StoreKind): void {
  describe(`mailbox events contract: ${kind}`, function () {
    this.timeout(600_000);
    let stores: Db[];
    let remove: () => Promise<void>;
    let url: string;
    beforeEach(async () => {
      const database = await createTestDatabase(kind);
      // PostgreSQL serves processes, each with a connection that nobody shares; SQLite serves one process
      const shared = kind === 'sqlite' ? openStore({ url: database.url }) : undefined;
      stores = Array.from({ length: WRITERS + 2 }, () => shared ?? openStore({ url: database.url, poolSize: 1 }));
      ({ url, remove } = database);
      await migrate(stores[0] as Db);
    });
    afterEach(async () => {
      await Promise.all([...new Set(stores)].map((store) => store.destroy()));
      await remove();
    });

    it(`gives ${EVENTS} events of ${WRITERS} writers to two readers: each once, in order, with no gap`, async () => {
      const [first, second, ...writers] = stores;
      const state = { writing: true };
      const readers = [first, second].map((store) => follow(store as Db, state));
      await Promise.all(writers.map((store, writer) => write(store, writer)));
      state.writing = false;
      for (const seen of await Promise.all(readers)) {
        expect(seen.map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: EVENTS }, (_, at) => at + 1));
        expect(new Set(seen.map(({ messageId }) => messageId)).size).to.equal(EVENTS);
      }
    });

    it('gives each committed event once, in order, with no gap, though writers and readers are killed', async () => {
      const [db] = stores as [Db, ...Db[]];
      const script = join(packageRoot(), 'dist/test/support/event-process.js');
      const committed: string[] = [];
      const begin = (...args: string[]) => {
        const child = fork(script, [url, ...args]);
        child.on('message', (id) => committed.push(String(id)));
        return { child, ended: once(child, 'exit') };
      };
      const writers = Array.from({ length: WRITERS }, (_, at) => begin('write', `w${at}`, String(EACH_KILLED)));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const reader = begin('read');
        const before = committed.length;
        await eventually(() => expect(committed.length).to.be.greaterThan(before + 20), 60_000);
        reader.child.kill('SIGKILL');
        writers[kill]?.child.kill('SIGKILL');
        await reader.ended;
      }
      await Promise.all(writers.map(({ ended }) => ended));
      const { events, hasNext } = await readEvents(db, { after: 0, limit: WRITERS * EACH_KILLED });
      expect(hasNext).to.equal(false);
      expect(events.map(({ sequence }) => sequence)).to.deep.equal(events.map((_, at) => at + 1));
      const ids = events.map(({ messageId }) => messageId);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(ids).to.include.members(committed);
      expect(ids.length - committed.length, 'committed by writers that were killed before they said so').to.be.within(
        0,
        KILLS,
      );
      expect(committed.length).to.be.lessThan(WRITERS * EACH_KILLED);
    });

    it('gives a number to no event that was not committed, and counts one that is told twice once', async () => {
      const [db] = stores as [Db, ...Db[]];
      const tell = (tx: Db, id: string) => addMailboxEvent(tx, eventOf(id), { provider: 'bode', at: new Date() });
      await inTransaction(
        db,
        (tx) => tell(tx, 'rolled back'),
        () => false,
      );
      expect([await tell(db, 'kept'), await tell(db, 'kept')]).to.deep.equal([true, false]);
      const page = await readEvents(db, { after: 0, limit: 10 });
      expect(page.events.map(({ sequence, messageId }) => [sequence, messageId])).to.deep.equal([[1, 'kept']]);
      expect(page).to.include({ lastSequence: 1, hasNext: false });
    });

    it('pages, and begins at an instant', async () => {
      const [db] = stores as [Db, ...Db[]];
      for (const day of [1, 2, 3]) {
        const at = new Date(`2026-06-0${day}T10:00:00Z`);
        await addMailboxEvent(db, eventOf(`m-${day}`), { provider: 'bode', at });
      }
      expect(await readEvents(db, { after: 0, limit: 2 })).to.include({ lastSequence: 2, hasNext: true });
      expect(await readEvents(db, { after: 2, limit: 2 })).to.include({ lastSequence: 3, hasNext: false });
      expect(await readEvents(db, { after: 3, limit: 2 })).to.include({ lastSequence: 3, hasNext: false });
      const since = await readEvents(db, { after: 0, limit: 9, since: new Date('2026-06-02T00:00:00Z') });
      expect(since.events.map(({ messageId }) => messageId)).to.deep.equal(['m-2', 'm-3']);
    });
  });
}

/** Commits its share of the events, every second time after it has rolled one back and let others go first. */
async function write(store: Db, writer: number): Promise<void> {
  for (let at = 0; at < EVENTS / WRITERS; at += 1) {
    const tell = async (tx: Db, id: string) => {
      await addMailboxEvent(tx, eventOf(id), { provider: 'bode', at: new Date() });
      await new Promise(setImmediate);
    };
    if (at % 2 === 0) {
      await inTransaction(
        store,
        (tx) => tell(tx, `${writer}-${at}-no`),
        () => false,
      );
    }
    await inTransaction(store, (tx) => tell(tx, `${writer}-${at}`));
  }
}

/** Reads on from the last number until the writers have ended and nothing is left. */
async function follow(store: Db, state: { readonly writing: boolean }): Promise<NumberedEvent[]> {
  const seen: NumberedEvent[] = [];
  for (;;) {
    const isLast = !state.writing;
    const page = await readEvents(store, { after: seen.at(-1)?.sequence ?? 0, limit: 500 });
    seen.push(...page.events);
    if (isLast && !page.hasNext) return seen;
    await new Promise(setImmediate);
  }
}
