import { expect } from 'chai';
import { summaryOf, totalsOf } from '../../engine/mailboxes/counts.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import { readEvents } from '../../engine/mailboxes/events.ts';
import { listPlaced } from '../../engine/mailboxes/list.ts';
import { activateMailbox, changeMailbox, findMailbox, mailboxesOf } from '../../engine/mailboxes/mailboxes.ts';
import { findMessage } from '../../engine/mailboxes/messages.ts';
import { findPlaced, markRead, setVisible } from '../../engine/mailboxes/placed.ts';
import { removeMany } from '../../engine/mailboxes/remove.ts';
import { replaceRoutingRules } from '../../engine/mailboxes/routing.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../support/mailboxes.ts';

const RULES = { types: typesOf(aMessageType(), aMessageType({ id: 'letter' })), provider: 'bode' };
const NOW = new Date('2026-08-31T10:00:00.000Z');

for (const kind of STORES) contract(kind);

/** What both stores must do alike with mailboxes and what lies in them. */
function contract(kind: StoreKind): void {
  describe(`mailboxes contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ db, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    const deliver = (message = aMessage(), mailbox = ENTERPRISE, now = NOW) =>
      inTransaction(db, (tx) => deliverMessage(tx, message, mailbox, RULES, now));

    it('keeps what was published, and where it lies', async () => {
      const attachment = { number: 1, fileName: 'a.pdf', mediaType: 'application/pdf', main: true, signed: false };
      const message = aMessage({
        body: { nl: 'Tekst' },
        businessData: [{ key: 'quarter', name: { nl: 'Kwartaal' }, values: [{ nl: '2026Q3' }] }],
        attention: { id: '85073003328', type: 'inss', name: 'An' },
        payment: { amount: 1 },
        attachments: [{ ...attachment, title: { nl: 'A' }, sha256: 'a'.repeat(64), size: 2_048 }],
      });
      const { mailbox, placed } = await deliver(message);
      expect(await findMessage(db, message.id)).to.deep.equal(message);
      expect(await findPlaced(db, mailbox.id, message.id)).to.deep.equal(placed);
      expect(placed).to.include({ position: 1, partition: 'GENERAL', visible: true, hold: false });
      expect(placed).to.include({ receivedAt: NOW.toISOString(), expiresAt: '2027-02-28T10:00:00.000Z' });
      expect(await totalsOf(db, mailbox.id)).to.deep.equal({ messages: 1, bytes: 2_048 });
    });

    it('changes nothing when the same message comes again', async () => {
      const message = aMessage();
      await deliver(message);
      const { mailbox, placed } = await deliver({ ...message, subject: { nl: 'Iets anders' } });
      expect(placed).to.equal(undefined);
      expect(await totalsOf(db, mailbox.id)).to.include({ messages: 1 });
      expect((await readEvents(db, { after: 0, limit: 10 })).events).to.have.length(1);
    });

    it('keeps mailboxes of different kinds apart, and knows whether they have a user', async () => {
      for (const one of ['civil-servant', 'citizen'] as const) {
        await deliver(aMessage(), { kind: one, eboxId: '85073003328' });
      }
      const [first, second] = await mailboxesOf(db, '85073003328');
      await activateMailbox(db, second?.id ?? 0, NOW);
      await changeMailbox(db, second?.id ?? 0, { exclusive: true, lastConnectedAt: NOW });
      expect(first).to.include({ kind: 'civil-servant', exclusive: false }).and.not.have.property('activeSince');
      expect(await findMailbox(db, { kind: 'citizen', eboxId: '85073003328' })).to.include({
        ...{ activeSince: NOW.toISOString(), lastConnectedAt: NOW.toISOString(), exclusive: true },
      });
    });

    it('tells enterprises and institutions only of what comes and is read, once each', async () => {
      const message = aMessage({ senderApplication: 'dmfa' });
      const { placed } = await deliver(message);
      await deliver(aMessage(), { kind: 'citizen', eboxId: '85073003328' });
      const { events } = await readEvents(db, { after: 0, limit: 10 });
      expect(events).to.deep.equal([
        {
          ...{ sequence: 1, at: NOW.toISOString(), provider: 'bode', eventType: 'newDocument', messageId: message.id },
          ...{ enterpriseId: ENTERPRISE.eboxId, registeredMail: false, messageTypeId: 'attest' },
          ...{ senderOrganizationId: message.senderOrganisation, senderApplicationId: 'dmfa' },
          ...{ subject: message.subject, receiptDate: placed?.receivedAt, expirationDate: placed?.expiresAt },
        },
      ]);
    });

    it('counts what is read, hidden and taken out', async () => {
      const messages = [aMessage(), aMessage(), aMessage({ messageType: 'letter' })];
      for (const message of messages) await deliver(message);
      const { id = 0 } = (await findMailbox(db, ENTERPRISE)) ?? {};
      const counted = async (filter = {}) => (await totalsOf(db, id, filter)).messages;
      const [first, second] = await listPlaced(db, id, {}, { limit: 10 });
      if (!first || !second) throw new Error('nothing lies there');
      const read = () => inTransaction(db, (tx) => markRead(tx, first, NOW));
      expect([await read(), await read()]).to.deep.equal([true, false]);
      await inTransaction(db, (tx) => setVisible(tx, id, new Map([[second.messageId, false]])));
      expect(await counted({ read: false })).to.equal(2);
      expect(await counted({ visible: false })).to.equal(1);
      expect(await counted({ messageType: 'letter', read: true })).to.equal(1);
      expect(await counted({ types: ['attest'] })).to.equal(2);
      expect(await summaryOf(db, id)).to.include({ messages: 3, unread: 2 });
      expect(await summaryOf(db, id, { messageType: 'letter' })).to.deep.equal({ messages: 1, unread: 0, bytes: 0 });
      expect(await summaryOf(db, id, { messageType: 'nothing' })).to.deep.equal({ messages: 0, unread: 0, bytes: 0 });
      expect(await inTransaction(db, (tx) => removeMany(tx, [first, second]))).to.have.length(2);
      expect(await db('mailbox_search').pluck('position'), 'what they were found by').to.have.length(1);
      expect([await counted(), await counted({ visible: false })]).to.deep.equal([1, 0]);
      expect(await findMessage(db, first.messageId)).to.equal(undefined);
    });

    it('keeps one mailbox for an organisation that is registered as another kind later', async () => {
      const { mailbox } = await deliver();
      const asInstitution = { kind: 'institution', eboxId: ENTERPRISE.eboxId } as const;
      expect(await findMailbox(db, asInstitution), 'before anything comes').to.include({ id: mailbox.id });
      expect(await findMailbox(db, { kind: 'citizen', eboxId: ENTERPRISE.eboxId })).to.equal(undefined);
      const { mailbox: then } = await deliver(aMessage(), asInstitution);
      expect(then).to.include({ id: mailbox.id, kind: 'institution' });
      expect(await mailboxesOf(db, ENTERPRISE.eboxId)).to.have.length(1);
      expect(await summaryOf(db, mailbox.id)).to.include({ messages: 2 });
      expect((await deliver(aMessage(), { kind: 'citizen', eboxId: '85073003328' })).mailbox.kind).to.equal('citizen');
    });

    it('keeps a message that still lies in another mailbox', async () => {
      const message = aMessage();
      const { mailbox, placed } = await deliver(message);
      await deliver(message, { kind: 'enterprise', eboxId: '0566988259' });
      await inTransaction(db, (tx) => removeMany(tx, [{ mailbox: mailbox.id, position: placed?.position ?? 0 }]));
      expect(await findMessage(db, message.id)).to.include({ id: message.id });
    });

    it('puts a message into the partition of the first rule that fits', async () => {
      const { mailbox } = await deliver();
      await inTransaction(db, (tx) =>
        replaceRoutingRules(tx, mailbox.id, [
          { priority: 20, senderOrganisation: aMessage().senderOrganisation, partition: 'ANY' },
          { priority: 10, messageType: 'letter', senderApplication: 'dmfa', partition: 'DMFA' },
        ]),
      );
      const put = async (about: object) => (await deliver(aMessage(about))).placed?.partition;
      expect(await put({ messageType: 'letter', senderApplication: 'dmfa' })).to.equal('DMFA');
      expect(await put({ messageType: 'letter' })).to.equal('ANY');
      expect(await put({ senderOrganisation: '0206731645' })).to.equal('GENERAL');
      expect(await listPlaced(db, mailbox.id, { partitions: ['DMFA'] }, { limit: 10 })).to.have.length(1);
      expect(await listPlaced(db, mailbox.id, { partitions: [] }, { limit: 10 })).to.deep.equal([]);
    });

    it('gives positions and times of arrival in one order, whatever the clocks say', async () => {
      await deliver(aMessage(), ENTERPRISE, new Date('2026-08-31T10:00:05.000Z'));
      const { placed } = await deliver(aMessage(), ENTERPRISE, NOW);
      expect(placed).to.include({ position: 2, receivedAt: '2026-08-31T10:00:05.000Z' });
    });
  });
}
