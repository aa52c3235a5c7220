import { expect } from 'chai';
import { type Mailbox, openMailbox } from '../../engine/mailboxes/mailboxes.ts';
import { addressesOf, confirmAddress, removeAddress, requestAddress } from '../../engine/outbound/mail-addresses.ts';
import { recentMails } from '../../engine/outbound/mails.ts';
import { type Language, saveOrganisation } from '../../engine/registry/organisations.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { ENTERPRISE } from '../support/mailboxes.ts';

const NOW = new Date('2026-11-27T08:00:00.000Z');
const MINUTE_MS = 60_000;
const OFFICE = 'ebox@voorbeeld.example';
const STRANGER = 'an@elsewhere.example';

for (const kind of STORES) contract(kind);

/** What both stores must do alike with the addresses that mails go to. */
function contract(kind: StoreKind): void {
  describe(`mail addresses contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    let mailbox: Mailbox;
    let now: Date;
    beforeEach(async () => {
      now = NOW;
      ({ db, close } = await openTestStore(kind));
      await provisioned(OFFICE);
      mailbox = await inTransaction(db, (tx) => openMailbox(tx, ENTERPRISE, NOW));
    });
    afterEach(() => close());

    const provisioned = (email?: string, language: Language = 'nl') =>
      inTransaction(db, (tx) =>
        saveOrganisation(tx, {
          ...{ enterpriseNumber: ENTERPRISE.eboxId, names: { nl: 'Voorbeeld' }, language, mailboxType: 'enterprise' },
          ...(email !== undefined && { email }),
        }),
      );
    const by = () => ({ who: '123456', now });
    const request = (address: string, owner = false) =>
      inTransaction(db, (tx) => requestAddress(tx, { mailbox, address, language: 'nl', owner }, by())).then(
        () => 'asked',
        ({ code }) => code as string,
      );
    const remove = (address: string) => inTransaction(db, (tx) => removeAddress(tx, { mailbox, address }, by()));
    const addresses = async () =>
      (await inTransaction(db, (tx) => addressesOf(tx, mailbox, now))).map(({ address }) => address);
    const wait = (ms: number) => {
      now = new Date(now.getTime() + ms);
    };
    const lastToken = async (address: string) =>
      (await recentMails(db, 10, mailbox.id)).find((mail) => mail.address === address)?.facts.token ?? '';

    it('asks an address once in ten minutes, whatever was taken away meanwhile', async () => {
      expect(await request(STRANGER)).to.equal('asked');
      expect(await remove(STRANGER)).to.equal(true);
      expect(await request(STRANGER)).to.equal('limit_exceeded');
      expect(await request(STRANGER.toUpperCase()), 'the same reader').to.equal('limit_exceeded');
      wait(10 * MINUTE_MS);
      expect(await request(STRANGER)).to.equal('asked');
      expect(await recentMails(db, 10)).to.have.length(2);
    });

    it('asks at the same time once', async () => {
      const asked = await Promise.all([request(STRANGER), request(STRANGER)]);
      expect(asked.sort()).to.deep.equal(['asked', 'limit_exceeded']);
    });

    it('asks fifty addresses of a mailbox in two days, and no more', async () => {
      for (let number = 0; number < 50; number += 1) {
        expect(await request(`reader${number}@elsewhere.example`)).to.equal('asked');
        await remove(`reader${number}@elsewhere.example`);
      }
      wait(60 * MINUTE_MS);
      expect(await request(STRANGER)).to.equal('limit_exceeded');
      wait(48 * 60 * MINUTE_MS);
      expect(await request(STRANGER)).to.equal('asked');
    });

    it('sends nothing to the operator’s address any more once the owner took it away, until it is confirmed', async () => {
      expect(await remove(OFFICE), 'before anybody looked').to.equal(true);
      expect(await addresses()).to.deep.equal([]);
      expect(await remove(OFFICE)).to.equal(false);
      expect(await request(OFFICE)).to.equal('asked');
      wait(49 * 60 * MINUTE_MS);
      await request(STRANGER);
      expect(await addresses(), 'asked, and not confirmed').to.deep.equal([STRANGER]);
      expect(await request(OFFICE)).to.equal('asked');
      const token = await lastToken(OFFICE);
      expect(await inTransaction(db, (tx) => confirmAddress(tx, token, now))).to.equal(true);
      expect(await addresses()).to.have.members([OFFICE, STRANGER]);
      await provisioned('new@voorbeeld.example');
      expect(await addresses(), 'another of the operator’s').to.include('new@voorbeeld.example');
    });

    it('writes to an address that the operator has, also where somebody had asked for it and nobody had answered', async () => {
      await provisioned();
      expect(await request(OFFICE)).to.equal('asked');
      await provisioned(OFFICE);
      const all = await inTransaction(db, (tx) => addressesOf(tx, mailbox, now));
      expect(all.map(({ address, owner, confirmed }) => [address, owner, confirmed])).to.deep.equal([
        [OFFICE, true, true],
      ]);
      wait(49 * 60 * MINUTE_MS);
      expect(await request(STRANGER)).to.equal('asked'); // which forgets what was asked too long ago
      expect(await addresses()).to.deep.equal([OFFICE, STRANGER]);
      await provisioned();
      expect(await addresses(), 'it is the operator’s now').to.deep.equal([STRANGER]);
    });

    it('has no address of the operator’s when he has none any more', async () => {
      await request(STRANGER);
      expect(await addresses()).to.deep.equal([OFFICE, STRANGER]);
      await provisioned();
      expect(await addresses()).to.deep.equal([STRANGER]);
    });

    it('writes to the operator’s address in the language that he has for it now', async () => {
      await addresses();
      await provisioned(OFFICE, 'fr');
      expect(await inTransaction(db, (tx) => addressesOf(tx, mailbox, now))).to.deep.equal([
        { address: OFFICE, language: 'fr', owner: true, confirmed: true },
      ]);
    });
  });
}
