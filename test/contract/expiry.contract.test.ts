import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { recordsOf } from '../../engine/expiry/deletion-records.ts';
import { allDue } from '../../engine/expiry/due.ts';
import { addHold, listHolds, removeHold } from '../../engine/expiry/holds.ts';
import { totalsOf } from '../../engine/mailboxes/counts.ts';
import { readEvents } from '../../engine/mailboxes/events.ts';
import { findMailbox } from '../../engine/mailboxes/mailboxes.ts';
import { findMessage } from '../../engine/mailboxes/messages.ts';
import { waitingGroups } from '../../engine/mailboxes/notices.ts';
import { findPlaced, markRead } from '../../engine/mailboxes/placed.ts';
import { CONTENT_GRACE_MS, sweepUnnamed } from '../../engine/store/collect.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { filesOf } from '../support/content.ts';
import { STORES, type StoreKind } from '../support/database.ts';
import { DAY_MS, type ExpiryWorld, GRACE_MS, openExpiryWorld } from '../support/expiry.ts';
import { ENTERPRISE } from '../support/mailboxes.ts';

const ARRIVED = new Date('2026-06-01T10:00:00.000Z');
const EXPIRES = new Date('2026-12-01T10:00:00.000Z'); // six months
const CITIZEN = { kind: 'citizen', eboxId: '85073003328' } as const;
const DECISION = { who: 'an', reason: 'case 12', now: ARRIVED };

for (const kind of STORES) contract(kind);

/** What both stores must do alike with what expires. */
function contract(kind: StoreKind): void {
  describe(`expiry contract: ${kind}`, () => {
    let world: ExpiryWorld;
    beforeEach(async () => {
      world = await openExpiryWorld(kind, ARRIVED);
    });
    afterEach(() => world.close());

    const daysBefore = (days: number) => new Date(EXPIRES.getTime() - days * DAY_MS);
    const afterExpiry = (ms: number) => new Date(EXPIRES.getTime() + ms);
    const typesTold = async () =>
      (await readEvents(world.db, { after: 0, limit: 100 })).events.map(({ eventType }) => eventType);
    const warnedDays = async () => (await waitingGroups(world.db, 100)).map(({ days }) => days);
    const preview = async () => {
      const ids = [];
      for await (const { placed } of allDue(world.db, { at: world.now, graceMs: GRACE_MS })) ids.push(placed.messageId);
      return ids.sort();
    };
    const placedIn = async (messageId: string, mailbox: Parameters<typeof findMailbox>[1] = ENTERPRISE) =>
      findPlaced(world.db, (await findMailbox(world.db, mailbox))?.id ?? 0, messageId);
    async function read(messageId: string) {
      const placed = await placedIn(messageId);
      if (placed) await inTransaction(world.db, (tx) => markRead(tx, placed, world.now));
    }

    it('warns day by day of a document of six months, keeps it on its last day, and removes it with its content', async () => {
      const { id, attachments } = await world.deliver();
      const files = await filesOf(world.blobs);
      const steps: string[] = [];
      for (let day = 0; day <= 200; day += 1) {
        world.now = new Date(ARRIVED.getTime() + day * DAY_MS);
        const left = Math.round((EXPIRES.getTime() - world.now.getTime()) / DAY_MS);
        const { warned, alerted, reminded } = await world.warn();
        const announced = await preview();
        const { messages } = await world.prune();
        expect(messages, 'the preview and the run').to.equal(announced.length);
        if (warned + alerted + reminded + messages > 0)
          steps.push(`${day} ${left}: ${[warned, alerted, reminded, messages]}`);
        if (left === 0) expect(await findMessage(world.db, id)).to.include({ id });
      }
      expect(steps).to.deep.equal([
        '15 168: 0,0,1,0',
        '153 30: 1,0,0,0',
        '176 7: 1,1,0,0',
        '182 1: 1,0,0,0',
        '193 -10: 0,0,0,1',
      ]);
      expect(await warnedDays()).to.deep.equal([30, 7, 1]);
      expect(await typesTold()).to.deep.equal(['newDocument', 'newDocumentReminder', 'documentExpirationAlert']);
      expect(await findMessage(world.db, id)).to.equal(undefined);
      const [record] = await recordsOf(world.db, id);
      expect(JSON.parse(record?.content ?? '').removed[0].attachments[0].sha256).to.equal(attachments[0]?.sha256);
      expect(String(record?.signature)).to.equal(`signed:${record?.content}`);
      expect(files).to.have.length(1);
      const later = new Date(Date.now() + CONTENT_GRACE_MS + 1_000); // content is stored at the real time
      await sweepUnnamed({ ...world, clock: () => later, log: silentLogger() });
      expect(await filesOf(world.blobs)).to.deep.equal([]);
    });

    it('gives each warning once, however often it is run, and after an outage only the last that is due', async () => {
      await world.deliver();
      world.now = daysBefore(29);
      expect([(await world.warn()).warned, (await world.warn()).warned]).to.deep.equal([1, 0]);
      world.now = daysBefore(0.5);
      const runs = await Promise.all([world.warn(), world.warn(), world.warn()]);
      expect(runs.reduce((sum, { warned }) => sum + warned, 0)).to.equal(1);
      expect(await warnedDays()).to.deep.equal([30, 1]);
      expect(await typesTold()).to.deep.equal(['newDocument', 'newDocumentReminder', 'documentExpirationAlert']);
    });

    it('gives who has read a document no alert, no reminder and not the last warning', async () => {
      const { id } = await world.deliver();
      await read(id);
      for (const days of [150, 30, 7, 1]) {
        world.now = daysBefore(days);
        await world.warn();
      }
      expect(await warnedDays()).to.deep.equal([30, 7]);
      expect(await typesTold()).to.deep.equal(['newDocument']);
    });

    it('warns of nothing at a time before the document came', async () => {
      world.now = daysBefore(3); // it stays for six months more
      const { id } = await world.deliver();
      const short = new Date(world.now.getTime() + 5 * DAY_MS).toISOString();
      await world.db('mailbox_messages').where({ message_id: id }).update({ expires_at: short });
      expect((await world.warn()).warned).to.equal(0);
      world.now = new Date(world.now.getTime() + 4.5 * DAY_MS);
      expect((await world.warn()).warned).to.equal(1);
      expect(await warnedDays()).to.deep.equal([1]);
    });

    it('tells the feed nothing of people, and warns them all the same', async () => {
      await world.deliver({}, CITIZEN);
      world.now = daysBefore(7);
      expect(await world.warn()).to.deep.equal({ warned: 1, alerted: 0, reminded: 0 });
      expect(await typesTold()).to.deep.equal([]);
    });

    it('keeps what a hold covers until the last hold on it has ended', async () => {
      const held = await world.deliver();
      const typed = await world.deliver({ messageType: 'letter' });
      const boxed = await world.deliver({}, CITIZEN);
      const free = await world.deliver();
      const holds = [
        await addHold(world.db, { kind: 'message', messageId: held.id }, DECISION),
        await addHold(world.db, { kind: 'type', messageType: 'letter' }, DECISION),
        await addHold(world.db, { kind: 'mailbox', mailbox: CITIZEN }, DECISION),
        await addHold(world.db, { kind: 'mailbox', mailbox: CITIZEN }, { ...DECISION, reason: 'case 13' }),
      ];
      world.now = daysBefore(7);
      expect((await world.warn()).warned, 'of what is held nobody is warned').to.equal(1);
      world.now = afterExpiry(GRACE_MS);
      expect(await preview()).to.deep.equal([free.id]);
      expect((await world.prune()).messages).to.equal(1);
      expect(await placedIn(held.id)).to.include({ hold: true });
      for (const id of holds.slice(0, 3)) await removeHold(world.db, id, DECISION);
      expect(await preview()).to.deep.equal([held.id, typed.id].sort());
      expect((await world.prune()).messages).to.equal(2);
      expect(await listHolds(world.db)).to.deep.equal([
        {
          id: holds[3],
          thing: { kind: 'mailbox', mailbox: CITIZEN },
          reason: 'case 13',
          who: 'an',
          at: DECISION.now.toISOString(),
        },
      ]);
      await removeHold(world.db, holds[3] ?? 0, DECISION);
      expect((await world.prune()).messages).to.equal(1);
      expect(await findMessage(world.db, boxed.id)).to.equal(undefined);
    });

    it('goes past pages of held messages to what lies behind them', async () => {
      for (let count = 0; count < 101; count += 1) await world.deliver({}, CITIZEN); // more than any page
      const free = await world.deliver();
      await addHold(world.db, { kind: 'mailbox', mailbox: CITIZEN }, DECISION);
      world.now = daysBefore(7);
      expect((await world.warn()).warned).to.equal(1);
      world.now = afterExpiry(GRACE_MS);
      expect(await preview()).to.deep.equal([free.id]);
      expect((await world.prune()).messages).to.equal(1);
    });

    it('refuses a hold on nothing, and the end of none', async () => {
      const codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          ({ code }) => code,
        );
      expect(await codeOf(addHold(world.db, { kind: 'message', messageId: 'none' }, DECISION))).to.equal('not_found');
      expect(await codeOf(addHold(world.db, { kind: 'mailbox', mailbox: CITIZEN }, DECISION))).to.equal('not_found');
      expect(await codeOf(removeHold(world.db, 99, DECISION))).to.equal('not_found');
    });

    it('does not remove what is held while the run is under way', async () => {
      const ids = [(await world.deliver()).id, (await world.deliver()).id, (await world.deliver()).id];
      world.now = afterExpiry(GRACE_MS);
      let signatures = 0;
      const sign = async (bytes: Buffer) => {
        signatures += 1;
        if (signatures === 1) await addHold(world.db, { kind: 'message', messageId: ids[1] ?? '' }, DECISION);
        return bytes;
      };
      expect(await world.prune({ sign })).to.include({ messages: 2 });
      expect(await placedIn(ids[1] ?? '')).to.include({ hold: true });
      expect(await recordsOf(world.db, ids[1] ?? '')).to.deep.equal([]);
      expect(JSON.parse((await recordsOf(world.db, ids[0] ?? ''))[0]?.content ?? '').removed).to.have.length(2);
    });

    it('removes each message once when two run at once, and the totals stay right', async () => {
      const { id } = await world.deliver();
      for (let number = 1; number < 130; number += 1) await world.deliver({}, number % 2 === 0 ? ENTERPRISE : CITIZEN);
      await read(id);
      world.now = afterExpiry(GRACE_MS);
      const runs = await Promise.all([world.prune(), world.prune()]);
      expect(runs.reduce((sum, { messages }) => sum + messages, 0)).to.equal(130);
      expect(await world.db('removed_messages').select()).to.have.length(130);
      for (const { id: mailbox } of await world.db('mailboxes').select('id')) {
        expect(await totalsOf(world.db, mailbox)).to.deep.equal({ messages: 0, bytes: 0 });
      }
      expect(await world.db('messages').select('id')).to.deep.equal([]);
    });

    it('writes what it removes aside first, whole, under names that are safe', async () => {
      const { id, subject } = await world.deliver();
      world.now = afterExpiry(GRACE_MS);
      const exportDir = join(world.dir, 'export');
      await world.prune({ exportDir });
      const [mailbox] = await world.db('mailboxes').select('id');
      const place = join(exportDir, '2026-12', `${id}.${mailbox.id}`);
      expect((await readdir(place)).sort()).to.deep.equal(['1-.._a_b_.pdf', 'message.json']);
      expect(JSON.parse(await readFile(join(place, 'message.json'), 'utf8')).message.subject).to.deep.equal(subject);
      expect((await readFile(join(place, '1-.._a_b_.pdf'))).length).to.equal(100 * 1_024);
      expect(await readdir(join(exportDir, '2026-12'))).to.have.length(1);
    });

    it('removes nothing that it could not write aside', async () => {
      const { id } = await world.deliver();
      world.now = afterExpiry(GRACE_MS);
      const failed = await world.prune({ exportDir: '/dev/null/x' }).then(
        () => 'done',
        () => 'failed',
      );
      expect(failed).to.equal('failed');
      expect(await findMessage(world.db, id)).to.include({ id });
    });

    it('lets what nobody can read any more hold up no other', async () => {
      const [lost, whole] = [await world.deliver(), await world.deliver()];
      const sha256 = String(lost.attachments[0]?.sha256);
      await world.db('blobs').where({ sha256 }).delete();
      world.now = afterExpiry(GRACE_MS);
      const exportDir = join(world.dir, 'export');
      expect(
        [await world.prune({ exportDir }), await world.prune({ exportDir })].map(({ messages }) => messages),
      ).to.deep.equal([1, 0]);
      expect(await findMessage(world.db, whole.id)).to.equal(undefined);
      expect(await findMessage(world.db, lost.id)).to.include({ id: lost.id });
    });

    it('leaves an audit line for what it removed', async () => {
      const { id } = await world.deliver();
      world.now = afterExpiry(GRACE_MS);
      await world.prune({ by: 'an' });
      const line = await world.db('audit').where({ what: 'messages removed' }).first();
      const [record] = await recordsOf(world.db, id);
      expect(line).to.include({ who: 'an', subject: record?.id, outcome: 'expired' });
      const hash = createHash('sha256').update(record?.content ?? '');
      expect(JSON.parse(line.facts)).to.deep.equal({ messages: 1, sha256: hash.digest('hex') });
    });
  });
}
